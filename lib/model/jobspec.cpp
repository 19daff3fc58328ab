// SPDX-License-Identifier: Apache-2.0
#include "model/jobspec.hpp"

#include "base/text.hpp"
#include "model/document.hpp"
#include "model/object_reader.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace cp::model {
namespace {

constexpr std::int64_t kMostElements = 1'000'000;

template <class T>
void take(std::optional<T> value, T& target) {
  if (value) {
    target = *std::move(value);
  }
}

bool leads_out(std::string_view path) {
  const auto parts = text::split(path, '/');
  return path.starts_with('/') || std::ranges::find(parts, "..") != parts.end();
}

Result<void> one_of(const std::string& value, std::span<const std::string_view> choices,
                    const std::string& place) {
  if (std::ranges::find(choices, value) != choices.end()) {
    return {};
  }
  std::string list;
  for (const auto choice : choices) {
    list += (list.empty() ? "" : ", ") + std::string(choice);
  }
  return fail(Errc::bad_data, "{} is none of {}", place, list);
}

Result<void> read_gpus(ObjectReader& outer, JobResources& out) {
  const Json* const value = outer.any("gpus");
  if (value == nullptr) {
    return {};
  }
  ObjectReader fields(*value, outer.place("gpus"));
  CP_TRY(fields.require_object());
  CP_TRY_ASSIGN(out.gpu_models, fields.list_of_words("models"));
  CP_TRY_ASSIGN(const auto count, fields.whole("count", 1));
  out.gpus = count.value_or(1);
  CP_TRY_ASSIGN(out.gpu_memory_bytes, fields.whole("memory_bytes", 1));
  CP_TRY_ASSIGN(auto vendor, fields.word("vendor"));
  take(std::move(vendor), out.gpu_vendor);
  return fields.no_others();
}

Result<void> read_resources(ObjectReader& outer, JobSpec& spec) {
  const Json* const value = outer.any("resources");
  if (value == nullptr) {
    return {};
  }
  ObjectReader fields(*value, "resources");
  CP_TRY(fields.require_object());
  JobResources& out = spec.resources;
  CP_TRY_ASSIGN(auto nodes, fields.whole("nodes", 1));
  take(nodes, out.nodes);
  CP_TRY_ASSIGN(auto processes, fields.whole("processes_per_node", 1));
  take(processes, out.processes_per_node);
  CP_TRY_ASSIGN(out.cores_per_process, fields.whole("cores_per_process", 1));
  CP_TRY_ASSIGN(out.memory_bytes, fields.whole("memory_bytes", 1));
  CP_TRY(read_gpus(fields, out));
  return fields.no_others();
}

Result<void> read_attributes(ObjectReader& outer, JobSpec& spec) {
  const Json* const value = outer.any("attributes");
  if (value == nullptr) {
    return {};
  }
  ObjectReader fields(*value, "attributes");
  CP_TRY(fields.require_object());
  CP_TRY_ASSIGN(spec.duration_s, fields.positive("duration_s"));
  CP_TRY_ASSIGN(auto queue, fields.word("queue"));
  take(std::move(queue), spec.queue);
  CP_TRY_ASSIGN(auto account, fields.word("account"));
  take(std::move(account), spec.account);
  CP_TRY_ASSIGN(spec.custom, fields.words("custom"));
  return fields.no_others();
}

/// Calls READ with the ObjectReader of each object in the array NAME of OUTER.
Result<void> for_each_object(ObjectReader& outer, std::string_view name,
                             const std::function<Result<void>(ObjectReader&)>& read) {
  const Json* const list = outer.any(name);
  if (list == nullptr) {
    return {};
  }
  if (!list->is_array()) {
    return fail(Errc::bad_data, "{} is not an array", outer.place(name));
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    ObjectReader fields((*list)[i], fmt::format("{}[{}]", outer.place(name), i));
    CP_TRY(fields.require_object());
    CP_TRY(read(fields));
    CP_TRY(fields.no_others());
  }
  return {};
}

template <class T>
Result<T> must_have(Result<std::optional<T>> value, const ObjectReader& fields,
                    std::string_view name) {
  CP_TRY_ASSIGN(auto found, std::move(value));
  if (!found || found->empty()) {
    return fail(Errc::bad_data, "{} is missing", fields.place(name));
  }
  return *std::move(found);
}

Result<void> read_input(ObjectReader& fields, JobSpec& spec) {
  JobInput input;
  CP_TRY_ASSIGN(input.url, must_have(fields.word("url"), fields, "url"));
  CP_TRY_ASSIGN(input.path, must_have(fields.bytes("path"), fields, "path"));
  if (leads_out(input.path)) {
    return fail(Errc::bad_data, "{} leads out of the job's directory", fields.place("path"));
  }
  spec.inputs.push_back(std::move(input));
  return {};
}

Result<void> read_output(ObjectReader& fields, JobSpec& spec) {
  constexpr std::array<std::string_view, 4> moments{"always", "completed", "failed", "canceled"};
  JobOutput output;
  CP_TRY_ASSIGN(output.path, must_have(fields.bytes("path"), fields, "path"));
  CP_TRY_ASSIGN(output.url, must_have(fields.word("url"), fields, "url"));
  CP_TRY_ASSIGN(auto when, fields.word("when"));
  take(std::move(when), output.when);
  CP_TRY(one_of(output.when, moments, fields.place("when")));
  spec.outputs.push_back(std::move(output));
  return {};
}

Result<void> read_after(ObjectReader& fields, JobSpec& spec) {
  constexpr std::array<std::string_view, 3> moments{"completed", "failed", "ended"};
  JobAfter after;
  CP_TRY_ASSIGN(after.job, must_have(fields.word("job"), fields, "job"));
  CP_TRY_ASSIGN(auto when, fields.word("when"));
  take(std::move(when), after.when);
  CP_TRY(one_of(after.when, moments, fields.place("when")));
  spec.after.push_back(std::move(after));
  return {};
}

Result<void> read_retry(ObjectReader& outer, JobSpec& spec) {
  const Json* const value = outer.any("retry");
  if (value == nullptr) {
    return {};
  }
  ObjectReader fields(*value, "retry");
  CP_TRY(fields.require_object());
  CP_TRY_ASSIGN(spec.retry.on, fields.list_of_words("on"));
  CP_TRY_ASSIGN(const auto max, fields.whole("max", 0));
  spec.retry.max = max.value_or(spec.retry.on.empty() ? 0 : 1);
  CP_TRY_ASSIGN(spec.retry.max_wait_s, fields.positive("max_wait_s"));
  return fields.no_others();
}

Result<void> read_limits(ObjectReader& outer, JobSpec& spec) {
  const Json* const value = outer.any("limits");
  if (value == nullptr) {
    return {};
  }
  ObjectReader fields(*value, "limits");
  CP_TRY(fields.require_object());
  CP_TRY_ASSIGN(spec.limits.cost, fields.money("cost"));
  CP_TRY_ASSIGN(spec.limits.price_per_hour, fields.money("price_per_hour"));
  return fields.no_others();
}

Result<void> read_array(ObjectReader& outer, JobSpec& spec) {
  const Json* const value = outer.any("array");
  if (value == nullptr) {
    return {};
  }
  ObjectReader fields(*value, "array");
  CP_TRY(fields.require_object());
  JobArray array;
  CP_TRY_ASSIGN(const auto from, fields.whole("from", 0));
  CP_TRY_ASSIGN(const auto to, fields.whole("to", 0));
  if (!from || !to || *to < *from) {
    return fail(Errc::bad_data, "array needs from and to, and to is not below from");
  }
  CP_TRY_ASSIGN(const auto step, fields.whole("step", 1));
  CP_TRY_ASSIGN(const auto at_once, fields.whole("at_once", 1));
  array = {*from, *to, step.value_or(1), at_once.value_or(0)};
  if (array.size() > kMostElements) {
    return fail(Errc::bad_data, "array has more than {} elements", kMostElements);
  }
  spec.array = array;
  return fields.no_others();
}

Result<void> read_environment(ObjectReader& outer, JobSpec& spec) {
  const Json* const value = outer.any("environment");
  if (value == nullptr) {
    return {};
  }
  if (!value->is_object()) {
    return fail(Errc::bad_data, "environment is not an object");
  }
  for (const auto& [name, item] : value->items()) {
    auto text = argument_of(item);
    if (!text || name.empty() || name.find_first_of(std::string_view("=\0", 2)) != name.npos) {
      return fail(Errc::bad_data, "environment.{} is no environment variable", name);
    }
    spec.environment.emplace_back(name, *std::move(text));
  }
  return {};
}

Result<void> read_streams(ObjectReader& fields, JobSpec& spec) {
  CP_TRY_ASSIGN(auto directory, fields.bytes("directory"));
  take(std::move(directory), spec.directory);
  CP_TRY_ASSIGN(auto in, fields.bytes("stdin_path"));
  take(std::move(in), spec.stdin_path);
  CP_TRY_ASSIGN(auto out, fields.bytes("stdout_path"));
  take(std::move(out), spec.stdout_path);
  CP_TRY_ASSIGN(auto err, fields.bytes("stderr_path"));
  take(std::move(err), spec.stderr_path);
  return {};
}

void put(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) {
    object[name] = text_value(value);
  }
}

