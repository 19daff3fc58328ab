// SPDX-License-Identifier: Apache-2.0
#include "transfer/bench.hpp"

#include "cli/context.hpp"
#include "cli/progress.hpp"
#include "cpxfer.hpp"
#include "named_places.hpp"
#include "reach.hpp"
#include "transfer/limits.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>

namespace cpxfer {
namespace {

using cp::Errc;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Show;
namespace transfer = cp::transfer;

constexpr std::array kBenchColumns{Column{"RATE", "rate_bps", Show::rate},
                                   Column{"STAGE", "stage"},
                                   Column{"RAIL", "rail.kind"},
                                   Column{"DIRECTION", "direction"},
                                   Column{"STREAMS", "rail.streams|threads", Show::count},
                                   Column{"CPU s/GB", "cpu_s_per_gb"},
                                   Column{"THERE", "far.cpu_s_per_gb"},
                                   Column{"BOTTLENECK", "bottleneck"}};

/// Prints each record when it is there.
class Printing final : public transfer::BenchEvents {
 public:
  Printing(Context& context, cp::cli::Output& output)
      : context_(context),
        output_(output),
        progress_("measuring", context.terminal(), context.clock()) {}

  void begins(std::string_view what) override { progress_.update(what); }
  void measured(const cp::model::Json& record) override {
    output_.record(record);
    // The columns of a table fit when all of it is there.
    if (output_.form() != cp::cli::Output::Form::table && written_) {
      written_ = output_.flush();
    }
  }
  void failed(const cp::Error& error, std::string_view what) override {
    context_.item_failed({error.code, fmt::format("{}: {}", what, error.message), error.hint},
                         what);
  }
  cp::Result<void> written() const { return written_; }

 private:
  Context& context_;
  cp::cli::Output& output_;
  cp::cli::Progress progress_;
  cp::Result<void> written_;
};

std::vector<transfer::Direction> directions_of(std::string_view way) {
  using enum transfer::Direction;
  return way == "push"   ? std::vector{push}
         : way == "pull" ? std::vector{pull}
                         : std::vector{push, pull};
}

cp::Result<std::chrono::milliseconds> time_of(const cp::cli::Arguments& arguments) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(
      arguments.duration("time").value_or(std::chrono::seconds(2)));
  if (time <= std::chrono::milliseconds(0) || time > transfer::limits::measuring_time) {
    return cp::fail(Errc::usage, "--time is more than nothing and at most 60s");
  }
  return time;
}

cp::Result<transfer::BenchRequest> bench_request(const Context& context) {
  const cp::cli::Arguments& arguments = context.arguments();
  transfer::BenchRequest request;
  CP_TRY(read_reach(arguments, request.way));
  if (request.way.streams < 0 || request.way.streams > transfer::limits::streams) {
    return cp::fail(Errc::usage, "there may be 1 to {} streams", transfer::limits::streams);
  }
  if (!request.way.other_rails.empty()) {
    return cp::fail(Errc::usage, "each kind of rail is measured alone: --rail names one");
  }
  if (!arguments.operands().empty()) {
    request.way.destination = arguments.operands().front();
    CP_TRY(resolve_named_places(context, request.way));
    CP_TRY_ASSIGN(request.far, transfer::parse_bench_host(request.way.destination));
  }
  CP_TRY_ASSIGN(request.time, time_of(arguments));
  request.directions = directions_of(arguments.text("direction").value_or("both"));
  request.rails_only = arguments.has("rails-only");
  request.directory = arguments.text("directory").value_or("");
  return request;
}

}  // namespace

cp::Result<int> bench(Context& context) {
  CP_TRY_ASSIGN(const transfer::BenchRequest request, bench_request(context));
  auto& output = context.output(kBenchColumns);
  const auto stop = context.stop_on_signals();
  Printing events(context, output);
  const auto measured = transfer::bench(request, events, stop);
  if (context.stop_signal() != 0) {
    return 128 + context.stop_signal();
  }
  CP_TRY(measured);
  CP_TRY(events.written());
  return context.failed_status();
}

}  // namespace cpxfer
