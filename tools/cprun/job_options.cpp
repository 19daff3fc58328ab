// SPDX-License-Identifier: Apache-2.0
#include "job_options.hpp"

#include "base/text.hpp"
#include "job_checks.hpp"
#include "jobs/staging.hpp"
#include "market/wish.hpp"
#include "model/document.hpp"
#include "model/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <limits>

namespace cprun {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Arguments;
using cp::cli::Context;
using cp::model::JobSpec;
namespace text = cp::text;

constexpr double kSecondsPerHour = 3600;

Result<JobSpec> read_file(const std::string& file) {
  cp::model::JsonReader reader({file});
  CP_TRY_ASSIGN(const auto document, reader.next());
  if (!document) {
    return cp::fail(Errc::bad_data, "{} holds no jobspec", file);
  }
  auto spec = cp::model::parse_jobspec(*document);
  if (!spec) {
    spec.error().message = file + ": " + spec.error().message;
    return spec;
  }
  CP_TRY_ASSIGN(const auto more, reader.next());
  if (more) {
    return cp::fail(Errc::bad_data, "{} holds more than one jobspec", file);
  }
  return spec;
}

Result<JobSpec> read_base(const Arguments& given) {
  JobSpec spec;
  const auto file = given.text("file");
  if (file) {
    CP_TRY_ASSIGN(spec, read_file(*file));
  }
  if (!given.job().empty()) {
    spec.executable = given.job().front();
    spec.arguments.assign(given.job().begin() + 1, given.job().end());
  }
  if (spec.executable.empty()) {
    return cp::fail(Errc::usage, "what is to be run is missing");
  }
  return spec;
}

Result<std::int64_t> positive(const Arguments& given, std::string_view flag) {
  const std::int64_t value = *given.integer(flag);
  if (value < 1) {
    return cp::fail(Errc::usage, "--{} wants at least 1", flag);
  }
  return value;
}

Result<void> take_resources(const Arguments& given, JobSpec& spec) {
  auto& resources = spec.resources;
  if (given.has("nodes")) {
    CP_TRY_ASSIGN(resources.nodes, positive(given, "nodes"));
  }
  if (given.has("processes")) {
    CP_TRY_ASSIGN(resources.processes_per_node, positive(given, "processes"));
  }
  if (given.has("cpus")) {
    CP_TRY_ASSIGN(resources.cores_per_process, positive(given, "cpus"));
  }
  if (const auto memory = given.bytes("memory")) {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    resources.memory_bytes = static_cast<std::int64_t>(std::min(*memory, most));
  }
  if (const auto gpu = given.text("gpu")) {
    CP_TRY(parse_gpu(*gpu, resources));
  }
  return {};
}

Result<void> take_limits(const Arguments& given, JobSpec& spec) {
  if (const auto duration = given.duration("duration")) {
    spec.duration_s = std::chrono::duration<double>(*duration).count();
  } else if (const auto hours = given.number("hours")) {
    spec.duration_s = *hours * kSecondsPerHour;
  }
  if (spec.duration_s && *spec.duration_s <= 0) {
    return cp::fail(Errc::usage, "a job's duration is above 0");
  }
  if (const auto budget = given.price("budget")) {
    if (!budget->unit.empty() && budget->unit != "job") {
      return cp::fail(Errc::usage, "--budget is for the whole job, not per {}", budget->unit);
    }
    spec.limits.cost = budget->money;
  }
  const auto most = given.price("max-price");
  if (!most) {
    return {};
  }
  if (most->unit == "job") {
    spec.limits.cost = most->money;
  } else if (most->unit.empty() || most->unit == "hour") {
    spec.limits.price_per_hour = most->money;
  } else if (most->unit == "card-hour") {
    spec.limits.price_per_hour =
        cp::Money{most->money.amount.times(spec.resources.total_cards()), most->money.currency};
  } else {
    return cp::fail(Errc::usage, "--max-price is per hour, card-hour or job, not per {}",
                    most->unit);
  }
  return {};
}

Result<void> take_environment(const Arguments& given, JobSpec& spec) {
  for (const auto& entry : given.texts("env")) {
    const auto cut = text::cut(entry, '=');
    const std::string name(cut ? cut->before : entry);
    const char* const here = std::getenv(name.c_str());
    if (name.empty() || (!cut && here == nullptr)) {
      return cp::fail(Errc::usage, "--env {}: there is no such variable here", entry);
    }
    std::erase_if(spec.environment, [&](const auto& known) { return known.first == name; });
    spec.environment.emplace_back(name, cut ? cut->after : here);
  }
  spec.inherit_environment = spec.inherit_environment && !given.has("clean-env");
  return {};
}

/// SRC as a URL: what begins with a scheme stays, a path becomes a file: URL.
std::string url_of(std::string_view place) {
  const auto scheme = place.find("://");
  const bool is_url = scheme != std::string_view::npos && scheme > 0 &&
                      std::ranges::all_of(place.substr(0, scheme), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+';
                      });
  return is_url || place.starts_with("file:") ? std::string(place) : cp::model::file_url(place);
}