template <class T>
void put(Json& object, const char* name, const std::optional<T>& value) {
  if (value) {
    object[name] = *value;
  }
}

void put_part(Json& object, const char* name, Json part) {
  if (!part.empty()) {
    object[name] = std::move(part);
  }
}

Json resources_json(const JobResources& resources) {
  Json out = Json::object();
  out["nodes"] = resources.nodes;
  out["processes_per_node"] = resources.processes_per_node;
  put(out, "cores_per_process", resources.cores_per_process);
  put(out, "memory_bytes", resources.memory_bytes);
  if (resources.gpus > 0) {
    Json gpus = Json::object();
    if (!resources.gpu_models.empty()) {
      gpus["models"] = resources.gpu_models;
    }
    put(gpus, "vendor", resources.gpu_vendor);
    put(gpus, "memory_bytes", resources.gpu_memory_bytes);
    gpus["count"] = resources.gpus;
    out["gpus"] = std::move(gpus);
  }
  return out;
}

Json attributes_json(const JobSpec& spec) {
  Json out = Json::object();
  put(out, "duration_s", spec.duration_s);
  put(out, "queue", spec.queue);
  put(out, "account", spec.account);
  put_part(out, "custom", Json(spec.custom));
  return out;
}

Json staging_json(const JobSpec& spec, bool inputs) {
  Json out = Json::array();
  for (const auto& input : inputs ? spec.inputs : std::vector<JobInput>{}) {
    out.push_back({{"url", input.url}, {"path", text_value(input.path)}});
  }
  for (const auto& output : inputs ? std::vector<JobOutput>{} : spec.outputs) {
    out.push_back({{"path", text_value(output.path)}, {"url", output.url}, {"when", output.when}});
  }
  return out;
}

