// SPDX-License-Identifier: Apache-2.0
#include "market/source_list.hpp"

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/money.hpp"
#include "base/text.hpp"
#include "market/import.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "net/http_url.hpp"
#include "provider/provider.hpp"
#include "provider/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace cp::market {
namespace {

using model::Json;

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestUrl = 4096;
constexpr std::size_t kMostSources = 10'000;
constexpr std::string_view kFileScheme = "file:";

bool is_web(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

bool is_source_name(std::string_view name) {
  const auto is_first = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= kLongestName && is_first(name.front()) &&
         std::ranges::all_of(
             name, [&](char c) { return is_first(c) || c == '.' || c == '_' || c == '-'; });
}

Result<void> check_url(const std::string& url) {
  if (url.size() > kLongestUrl) {
    return fail(Errc::usage, "the URL of a source has {} bytes at most", kLongestUrl);
  }
  if (is_web(url)) {
    CP_TRY(net::HttpUrl::parse(url));
    return {};
  }
  if (url.starts_with(kFileScheme)) {
    return url.size() > kFileScheme.size() && url[kFileScheme.size()] == '/'
               ? Result<void>{}
               : fail(Errc::usage, "{} is no file: with an absolute path", url);
  }
  CP_TRY_ASSIGN(const provider::ProviderUrl parsed, provider::parse_provider_url(url));
  for (const provider::ProviderType& type : provider::provider_types()) {
    if (type.name == parsed.type && type.make_catalog != nullptr) {
      return {};
    }
  }
  return with_hint(fail(Errc::usage, "{} is nothing that can be asked", url),
                   "a file, https://…, exec:NAME, slurm:, slurm+ssh://HOST and local: are");
}

// The settings that a line of the file holds.
class SettingsReader {
 public:
  explicit SettingsReader(const Json& json) : json_(json) {}

  std::string text(std::string_view name) const { return model::text_at(json_, name).value_or(""); }
  double seconds(std::string_view name, double fallback) const {
    constexpr double most = 10.0 * 365 * 24 * 3600;
    const double value = model::number_at(json_, name).value_or(fallback);
    return value >= 0 && value <= most ? value : fallback;
  }
  bool boolean(std::string_view name) const { return model::bool_at(json_, name).value_or(false); }

 private:
  const Json& json_;
};

std::string path_of_url(std::string_view url) {
  const auto query = url.find_first_of("?#");
  return std::string(url.substr(0, query));
}

// Characters that no name may have become hyphens.
std::string as_name(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, kLongestName)) {
    const std::string_view one(&c, 1);
    name += is_source_name(one) || (!name.empty() && (c == '.' || c == '_')) ? c : '-';
  }
  name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
  return name.empty() ? "source" : name;
}

}  // namespace

bool SourceSettings::is_catalog() const { return url.starts_with(kFileScheme) || is_web(url); }

std::optional<std::string> SourceSettings::path() const {
  return url.starts_with(kFileScheme) ? std::optional(url.substr(kFileScheme.size()))
                                      : std::nullopt;
}

Json to_json(const SourceSettings& source) {
  Json json{{"schema", "cp.source/1"},
            {"name", source.name},
            {"kind", source.is_catalog() ? "catalog" : "provider"},
            {"url", model::text_value(source.url)}};
  if (source.is_catalog()) {
    json["format"] = source.format;
  }
  for (const auto& [name, text] :
       {std::pair("provider", &source.provider), std::pair("currency", &source.currency)}) {
    if (!text->empty()) {
      json[name] = *text;
    }
  }
  json["deadline_s"] = std::chrono::duration<double>(source.deadline).count();
  json["max_age_s"] = source.max_age.count();
  json["trusted"] = source.is_trusted;
  json["added_at"] = source.added_at;
  return json;
}

Result<SourceSettings> settings_of(const Json& json) {
  CP_TRY(model::require(json, "cp.source"));
  const SettingsReader reader(json);
  SourceSettings source;
  source.name = reader.text("name");
  source.url = model::bytes_at(json, "url");
  source.format = model::text_at(json, "format").value_or(source.format);
  source.provider = reader.text("provider");
  source.currency = reader.text("currency");
  source.deadline = std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(
      reader.seconds("deadline_s", std::chrono::duration<double>(source.deadline).count())));
  source.max_age = std::chrono::seconds(static_cast<std::int64_t>(
      reader.seconds("max_age_s", static_cast<double>(source.max_age.count()))));
  source.is_trusted = reader.boolean("trusted");
  source.added_at = reader.text("added_at");
  if (auto checked = check(source); !checked) {
    return fail(Errc::bad_data, "{}", checked.error().message);
  }
  return source;
}

