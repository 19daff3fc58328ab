// SPDX-License-Identifier: Apache-2.0
#include "market/provider_source.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "provider/catalog.hpp"
#include "provider/table.hpp"

#include <unistd.h>
#include <utility>

namespace cp::market {
namespace {

using model::Json;

// Records and states come from a provider as limits::captured_bytes each.
constexpr std::size_t kMostRemembered = 4 * limits::captured_bytes;

std::string memory_of(const std::string& cache_directory, std::string_view name) {
  return path_join(cache_directory, fmt::format("sources/{}.ndjson", name));
}

LiveResource unsigned_resource(Json record, Json state) {
  LiveResource resource;
  resource.record = std::move(record);
  resource.trust = "unsigned";
  if (state.is_object()) {
    resource.state = std::move(state);
  }
  return resource;
}

}  // namespace

ProviderSource::ProviderSource(SourceSettings settings, Options options, const Clock& clock)
    : settings_(std::move(settings)), options_(std::move(options)), clock_(clock) {}

void ProviderSource::forget(const std::string& cache_directory, std::string_view name) {
  ::unlink(memory_of(cache_directory, name).c_str());
}

Result<Perception> ProviderSource::perceive(std::stop_token stop) {
  std::optional<Perception> known = recall();
  if (known && known->age < settings_.max_age && !options_.must_ask) {
    return *std::move(known);
  }
  auto answer = ask(std::move(stop));
  if (answer) {
    // What cannot be remembered is asked for again.
    (void)remember(*answer);
    return answer;
  }
  if (!known) {
    return answer;
  }
  known->is_stale = true;
  known->problem = answer.error().message;
  return *std::move(known);
}

Result<Perception> ProviderSource::ask(std::stop_token stop) const {
  CP_TRY_ASSIGN(const provider::ProviderUrl url, provider::parse_provider_url(settings_.url));
  provider::CatalogSettings settings{&clock_, {}, options_.ssh, settings_.deadline};
  CP_TRY_ASSIGN(const auto catalog, provider::make_catalog(url, settings));
  CP_TRY_ASSIGN(provider::Picture picture, catalog->perceive(std::move(stop)));
  Perception perception;
  perception.problem = std::move(picture.problem);
  perception.is_trusted = settings_.is_trusted;
  for (std::size_t i = 0; i < picture.records.size(); ++i) {
    perception.resources.push_back(
        unsigned_resource(std::move(picture.records[i]),
                          i < picture.states.size() ? std::move(picture.states[i]) : Json()));
  }
  return perception;
}

Result<void> ProviderSource::remember(const Perception& perception) const {
  const std::string path = memory_of(options_.cache_directory, settings_.name);
  CP_TRY(make_directories(parent_of(path), 0700));
  const UnixTime now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  std::string text = model::to_line(Json{{"url", model::text_value(settings_.url)},
                                         {"observed_at", format_time(now)},
                                         {"problem", model::text_value(perception.problem)}}) +
                     "\n";
  for (const LiveResource& resource : perception.resources) {
    text += model::to_line(Json{{"record", resource.record},
                                {"state", resource.state ? *resource.state : Json()}}) +
            "\n";
    if (text.size() > kMostRemembered) {
      return fail(Errc::bad_data, "{} says too much to be remembered", settings_.name);
    }
  }
  return write_file(path, text, 0600);
}

// What is damaged is as good as forgotten.
std::optional<Perception> ProviderSource::recall() const {
  const auto text = read_file(memory_of(options_.cache_directory, settings_.name), kMostRemembered);
  if (!text) {
    return std::nullopt;
  }
  std::optional<Perception> perception;
  for (const std::string_view line : text::split(*text, '\n')) {
    if (line.empty()) {
      continue;
    }
    auto json = model::parse_json(line);
    if (!json || !json->is_object()) {
      return std::nullopt;
    }
    if (perception) {
      perception->resources.push_back(
          unsigned_resource(std::move((*json)["record"]), std::move((*json)["state"])));
      continue;
    }
    const auto observed_at = model::time_at(*json, "observed_at");
    const UnixTime now = clock_.now();
    if (!observed_at || *observed_at > now || model::bytes_at(*json, "url") != settings_.url) {
      return std::nullopt;
    }
    perception.emplace();
    perception->problem = model::bytes_at(*json, "problem");
    perception->is_trusted = settings_.is_trusted;
    perception->age = std::chrono::floor<std::chrono::seconds>(now - *observed_at);
  }
  return perception;
}

}  // namespace cp::market
