// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "market/gathered_source.hpp"
#include "market/provider_source.hpp"
#include "market/registry_source.hpp"
#include "model/json.hpp"
#include "provider/provider.hpp"
#include "provider/table.hpp"
#include "refreshing.hpp"
#include "source_table.hpp"
#include "tool.hpp"
#include "world.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

namespace cpfind {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::market::ProviderSource;
using cp::market::SourceSettings;
using cp::model::Json;

Json registry_of(cp::market::LiveSource& registry) {
  Json json{{"schema", "cp.source/1"}, {"name", registry.name()}, {"kind", "registry"}};
  const auto perception = registry.perceive({});
  if (!perception) {
    json["status"] = "missing";
    json["message"] = perception.error().message;
    return json;
  }
  json["status"] = perception->is_stale          ? "stale"
                   : perception->problem.empty() ? "answered"
                                                 : "partial";
  if (!perception->problem.empty()) {
    json["message"] = perception->problem;
  }
  json["offers"] = perception->resources.size();
  json["trusted"] = true;
  json["age_s"] = perception->age.count();
  return json;
}

Json registered(const SourceSettings& settings, const cp::market::SourceInfo& info,
                cp::UnixTime now) {
  Json record = to_json(info, now);
  add_settings(record, settings);
  const auto age = cp::model::number_at(record, "age_s").value_or(0);
  record["status"] = age > static_cast<double>(settings.max_age.count()) ? "stale" : "answered";
  return record;
}

// What is remembered of a provider; nobody is asked.
Json provider_of(const ProviderSource& source) {
  Json record = to_json(source.settings());
  const auto known = source.recall();
  if (!known) {
    record["status"] = "missing";
    record["message"] = "not asked yet";
    return record;
  }
  record["status"] = known->age > source.settings().max_age ? "stale" : "answered";
  record["offers"] = known->resources.size();
  record["age_s"] = known->age.count();
  return record;
}

Json unread(const SourceSettings& settings) {
  Json record = to_json(settings);
  record["status"] = "missing";
  record["message"] = "never read: cpfind sources refresh " + settings.name;
  return record;
}

Result<void> list_catalogs(Context& context, World& world) {
  cp::cli::Output& output = context.output(source_columns());
  std::vector<cp::market::SourceInfo> cached;
  if (world.cache() != nullptr) {
    CP_TRY_ASSIGN(cached, world.cache()->sources());
  }
  const auto settings = world.catalogs();
  for (const cp::market::SourceInfo& source : cached) {
    const auto known = std::ranges::find(settings, source.name, &SourceSettings::name);
    const cp::UnixTime now = context.clock().now();
    output.record(known == settings.end() ? to_json(source, now) : registered(*known, source, now));
  }
  for (const SourceSettings& one : settings) {
    if (std::ranges::find(cached, one.name, &cp::market::SourceInfo::name) == cached.end()) {
      output.record(unread(one));
    }
  }
  return {};
}

Result<int> list(Context& context) {
  CP_TRY_ASSIGN(World world, World::open(context));
  cp::cli::Output& output = context.output(source_columns());
  if (world.registry() != nullptr) {
    output.record(registry_of(*world.registry()));
  }
  for (const auto& source : world.followed()) {
    Json record = registry_of(*source);
    record["url"] = source->url();
    output.record(record);
  }
  for (const auto& source : world.providers()) {
    output.record(provider_of(*source));
  }
  CP_TRY(list_catalogs(context, world));
  return 0;
}

// What stands for a source on the command line: a path, unless it is the URL of something.
Result<std::string> url_of(const std::string& text) {
  for (const std::string_view scheme : {"https://", "http://", "file:/"}) {
    if (text.starts_with(scheme)) {
      return text;
    }
  }
  const auto colon = text.find(':');
  for (const cp::provider::ProviderType& type : cp::provider::provider_types()) {
    if (colon != std::string::npos && text.substr(0, colon) == type.name) {
      return text;
    }
  }
  const std::unique_ptr<char, decltype(&std::free)> path(::realpath(text.c_str(), nullptr),
                                                         &std::free);
  if (!path) {
    return cp::fail_errno(errno, "cannot open " + cp::escape::terminal(text));
  }
  return "file:" + std::string(path.get());
}

Result<SourceSettings> settings_from(const Context& context, const std::string& where) {
  const cp::cli::Arguments& given = context.arguments();
  SourceSettings settings;
  CP_TRY_ASSIGN(settings.url, url_of(where));
  settings.name = given.text("name").value_or(cp::market::source_name_of(settings.url));
  settings.format = *given.text("format");
  settings.provider = given.text("provider").value_or("");
  settings.currency = given.text("currency").value_or("");
  settings.deadline = std::chrono::ceil<std::chrono::milliseconds>(*given.duration("deadline"));
  // A catalog is made by the day; what a provider has free is another thing in a minute.
  settings.max_age = settings.is_catalog() ? std::chrono::hours(24 * 7) : std::chrono::minutes(1);
  if (const auto age = given.duration("max-age")) {
    settings.max_age = std::chrono::ceil<std::chrono::seconds>(*age);
  }
  settings.is_trusted = given.has("trusted");
  settings.added_at =
      cp::format_time(std::chrono::floor<std::chrono::seconds>(context.clock().now()));
  CP_TRY(check(settings));
  return settings;
}

// A slip of the finger is told before anything is added.
Result<void> check_is_there(const Context& context, const SourceSettings& settings) {
  if (settings.is_catalog()) {
    return {};
  }
  CP_TRY_ASSIGN(const auto url, cp::provider::parse_provider_url(settings.url));
  const cp::provider::CatalogSettings asked{&context.clock(), {}, {}, settings.deadline};
  CP_TRY(cp::provider::make_catalog(url, asked));
  return {};
}

Result<int> add(Context& context, std::span<const std::string> words) {
  CP_TRY_ASSIGN(const SourceSettings settings, settings_from(context, words.front()));
  CP_TRY(check_is_there(context, settings));
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY(cp::market::SourceList(paths.state).add(settings));
  CP_TRY(refresh(context, {settings}));
  return 0;
}

Result<int> refresh_named(Context& context, std::span<const std::string> names) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(const auto all, cp::market::SourceList(paths.state).read());
  if (names.empty()) {
    CP_TRY(refresh(context, all));
    return 0;
  }
  std::vector<SourceSettings> wanted;
  for (const std::string& name : names) {
    if (std::ranges::find(wanted, name, &SourceSettings::name) != wanted.end()) {
      continue;
    }
    const auto found = std::ranges::find(all, name, &SourceSettings::name);
    if (found == all.end()) {
      return cp::with_hint(
          cp::fail(Errc::not_found, "no source '{}' was added", cp::escape::terminal(name)),
          "cpfind sources shows those that are there; one that was imported is imported again");
    }
    wanted.push_back(*found);
  }
  CP_TRY(refresh(context, wanted));
  return 0;
}

