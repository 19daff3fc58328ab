// SPDX-License-Identifier: Apache-2.0
#include "jobs/event_log.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::jobs {
namespace {

using model::Json;

Json without_nulls(const Json& value) {
  if (!value.is_object()) {
    return value;
  }
  Json out = Json::object();
  for (const auto& [name, item] : value.items()) {
    if (!item.is_null()) {
      out[name] = without_nulls(item);
    }
  }
  return out;
}

}  // namespace

model::Json patchable(const model::Json& document) {
  Json out = without_nulls(document);
  if (const auto list = out.find("attempts"); list != out.end() && list->is_array()) {
    Json by_number = Json::object();
    for (const auto& attempt : *list) {
      by_number[std::to_string(model::int_at(attempt, "n").value_or(0))] = without_nulls(attempt);
    }
    *list = std::move(by_number);
  }
  return out;
}

model::Json difference(const model::Json& before, const model::Json& after) {
  Json patch = Json::object();
  for (const auto& [name, value] : before.items()) {
    if (!after.contains(name)) {
      patch[name] = nullptr;
    }
  }
  for (const auto& [name, value] : after.items()) {
    const auto old = before.find(name);
    if (old == before.end() || old->is_object() != value.is_object()) {
      patch[name] = value;
    } else if (value.is_object()) {
      Json inner = difference(*old, value);
      if (!inner.empty()) {
        patch[name] = std::move(inner);
      }
    } else if (*old != value) {
      patch[name] = value;
    }
  }
  return patch;
}

}  // namespace cp::jobs