Json retry_json(const JobRetry& retry) {
  Json out = Json::object();
  if (!retry.on.empty()) {
    out["on"] = retry.on;
    out["max"] = retry.max;
  }
  put(out, "max_wait_s", retry.max_wait_s);
  return out;
}

Json limits_json(const JobLimits& limits) {
  Json out = Json::object();
  if (limits.cost) {
    out["cost"] = to_json(*limits.cost);
  }
  if (limits.price_per_hour) {
    out["price_per_hour"] = to_json(*limits.price_per_hour);
  }
  return out;
}

Json after_json(const std::vector<JobAfter>& list) {
  Json out = Json::array();
  for (const auto& after : list) {
    out.push_back({{"job", after.job}, {"when", after.when}});
  }
  return out;
}

Json array_json(const std::optional<JobArray>& array) {
  Json out = Json::object();
  if (array) {
    out = {{"from", array->from}, {"to", array->to}, {"step", array->step}};
    if (array->at_once > 0) {
      out["at_once"] = array->at_once;
    }
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
      return std::nullopt;
    }
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out.find('\0') == std::string::npos ? std::optional(out) : std::nullopt;
}

}  // namespace

Result<JobSpec> parse_jobspec(const Json& document) {
  CP_TRY(require(document, "cp.jobspec"));
  ObjectReader fields(document, "");
  JobSpec spec;
  CP_TRY_ASSIGN(auto name, fields.word("name"));
  take(std::move(name), spec.name);
  CP_TRY_ASSIGN(spec.executable, must_have(fields.bytes("executable"), fields, "executable"));
  CP_TRY_ASSIGN(spec.arguments, fields.list_of_bytes("arguments"));
  CP_TRY(read_environment(fields, spec));
  CP_TRY_ASSIGN(const auto inherit, fields.truth("inherit_environment"));
  spec.inherit_environment = inherit.value_or(true);
  CP_TRY_ASSIGN(auto image, fields.word("image"));
  take(std::move(image), spec.image);
  CP_TRY(read_streams(fields, spec));
  CP_TRY(read_resources(fields, spec));
  CP_TRY_ASSIGN(auto select, fields.word("select"));
  take(std::move(select), spec.select);
  CP_TRY(read_attributes(fields, spec));
  CP_TRY(
      for_each_object(fields, "inputs", [&](ObjectReader& one) { return read_input(one, spec); }));
  CP_TRY(for_each_object(fields, "outputs",
                         [&](ObjectReader& one) { return read_output(one, spec); }));
  CP_TRY(read_retry(fields, spec));
  CP_TRY(read_limits(fields, spec));
  CP_TRY(
      for_each_object(fields, "after", [&](ObjectReader& one) { return read_after(one, spec); }));
  CP_TRY(read_array(fields, spec));
  CP_TRY_ASSIGN(spec.tags, fields.words("tags"));
  CP_TRY(fields.no_others());
  return spec;
}