Result<int> remove(Context& context, std::span<const std::string> words) {
  const std::string& name = words.front();
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  const cp::market::SourceList sources(paths.state);
  CP_TRY_ASSIGN(const auto all, sources.read());
  const bool was_added = std::ranges::find(all, name, &SourceSettings::name) != all.end();
  if (was_added) {
    CP_TRY(sources.remove(name));
    ProviderSource::forget(paths.cache, name);
  }
  CP_TRY_ASSIGN(auto cache, cp::market::Cache::open_to_read(paths.cache));
  if (!cache && was_added) {
    return 0;
  }
  if (!cache) {
    return cp::fail(Errc::not_found, "there is no source '{}'", cp::escape::terminal(name));
  }
  cache.reset();
  CP_TRY_ASSIGN(cp::market::Cache writable, cp::market::Cache::open(paths.cache));
  const auto removed = writable.remove_source(name);
  if (!removed && !(was_added && removed.error().code == Errc::not_found)) {
    return tl::unexpected<cp::Error>(removed.error());
  }
  return 0;
}

struct Action {
  std::string_view name;
  std::size_t least;  ///< words behind it
  std::size_t most;
  Result<int> (*run)(Context& context, std::span<const std::string> words);
};
constexpr std::array kActions{
    Action{"add", 1, 1, add},
    Action{"list", 0, 0,
           [](Context& context, std::span<const std::string>) { return list(context); }},
    Action{"refresh", 0, 1000, refresh_named},
    Action{"remove", 1, 1, remove},
};

}  // namespace

Result<int> sources(Context& context) {
  const auto& words = context.arguments().operands();
  if (words.empty()) {
    return list(context);
  }
  for (const Action& action : kActions) {
    if (action.name == words.front() && words.size() > action.least &&
        words.size() - 1 <= action.most) {
      return action.run(context, std::span(words).subspan(1));
    }
  }
  return cp::with_hint(cp::fail(Errc::usage, "'{}' is nothing that can be done to sources",
                                cp::escape::terminal(cp::text::join(words, " "))),
                       "cpfind sources [list], add URL, refresh [NAME…], remove NAME");
}

}  // namespace cpfind