Result<void> take_staging(const Arguments& given, JobSpec& spec) {
  for (const auto& word : given.texts("stage-in")) {
    const auto cut = text::cut_last(word, ':');
    if (!cut || cut->before.empty() || cut->after.empty()) {
      return cp::fail(Errc::usage, "--stage-in {}: wants SRC:PATH", word);
    }
    const auto parts = text::split(cut->after, '/');
    if (cut->after.starts_with('/') || std::ranges::find(parts, "..") != parts.end()) {
      return cp::fail(Errc::usage, "--stage-in {}: PATH leads out of the job's directory", word);
    }
    spec.inputs.push_back({url_of(cut->before), std::string(cut->after)});
  }
  for (const auto& word : given.texts("stage-out")) {
    const auto cut = text::cut(word, ':');
    if (!cut || cut->before.empty() || cut->after.empty()) {
      return cp::fail(Errc::usage, "--stage-out {}: wants PATH:DST", word);
    }
    spec.outputs.push_back({std::string(cut->before), url_of(cut->after), "always"});
  }
  return {};
}

Result<void> check_reasons(const std::vector<std::string>& reasons) {
  for (const auto& reason : reasons) {
    if (reason.empty() || !cp::model::job_reason_of(reason)) {
      return cp::with_hint(cp::fail(Errc::usage, "--retry-on {}: there is no such reason", reason),
                           "see REASONS in cprun(1)");
    }
  }
  return {};
}

Result<void> take_order(const Arguments& given, JobSpec& spec) {
  for (const auto& word : given.texts("after")) {
    const auto cut = text::cut(word, ':');
    const std::string when(cut ? cut->after : "completed");
    if (when != "completed" && when != "failed" && when != "ended") {
      return cp::fail(Errc::usage, "--after {}: wants ID[:completed|failed|ended]", word);
    }
    spec.after.push_back({std::string(cut ? cut->before : word), when});
  }
  if (const auto array = given.text("array")) {
    CP_TRY_ASSIGN(spec.array, parse_array(*array));
  }
  if (given.has("retry")) {
    spec.retry.max = *given.integer("retry");
    if (spec.retry.on.empty()) {
      spec.retry.on = {"no_capacity", "preempted", "node_lost"};
    }
  }
  if (given.has("retry-on")) {
    spec.retry.on = given.texts("retry-on");
    CP_TRY(check_reasons(spec.retry.on));
    spec.retry.max = std::max<std::int64_t>(spec.retry.max, 1);
  }
  for (const auto& tag : given.texts("tag")) {
    const auto cut = text::cut(tag, '=');
    if (!cut || cut->before.empty()) {
      return cp::fail(Errc::usage, "--tag {}: wants NAME=VALUE", tag);
    }
    spec.tags[std::string(cut->before)] = cut->after;
  }
  return {};
}

}  // namespace

Result<cp::model::JobArray> parse_array(std::string_view given) {
  const auto limit = text::cut(given, '%');
  const auto step = text::cut(limit ? limit->before : given, ':');
  const auto range = text::cut(step ? step->before : limit ? limit->before : given, '-');
  const auto from = range ? text::to_uint(range->before) : std::nullopt;
  const auto to = range ? text::to_uint(range->after) : std::nullopt;
  const auto by = step ? text::to_uint(step->after) : std::optional<std::uint64_t>(1);
  const auto most = limit ? text::to_uint(limit->after) : std::optional<std::uint64_t>(0);
  constexpr std::uint64_t largest = 1'000'000'000;
  if (!from || !to || !by || !most || *to < *from || *to > largest || *by == 0 || *by > largest ||
      *most > largest || (limit && *most == 0)) {
    return cp::fail(Errc::usage, "--array {}: wants FROM-TO[:STEP][%AT_ONCE]", given);
  }
  return cp::model::JobArray{static_cast<std::int64_t>(*from), static_cast<std::int64_t>(*to),
                             static_cast<std::int64_t>(*by), static_cast<std::int64_t>(*most)};
}

Result<void> parse_gpu(std::string_view given, cp::model::JobResources& resources) {
  auto wish = cp::market::parse_gpu_wish(given);
  if (!wish) {
    wish.error().message = "--gpu: " + wish.error().message;
    return tl::unexpected(wish.error());
  }
  resources.gpus = *wish->count.low;
  resources.gpu_vendor = std::move(wish->vendor);
  resources.gpu_models = std::move(wish->names);
  resources.gpu_memory_bytes = wish->memory_bytes.low;
  return {};
}

Result<JobSpec> read_spec(Context& context) {
  const Arguments& given = context.arguments();
  CP_TRY_ASSIGN(JobSpec spec, read_base(given));
  spec.name = given.text("name").value_or(spec.name);
  spec.directory = given.text("directory").value_or(spec.directory);
  spec.image = given.text("image").value_or(spec.image);
  CP_TRY(take_resources(given, spec));
  CP_TRY(take_limits(given, spec));
  CP_TRY(take_environment(given, spec));
  CP_TRY(take_staging(given, spec));
  CP_TRY(take_order(given, spec));
  CP_TRY(check_words(spec));
  CP_TRY(check_amounts(spec, given.has("file") ? Errc::bad_data : Errc::usage));
  if (!spec.select.empty()) {
    return cp::with_hint(cp::fail(Errc::unavailable, "select is not answered by cprun itself"),
                         "cpfind --where '...' | cprun run --offers - -- COMMAND");
  }
  std::error_code error;
  const auto here = std::filesystem::current_path(error);
  if (error) {
    return cp::fail(Errc::not_found, "the working directory is gone");
  }
  auto settled = cp::jobs::settle_paths(spec, here.string());
  if (!settled && settled.error().code == Errc::usage && given.has("file")) {
    settled.error().code = Errc::bad_data;
  }
  CP_TRY(settled);
  return spec;
}

}  // namespace cprun