Json to_json(const JobSpec& spec) {
  Json out = {{"schema", "cp.jobspec/1"}};
  put(out, "name", spec.name);
  out["executable"] = text_value(spec.executable);
  out["arguments"] = Json::array();
  for (const auto& argument : spec.arguments) {
    out["arguments"].push_back(text_value(argument));
  }
  put(out, "directory", spec.directory);
  Json environment = Json::object();
  for (const auto& [name, value] : spec.environment) {
    environment[name] = text_value(value);
  }
  put_part(out, "environment", std::move(environment));
  if (!spec.inherit_environment) {
    out["inherit_environment"] = false;
  }
  put(out, "image", spec.image);
  put(out, "stdin_path", spec.stdin_path);
  put(out, "stdout_path", spec.stdout_path);
  put(out, "stderr_path", spec.stderr_path);
  out["resources"] = resources_json(spec.resources);
  put(out, "select", spec.select);
  put_part(out, "attributes", attributes_json(spec));
  put_part(out, "inputs", staging_json(spec, true));
  put_part(out, "outputs", staging_json(spec, false));
  put_part(out, "retry", retry_json(spec.retry));
  put_part(out, "limits", limits_json(spec.limits));
  put_part(out, "after", after_json(spec.after));
  put_part(out, "array", array_json(spec.array));
  put_part(out, "tags", Json(spec.tags));
  return out;
}

std::string file_url(std::string_view path) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/@+,=:";
  std::string out = "file:";
  for (const char c : path) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::optional<std::string> path_of_file_url(std::string_view url) {
  if (!url.starts_with("file:")) {
    return std::nullopt;
  }
  url.remove_prefix(5);
  if (url.starts_with("//")) {
    url.remove_prefix(2);
    const auto slash = url.find('/');
    const auto host = url.substr(0, slash);
    if (slash == std::string_view::npos || !(host.empty() || host == "localhost")) {
      return std::nullopt;
    }
    url.remove_prefix(slash);
  }
  return percent_decoded(url);
}

}  // namespace cp::model
