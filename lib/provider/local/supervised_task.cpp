// SPDX-License-Identifier: Apache-2.0
#include "provider/local/supervised_task.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::provider::local {
namespace {

using model::Json;

Json list_json(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const auto& item : list) {
    out.push_back(model::text_value(item));
  }
  return out;
}

std::vector<std::string> list_of(const Json& document, std::string_view name) {
  std::vector<std::string> out;
  const Json* const list = model::find(document, name);
  if (list != nullptr) {
    for (const auto& item : *list) {
      out.push_back(model::text_of(item).value_or(""));
    }
  }
  return out;
}

std::optional<std::chrono::nanoseconds> duration_member(const Json& document,
                                                        std::string_view name) {
  const auto count = model::int_at(document, name);
  return count ? std::optional(std::chrono::nanoseconds(*count)) : std::nullopt;
}

}  // namespace

std::string encode(const SupervisedTask& supervised) {
  const Task& task = supervised.task;
  Json out = {{"root", model::text_value(supervised.root)},
              {"token", task.token},
              {"name", model::text_value(task.name)},
              {"executable", model::text_value(task.executable)},
              {"arguments", list_json(task.arguments)},
              {"environment", list_json(task.environment)},
              {"directory", model::text_value(task.directory)},
              {"stdin", model::text_value(task.standard_input)},
              {"stdout", model::text_value(task.standard_output)},
              {"stderr", model::text_value(task.standard_error)},
              {"grace_ns", task.grace.count()}};
  if (task.time_limit) {
    out["time_limit_ns"] = task.time_limit->count();
  }
  if (task.lease) {
    out["lease_ns"] = task.lease->count();
  }
  return model::to_line(out);
}

Result<SupervisedTask> decode_task(std::string_view bytes) {
  const Json document = Json::parse(bytes, nullptr, false);
  if (!document.is_object()) {
    return fail(Errc::protocol, "no task on standard input");
  }
  SupervisedTask out;
  out.root = model::bytes_at(document, "root");
  Task& task = out.task;
  task.token = model::bytes_at(document, "token");
  task.name = model::bytes_at(document, "name");
  task.executable = model::bytes_at(document, "executable");
  task.arguments = list_of(document, "arguments");
  task.environment = list_of(document, "environment");
  task.directory = model::bytes_at(document, "directory");
  task.standard_input = model::bytes_at(document, "stdin");
  task.standard_output = model::bytes_at(document, "stdout");
  task.standard_error = model::bytes_at(document, "stderr");
  task.grace = duration_member(document, "grace_ns").value_or(task.grace);
  task.time_limit = duration_member(document, "time_limit_ns");
  task.lease = duration_member(document, "lease_ns");
  if (!is_token(task.token) || !out.root.starts_with('/') || task.executable.empty()) {
    return fail(Errc::protocol, "no task on standard input");
  }
  return out;
}

}  // namespace cp::provider::local
