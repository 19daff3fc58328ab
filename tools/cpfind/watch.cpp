// SPDX-License-Identifier: Apache-2.0
#include "base/thread.hpp"
#include "cli/context.hpp"
#include "demand_flags.hpp"
#include "market/search.hpp"
#include "market/watching.hpp"
#include "model/json.hpp"
#include "remarks.hpp"
#include "tool.hpp"
#include "world.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <set>

namespace cpfind {
namespace {

using cp::Errc;
using cp::Result;
using cp::SteadyTime;
using cp::cli::Context;
using cp::cli::Show;
using cp::cli::show_cell;
using cp::market::Demand;
using cp::market::SearchOptions;
using cp::market::SearchResult;
using cp::market::Watch;
using cp::market::WatchEvent;
using cp::model::Json;
using std::chrono::nanoseconds;

constexpr std::array kWatchColumns{cp::cli::Column{"RESOURCE", "resource|name"}};

// Returns false when STOP is requested before the clock shows TIME.
bool wait_until(SteadyTime time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_until(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

// One line for people: when, what, which, where, what it costs, whether it is free.
std::string line_of(const Json& offer) {
  std::string text = show_cell(offer, "event.observed_at", Show::time);
  for (const auto& [path, show] :
       {std::pair{"event.kind", Show::text}, std::pair{"resource|name", Show::text},
        std::pair{"provider", Show::text}, std::pair{"place.region|place.country", Show::text}}) {
    const std::string cell = show_cell(offer, path, show);
    text += cell.empty() ? "" : "  " + cell;
  }
  const bool is_job = cp::model::money_at(offer, "price.job").has_value();
  const std::string cost = show_cell(offer, is_job ? "price.job" : "price.hour", Show::money);
  text += cost.empty() ? "  price unknown" : "  " + cost + (is_job ? " the job" : " an hour");
  const std::string before = show_cell(offer, "event.before", Show::money);
  text += before.empty() ? "" : ", " + before + " before";
  const std::string verdict = show_cell(offer, "availability.verdict", Show::text);
  return text + (verdict.empty() || verdict == "unknown" ? "" : "  " + verdict);
}

class Watcher {
 public:
  Watcher(Context& context, const Demand& demand, const SearchOptions& options)
      : context_(context), demand_(demand), options_(options) {}

  /// Looks once. What fails is an error at the first look, and a warning later on.
  Result<void> look(const std::stop_token& stop) {
    auto result = search_all(stop);
    if (stop.stop_requested()) {
      return {};
    }
    if (!result) {
      if (!has_looked_) {
        return tl::unexpected<cp::Error>(std::move(result).error());
      }
      say({{true, std::move(result).error()}});
      return {};
    }
    has_looked_ = true;
    say(remarks_of(result->answer));
    if (const auto event = watch_.look(*result)) {
      tell(*event, *result);
    }
    answer_ = std::move(result->answer);
    return context_.output(kWatchColumns).flush();
  }

  /// The closing answer: that of the last look, with how many offers were told in all.
  void close() {
    cp::cli::Output& output = context_.output(kWatchColumns);
    if (!answer_.is_null() && output.form() == cp::cli::Output::Form::ndjson) {
      answer_["events"] = shown_;
      output.record(answer_);
    }
  }

  std::int64_t shown() const { return shown_; }

 private:
  // What is there to be asked may have changed since the last look.
  Result<SearchResult> search_all(const std::stop_token& stop) {
    CP_TRY_ASSIGN(World world, World::open(context_));
    return search(world.sources(), demand_, options_, context_.clock(), context_.random(), stop);
  }

  // Says what was not said at the look before.
  void say(const std::vector<Remark>& remarks) {
    std::set<std::string> said;
    for (const Remark& remark : remarks) {
      const bool is_new = !said_.contains(remark.error.message);
      if (is_new && remark.is_warning) {
        context_.warn(remark.error);
      } else if (is_new) {
        context_.note(remark.error.message);
      }
      said.insert(remark.error.message);
    }
    said_ = std::move(said);
  }

  void tell(const WatchEvent& event, const SearchResult& result) {
    if (event.kind == WatchEvent::Kind::gone) {
      context_.note("there is no offer any more");
      return;
    }
    ++shown_;
    cp::cli::Output& output = context_.output(kWatchColumns);
    const Json offer = cp::market::with_event(result.offers.front(), event, context_.clock().now());
    if (output.form() == cp::cli::Output::Form::table) {
      output.line(line_of(offer));
    } else {
      output.record(offer);
    }
  }

  Context& context_;
  const Demand& demand_;
  const SearchOptions& options_;
  Watch watch_;
  bool has_looked_ = false;
  std::set<std::string> said_;
  std::int64_t shown_ = 0;
  Json answer_;
};

struct Pace {
  nanoseconds every;
  std::int64_t count = 0;
  std::optional<SteadyTime> end;
};

Result<Pace> pace_of(const Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  Pace pace{*given.duration("every"), given.integer("count").value_or(0), {}};
  if (pace.every < std::chrono::milliseconds(100) || pace.every > std::chrono::hours(24)) {
    return cp::fail(Errc::usage, "--every is from 100 ms to 24 h");
  }
  if (const auto timeout = given.duration("timeout")) {
    if (*timeout <= nanoseconds(0) || *timeout > std::chrono::hours(24 * 366)) {
      return cp::fail(Errc::usage, "--timeout is more than 0 and at most 366 d");
    }
    pace.end = context.clock().steady() + *timeout;
  }
  return pace;
}

}  // namespace

Result<int> watch(Context& context) {
  CP_TRY_ASSIGN(const Demand demand, demand_of(context));
  SearchOptions options;
  set_common(context, options);
  CP_TRY_ASSIGN(options.sort,
                cp::market::parse_sort("price,name", demand.duration_s().has_value()));
  options.limit = 1;
  CP_TRY_ASSIGN(const Pace pace, pace_of(context));
  const std::stop_token signals = context.stop_on_signals();
  // The end of time stops a look that waits for a slow source, too.
  std::stop_source ended;
  const std::stop_callback forward(signals, [&] { ended.request_stop(); });
  Result<std::jthread> timer = cp::fail(Errc::failed, "not wanted");
  if (pace.end) {
    timer = cp::start_thread([&](const std::stop_token& stop) {
      wait_until(*pace.end, stop);
      ended.request_stop();
    });
  }
  const std::stop_token stop = ended.get_token();
  Watcher watcher(context, demand, options);
  const auto is_done = [&] { return pace.count > 0 && watcher.shown() >= pace.count; };
  SteadyTime next = context.clock().steady();
  do {
    CP_TRY(watcher.look(stop));
    // Looks that were missed while one took long are not made up for.
    next = std::max(next + pace.every, context.clock().steady());
  } while (!is_done() && wait_until(pace.end ? std::min(next, *pace.end) : next, stop) &&
           (!pace.end || context.clock().steady() < *pace.end));
  if (signals.stop_requested()) {
    return 128 + context.stop_signal();
  }
  watcher.close();
  return is_done() || (pace.count == 0 && watcher.shown() > 0) ? 0 : 1;
}

}  // namespace cpfind