Result<void> check(const SourceSettings& settings) {
  if (!is_source_name(settings.name)) {
    return with_hint(fail(Errc::usage, "'{}' cannot be the name of a source", settings.name),
                     "it has 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and begins with a letter "
                     "or digit");
  }
  if (!format_named(settings.format)) {
    return fail(Errc::usage, "'{}' is no format of catalogs", settings.format);
  }
  if (!settings.currency.empty() && !is_currency(settings.currency)) {
    return fail(Errc::usage, "'{}' is no currency of ISO 4217", settings.currency);
  }
  constexpr auto longest = std::chrono::hours(1);
  if (settings.deadline <= std::chrono::milliseconds(0) || settings.deadline > longest) {
    return fail(Errc::usage, "a deadline is above 0 and an hour at most");
  }
  return check_url(settings.url);
}

std::string source_name_of(std::string_view url) {
  if (is_web(url) || url.starts_with(kFileScheme)) {
    return as_name(source_name(path_of_url(url)));
  }
  const auto colon = url.find(':');
  std::string_view rest = colon == std::string_view::npos ? "" : url.substr(colon + 1);
  rest.remove_prefix(rest.starts_with("//") ? 2 : 0);
  if (const auto user = rest.find('@'); user != std::string_view::npos) {
    rest.remove_prefix(user + 1);
  }
  return as_name(rest.empty() ? url.substr(0, colon) : rest);
}

SourceList::SourceList(std::string state_directory)
    : directory_(std::move(state_directory)), path_(path_join(directory_, "sources.ndjson")) {}

Result<std::vector<SourceSettings>> SourceList::read() const {
  const auto text = read_trusted_file(path_, kMostSources * kLongestUrl, false);
  if (!text && text.error().code == Errc::not_found) {
    return std::vector<SourceSettings>{};
  }
  if (!text) {
    return tl::unexpected<Error>(text.error());
  }
  std::vector<SourceSettings> all;
  std::size_t number = 0;
  for (const std::string_view line : text::split(*text, '\n')) {
    ++number;
    if (text::trim(line).empty()) {
      continue;
    }
    const auto json = model::parse_json(line, {path_, number, 1});
    auto source = json ? settings_of(*json) : tl::unexpected<Error>(json.error());
    if (!source) {
      return with_hint(fail(Errc::bad_config, "{}:{}: {}", path_, number, source.error().message),
                       "mend the line, or remove it");
    }
    all.push_back(*std::move(source));
  }
  return all;
}

Result<void> SourceList::change(
    const std::function<Result<void>(std::vector<SourceSettings>& all)>& edit) const {
  CP_TRY(make_directories(directory_, 0700));
  const std::string lock_path = path_ + ".lock";
  const UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
    return fail_errno(errno, "cannot lock " + lock_path);
  }
  CP_TRY_ASSIGN(std::vector<SourceSettings> all, read());
  CP_TRY(edit(all));
  std::ranges::sort(all, {}, &SourceSettings::name);
  std::string text;
  for (const SourceSettings& source : all) {
    text += model::to_line(to_json(source)) + "\n";
  }
  return write_file(path_, text, 0600);
}

Result<void> SourceList::add(const SourceSettings& settings) const {
  return change([&](std::vector<SourceSettings>& all) -> Result<void> {
    if (std::ranges::find(all, settings.name, &SourceSettings::name) != all.end()) {
      return with_hint(fail(Errc::usage, "there is a source '{}' already", settings.name),
                       "--name gives this one another; sources remove forgets that one");
    }
    if (all.size() >= kMostSources) {
      return fail(Errc::usage, "there are {} sources already", kMostSources);
    }
    all.push_back(settings);
    return {};
  });
}

Result<bool> SourceList::remove(std::string_view name) const {
  bool was_there = false;
  CP_TRY(change([&](std::vector<SourceSettings>& all) -> Result<void> {
    was_there = std::erase_if(all, [&](const SourceSettings& one) { return one.name == name; }) > 0;
    return {};
  }));
  return was_there;
}

}  // namespace cp::market
