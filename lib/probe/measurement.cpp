// SPDX-License-Identifier: Apache-2.0
#include "probe/measurement.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace cp::probe {
namespace {

using model::Json;

struct Quantile {
  const char* name;
  unsigned permille;
};
constexpr std::array kAllQuantiles{Quantile{"p50_ns", 500}, Quantile{"p75_ns", 750},
                                   Quantile{"p90_ns", 900}, Quantile{"p95_ns", 950},
                                   Quantile{"p99_ns", 990}, Quantile{"p999_ns", 999}};
constexpr std::array kVariation{Quantile{"p50_ns", 500}, Quantile{"p95_ns", 950},
                                Quantile{"p99_ns", 990}, Quantile{"p999_ns", 999}};
constexpr std::array kPartQuantiles{Quantile{"p50_ns", 500}, Quantile{"p99_ns", 990}};

Json or_null(std::optional<std::chrono::nanoseconds> value) {
  return value ? Json(value->count()) : Json(nullptr);
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json statistics(const Distribution& distribution) {
  if (distribution.is_empty()) {
    return {{"n", 0}};
  }
  const Distribution::Quantiles quantiles(distribution);
  Json out{{"n", distribution.count()},
           {"min_ns", distribution.least().count()},
           {"mean_ns", distribution.mean().count()},
           {"stddev_ns", or_null(distribution.deviation())},
           {"max_ns", distribution.greatest().count()}};
  for (const auto& [name, permille] : kAllQuantiles) {
    out[name] = or_null(quantiles.at(permille));
  }
  const auto interval = quantiles.median_interval();
  out["ci95_p50_ns"] =
      interval ? Json{interval->first.count(), interval->second.count()} : Json(nullptr);
  out["quantile_error_ratio"] = distribution.quantile_error_ratio();
  return out;
}

Json part(const Distribution& distribution) {
  const Distribution::Quantiles quantiles(distribution);
  Json out{{"n", distribution.count()}};
  for (const auto& [name, permille] : kPartQuantiles) {
    out[name] = or_null(quantiles.at(permille));
  }
  return out;
}

Json split(const Outcome& outcome) {
  if (outcome.net.is_empty()) {
    return nullptr;
  }
  return {{"app_tx", part(outcome.app_tx)},
          {"net", part(outcome.net)},
          {"reflector", part(outcome.reflector)},
          {"app_rx", part(outcome.app_rx)}};
}

// RFC 5481 §4.2: how much longer than the shortest.
Json delay_variation(const Distribution& rtt) {
  const Distribution::Quantiles quantiles(rtt);
  Json out = Json::object();
  for (const auto& [name, permille] : kVariation) {
    const auto value = quantiles.at(permille);
    out[name] = value ? Json((*value - rtt.least()).count()) : Json(nullptr);
  }
  return out;
}

Json plan_json(const Plan& plan) {
  Json out{{"schedule", plan.interval.count() == 0 ? "back-to-back" : "periodic"}};
  if (plan.interval.count() > 0) {
    out["interval_ns"] = plan.interval.count();
  }
  if (plan.count > 0) {
    out["count"] = plan.count;
  }
  out["size_bytes"] = plan.size;
  out["timeout_ns"] = plan.timeout.count();
  return out;
}

Json clock_json(const Measurement& measurement) {
  const Outcome& outcome = measurement.outcome;
  Json out{{"source", outcome.net.is_empty() ? "user" : "kernel"},
           {"steps_detected", outcome.clock_steps}};
  if (measurement.clock) {
    out["realtime_synced"] = measurement.clock->is_synchronised;
    out["maxerror_ns"] = measurement.clock->greatest_error.count();
    out["esterror_ns"] = measurement.clock->estimated_error.count();
  } else {
    out["realtime_synced"] = nullptr;
  }
  return out;
}

Json sent_json(const Outcome& outcome) {
  const Distribution::Quantiles lateness(outcome.lateness);
  return {{"planned", outcome.planned},
          {"sent", outcome.sent},
          {"missed_slots", outcome.missed},
          {"late_slots", outcome.late},
          {"unsent", outcome.unsent},
          {"pending", outcome.pending},
          {"late_p50_ns", or_null(lateness.at(500))},
          {"late_p99_ns", or_null(lateness.at(990))}};
}

Json peer_json(const Measurement& measurement) {
  const Outcome& outcome = measurement.outcome;
  Json out{{"addr", measurement.peer.address.to_string()}, {"port", measurement.peer.port}};
  if (outcome.received > 0) {
    out["kind"] = outcome.peer_is_short ? "twamp-light" : "stamp";
    out["keeps_ssid"] = outcome.peer_keeps_session;
    out["saw_ttl"] = or_null(outcome.peer_saw_ttl);
  }
  return out;
}

void add_counts(Json& out, const Outcome& outcome) {
  out["received"] = outcome.received;
  out["lost"] = outcome.lost;
  out["loss_ratio"] = or_null(outcome.loss_ratio());
  out["loss_runs"] = {{"count", outcome.loss_runs}, {"max", outcome.longest_loss}};
  out["too_late"] = outcome.too_late;
  out["duplicates"] = outcome.duplicates;
  out["reordered"] = outcome.reordered;
  out["foreign"] = outcome.foreign;
}

}  // namespace

Json to_json(const Measurement& measurement) {
  const Outcome& outcome = measurement.outcome;
  Json out{{"schema", "cp.measurement/1"},
           {"id", measurement.id},
           {"kind", "ping"},
           {"target", measurement.target},
           {"started_at", format_time(outcome.started)},
           {"duration_s", std::chrono::duration<double>(outcome.duration).count()},
           {"tool_version", CP_VERSION},
           {"method", "active"},
           {"proto", "stamp"},
           {"auth", "none"}};
  if (measurement.source) {
    out["source"] = {{"addr", measurement.source->address.to_string()},
                     {"port", measurement.source->port}};
  }
  out["peer"] = peer_json(measurement);
  out["plan"] = plan_json(measurement.plan);
  out["clock"] = clock_json(measurement);
  out["valid"] = measurement.verdict.is_valid;
  out["invalid_reasons"] = measurement.verdict.reasons;
  out["confidence"] = measurement.verdict.confidence;
  out["sent"] = sent_json(outcome);
  add_counts(out, outcome);
  out["rtt"] = statistics(outcome.rtt);
  if (!outcome.rtt.is_empty()) {
    out["response"] = statistics(outcome.response);
    out["split"] = split(outcome);
    out["pdv"] = delay_variation(outcome.rtt);
    out["ttl"] = {{"min", or_null(outcome.least_ttl)}, {"max", or_null(outcome.greatest_ttl)}};
  }
  if (measurement.score) {
    out["score"] = to_json(*measurement.score);
  }
  return out;
}

Json to_quality(const Measurement& measurement) {
  const Outcome& outcome = measurement.outcome;
  const Verdict& verdict = measurement.verdict;
  Json out{{"valid", verdict.is_valid}};
  if (!verdict.is_valid) {
    out["reason"] = verdict.reasons.front();
  }
  if (!outcome.rtt.is_empty()) {
    const Distribution::Quantiles rtt(outcome.rtt);
    out["rtt_p50_ns"] = or_null(rtt.at(500));
    out["rtt_p99_ns"] = or_null(rtt.at(990));
    const Distribution::Quantiles net(outcome.net);
    out["net_p50_ns"] = or_null(net.at(500));
  }
  out["loss_ratio"] = or_null(outcome.loss_ratio());
  if (measurement.score) {
    Json score = to_json(*measurement.score);
    out["score"] = score["value"];
    out["inputs"] = score["inputs"];
  }
  out["confidence"] = verdict.confidence;
  out["observed_at"] = format_time(outcome.started);
  out["measurement"] = measurement.id;
  return out;
}

}  // namespace cp::probe
