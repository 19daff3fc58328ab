// SPDX-License-Identifier: Apache-2.0
#include "transfer/bench.hpp"

#include "fabric/library.hpp"
#include "transfer/bench_record.hpp"
#include "transfer/far_link.hpp"
#include "transfer/rail_bench.hpp"
#include "transfer/stage_bench.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <thread>

namespace cp::transfer {
namespace {

using model::Json;

/// One run of measurements.
class Bench {
 public:
  Bench(const BenchRequest& request, BenchEvents& events, const std::stop_token& stop)
      : request_(request), events_(events), stop_(stop) {}

  Result<void> run() {
    CP_TRY(measure_rails());
    if (!request_.rails_only) {
      CP_TRY(measure_threads());
    }
    if (!request_.directory.empty()) {
      CP_TRY(measure_disk());
    }
    tell_verdicts();
    return {};
  }

 private:
  struct RailDone {
    RailCase which;
    RailFigure figure;
  };

  std::string far_name() const { return request_.far ? request_.far->server() : ""; }
  int threads() const { return streams_of(request_.way); }

  // The usual one first, since the verdict is about that.
  Result<std::vector<RailCase>> rails() const {
    const Request& way = request_.way;
    if (!request_.far && way.rail == RailChoice::ssh) {
      return fail(Errc::usage, "without a HOST there is nothing that ssh reaches");
    }
    const Location here{.kind = Place::daemon, .host = "127.0.0.1", .port = 0, .path = "/"};
    CP_TRY_ASSIGN(const RailChoice usual, rail_to(way, request_.far.value_or(here)));
    std::vector<RailCase> cases{{.rail = usual, .provider = way.provider}};
    if (way.rail == RailChoice::automatic) {
      const bool by_ssh = usual == RailChoice::ssh;
      if (by_ssh || fabric::Library::load()) {
        cases.push_back({.rail = by_ssh ? RailChoice::tcp : RailChoice::fabric});
      }
    }
    return cases;
  }

  Result<void> measure_rails() {
    CP_TRY_ASSIGN(const auto cases, rails());
    for (const RailCase& rail : cases) {
      for (const Direction direction : request_.directions) {
        RailCase which = rail;
        which.direction = direction;
        CP_TRY(measure(which));
      }
    }
    return {};
  }

  static std::string name_of_case(const RailCase& which) {
    return fmt::format("rail {}, {}", name_of(which.rail),
                       which.direction == Direction::push ? "push" : "pull");
  }

  Result<void> measure(const RailCase& which) {
    const std::string what = name_of_case(which);
    events_.begins(what);
    CP_TRY_ASSIGN(auto reached, reach(request_, std::exchange(is_first_, false), stop_));
    const auto figure = measure_rail(reached, request_, which, stop_);
    CP_TRY(check_stop());
    if (!figure) {
      events_.failed(figure.error(), what);
      return {};
    }
    rails_.push_back({which, *figure});
    events_.measured(rail_record(far_name(), which, *figure));
    return {};
  }

  Result<void> measure_threads() {
    CP_TRY(measure_stage("hash", [](const StageTime& time) { return bench_hash(time); }));
    CP_TRY(measure_stage("seal", [](const StageTime& time) { return bench_seal(time); }));
    return measure_stage("compress", [](const StageTime& time) { return bench_compress(time); });
  }

  Result<void> measure_disk() {
    auto disk = DiskBench::open(request_.directory, threads());
    if (!disk) {
      events_.failed(disk.error(), request_.directory);
      return {};
    }
    CP_TRY(measure_stage("disk-write", [&](const StageTime& time) { return disk->write(time); }));
    return measure_stage("disk-read", [&](const StageTime& time) { return disk->read(time); });
  }

  template <class Work>
  Result<void> measure_stage(std::string_view stage, Work work) {
    events_.begins(stage);
    const Result<Effort> effort =
        work({.threads = threads(), .duration = request_.time, .stop = stop_});
    CP_TRY(check_stop());
    if (!effort) {
      events_.failed(effort.error(), stage);
      return {};
    }
    if (stage == "disk-read") {
      disk_read_ = *effort;
    } else if (stage == "disk-write") {
      disk_write_ = *effort;
    }
    events_.measured(stage_record(stage, *effort, threads()));
    return {};
  }

  // On the first rail of each direction, which is what a transfer would take.
  void tell_verdicts() {
    for (const Direction direction : request_.directions) {
      const auto found = std::ranges::find_if(
          rails_, [&](const RailDone& rail) { return rail.which.direction == direction; });
      if (found != rails_.end()) {
        events_.measured(verdict_record(far_name(), found->which, parts_of(*found)));
      }
    }
  }

  VerdictParts parts_of(const RailDone& rail) const {
    return {.disk = rail.which.direction == Direction::push ? disk_read_ : disk_write_,
            .figure = rail.figure,
            .by_ssh = rail.which.rail == RailChoice::ssh,
            .is_here = !request_.far,
            .bytes_per_second = request_.way.bytes_per_second,
            .cores = std::max(1U, std::thread::hardware_concurrency())};
  }

  Result<void> check_stop() const {
    return stop_.stop_requested() ? fail(Errc::timed_out, "interrupted") : Result<void>();
  }

  const BenchRequest& request_;
  BenchEvents& events_;
  const std::stop_token& stop_;
  bool is_first_ = true;
  std::vector<RailDone> rails_;
  std::optional<Effort> disk_read_;
  std::optional<Effort> disk_write_;
};

}  // namespace

Result<void> bench(const BenchRequest& request, BenchEvents& events, const std::stop_token& stop) {
  return Bench(request, events, stop).run();
}

Result<Location> parse_bench_host(std::string_view text) {
  const bool is_name = text.find_first_of(":/") == std::string_view::npos && text != "-" &&
                       text.find_first_not_of('.') != std::string_view::npos;
  CP_TRY_ASSIGN(
      Location location,
      parse_location(is_name || text.ends_with(']') ? std::string(text) + ":" : std::string(text)));
  if (!location.is_remote()) {
    return fail(Errc::usage, "{} is no host: [USER@]HOST or cpx://HOST[:PORT][/PATH] is one", text);
  }
  return location;
}

}  // namespace cp::transfer
