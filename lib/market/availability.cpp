// SPDX-License-Identifier: Apache-2.0
#include "market/availability.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace cp::market {
namespace {

using model::Json;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kFuture{60};  // SECURITY §2

// Whether SHAPE's pieces have at least WANTED at PATH; what nobody counts does not stand in the way
// when nothing is wanted of it.
bool has(const Json& shape, std::string_view path, std::optional<std::int64_t> wanted) {
  return wanted.value_or(0) == 0 || model::int_at(shape, path).value_or(0) >= *wanted;
}

// How many nodes have a free piece of the asked shape.
std::optional<std::int64_t> fitting_nodes(const Json& state, const Demand& demand) {
  const Json* shapes = model::find(state, "shapes");
  if (shapes == nullptr || !shapes->is_array()) {
    return std::nullopt;
  }
  std::int64_t nodes = 0;
  for (const Json& shape : *shapes) {
    const bool has_cores = has(shape, "cores", demand.cpus().value_or(1));
    if (has_cores && has(shape, "cards", demand.cards()) &&
        has(shape, "memory_bytes", demand.memory_bytes())) {
      nodes += model::int_at(shape, "nodes").value_or(1);
    }
  }
  return nodes;
}

std::optional<std::int64_t> free_memory(const Json& state) {
  const Json* shapes = model::find(state, "shapes");
  std::optional<std::int64_t> total;
  for (std::size_t i = 0; shapes != nullptr && shapes->is_array() && i < shapes->size(); ++i) {
    const auto bytes = model::int_at((*shapes)[i], "memory_bytes");
    if (!bytes) {
      return std::nullopt;
    }
    total = total.value_or(0) + *bytes * model::int_at((*shapes)[i], "nodes").value_or(1);
  }
  return total;
}

std::string verdict_of(const Json& state, const Demand& demand) {
  const std::string health = model::text_at(state, "health").value_or("ok");
  if (health == "down") {
    return "none";
  }
  const auto nodes = fitting_nodes(state, demand);
  if (!nodes) {
    return "unknown";
  }
  if (*nodes >= demand.nodes()) {
    return "free";
  }
  return model::find(state, "queue") != nullptr ? "queued" : "busy";
}

}  // namespace

Availability judge(const model::Json& state, const Demand& demand, UnixTime now) {
  Availability result;
  const auto observed_at = model::time_at(state, "observed_at");
  const auto valid_for = model::number_at(state, "valid_for_s");
  if (!observed_at || Seconds(*observed_at - now) > kFuture) {
    return result;
  }
  result.observed_at = format_time(*observed_at);
  result.age_s = std::max(0.0, Seconds(now - *observed_at).count());
  if (valid_for) {
    result.expires_at = format_time(
        *observed_at + std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(*valid_for)));
    if (*result.age_s > *valid_for) {
      return result;
    }
  }
  result.verdict = verdict_of(state, demand);
  result.cards_free = model::int_at(state, "cards.free");
  result.cores_free = model::int_at(state, "cores.free");
  result.memory_free_bytes = free_memory(state);
  result.wait_s = model::number_at(state, "queue.wait_s");
  if (result.verdict == "free") {
    result.wait_s = 0;
  }
  return result;
}

model::Json to_json(const Availability& availability) {
  Json json{{"verdict", availability.verdict}};
  const auto put = [&](const char* name, const auto& value) {
    if (value) {
      json[name] = *value;
    }
  };
  put("cards_free", availability.cards_free);
  put("cores_free", availability.cores_free);
  put("memory_free_bytes", availability.memory_free_bytes);
  put("wait_s", availability.wait_s);
  if (!availability.observed_at.empty()) {
    json["observed_at"] = availability.observed_at;
  }
  put("age_s", availability.age_s);
  return json;
}

}  // namespace cp::market
