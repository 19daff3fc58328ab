// SPDX-License-Identifier: Apache-2.0
#include "transfer/bench_record.hpp"

#include "model/json.hpp"
#include "transfer/far_link.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace cp::transfer {
namespace {

using model::Json;

// Threads that ran for that share of the time were not waiting for anything.
constexpr double kBusy = 0.85;
constexpr double kAtLimit = 0.9;

double seconds_in(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// As far as the figure says anything.
double shortened(double value) { return std::round(value * 1e4) / 1e4; }

void put_effort(Json& record, const Effort& effort) {
  record["bytes"] = effort.bytes;
  record["duration_s"] = shortened(seconds_in(effort.elapsed));
  record["rate_bps"] = std::round(effort.bits_per_second());
  record["cpu_s_per_gb"] = shortened(effort.cpu_per_gigabyte());
}

Json rail_told(const RailCase& which, const RailFigure& figure) {
  Json rail = {{"kind", name_of(which.rail)}, {"streams", figure.streams}};
  if (!figure.provider.empty()) {
    rail["provider"] = model::text_value(figure.provider);
  }
  return rail;
}

Json begin_record(std::string_view stage) { return {{"schema", "cp.bench/1"}, {"stage", stage}}; }

Json begin_rail(std::string_view stage, const std::string& far, const RailCase& which,
                const RailFigure& figure) {
  Json record = begin_record(stage);
  record["server"] = far.empty() ? Json() : model::text_value(far);
  record["direction"] = which.direction == Direction::push ? "push" : "pull";
  record["rail"] = rail_told(which, figure);
  return record;
}

bool is_busy(std::chrono::nanoseconds cpu, std::chrono::nanoseconds elapsed, double threads) {
  return seconds_in(cpu) >= kBusy * seconds_in(elapsed) * threads;
}

bool is_cpu_busy(const VerdictParts& parts) {
  const Effort& seen = parts.figure.effort;
  const auto streams = static_cast<double>(parts.figure.streams);
  const auto cores = static_cast<double>(parts.cores);
  if (parts.is_here) {
    return is_busy(seen.cpu + parts.figure.far_cpu, seen.elapsed, std::min(2 * streams, cores));
  }
  return is_busy(seen.cpu, seen.elapsed, std::min(streams, cores)) ||
         is_busy(parts.figure.far_cpu, seen.elapsed, streams);
}

bool disk_is_slower(const VerdictParts& parts) {
  return parts.disk && parts.disk->bits_per_second() < parts.figure.effort.bits_per_second();
}

}  // namespace

Json stage_record(std::string_view stage, const Effort& effort, int threads) {
  Json record = begin_record(stage);
  record["threads"] = threads;
  put_effort(record, effort);
  return record;
}

Json rail_record(const std::string& far, const RailCase& which, const RailFigure& figure) {
  Json record = begin_rail("rail", far, which, figure);
  put_effort(record, figure.effort);
  record["encrypted"] = figure.encrypted;
  Effort claimed = figure.effort;
  claimed.cpu = figure.far_cpu;
  record["far"] = {{"version", model::text_value(figure.far_version)},
                   {"cpu_s_per_gb", shortened(claimed.cpu_per_gigabyte())}};
  return record;
}

std::string_view verdict_of(const VerdictParts& parts, Direction direction) {
  if (disk_is_slower(parts)) {
    return direction == Direction::push ? "source-disk" : "destination-disk";
  }
  if (parts.bytes_per_second > 0 &&
      parts.figure.effort.bits_per_second() >= kAtLimit * 8 * parts.bytes_per_second) {
    return "rate-limit";
  }
  return is_cpu_busy(parts) ? "cpu" : parts.by_ssh ? "ssh" : "network";
}

Json verdict_record(const std::string& far, const RailCase& which, const VerdictParts& parts) {
  Json record = begin_rail("verdict", far, which, parts.figure);
  const double rail = parts.figure.effort.bits_per_second();
  record["rate_bps"] = std::round(disk_is_slower(parts) ? parts.disk->bits_per_second() : rail);
  record["bottleneck"] = verdict_of(parts, which.direction);
  return record;
}

}  // namespace cp::transfer
