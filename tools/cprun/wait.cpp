// SPDX-License-Identifier: Apache-2.0
#include "jobs/job_loop.hpp"
#include "session.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cprun {
namespace {

using namespace std::chrono_literals;
using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::jobs::Job;
using cp::jobs::JobLoop;

Result<std::vector<std::string>> wanted_jobs(Context& context, Session& session, JobLoop& loop) {
  std::vector<std::string> ids;
  for (const auto& name : context.arguments().operands()) {
    CP_TRY_ASSIGN(auto draft, find_job(session, name));
    ids.push_back(draft.job().id);
    CP_TRY(loop.add(std::move(draft)));
  }
  if (!ids.empty()) {
    return ids;
  }
  // The list of open jobs is an index of its own: where that is whole, but the jobs are not, nobody
  // knows whether one is open.
  CP_TRY(session.store->list({.limit = 1}));
  CP_TRY_ASSIGN(auto open, session.store->list({.open_only = true}));
  for (auto& draft : open) {
    ids.push_back(draft.job().id);
    CP_TRY(loop.add(std::move(draft)));
  }
  return ids;
}

/// Prints each of IDS that has ended and takes it off the list; gives the worst exit status.
int report_ended(Context& context, const JobLoop& loop, std::vector<std::string>& ids, bool alone,
                 int so_far) {
  std::erase_if(ids, [&](const std::string& id) {
    const Job& job = *loop.find(id);
    if (job.has_ended()) {
      context.output(kJobColumns).record(to_json(job));
      const int status = exit_status_of(job);
      so_far = alone ? status : std::max(so_far, status == 0 ? 0 : 1);
    }
    return job.has_ended();
  });
  return so_far;
}

}  // namespace

Result<int> wait(Context& context) {
  CP_TRY_ASSIGN(Session session, Session::open(context));
  const auto stop = context.stop_on_signals();
  JobLoop loop(*session.store, *session.driver, *session.launchers, context.clock(), stop);
  CP_TRY_ASSIGN(auto ids, wanted_jobs(context, session, loop));
  const bool any = context.arguments().has("any");
  const bool alone = ids.size() == 1 || any;
  const auto timeout = context.arguments().duration("timeout");
  const auto end = context.clock().steady() + timeout.value_or(0ns);
  const std::size_t asked = ids.size();
  int result = 0;
  while (true) {
    CP_TRY(loop.turn());
    result = report_ended(context, loop, ids, alone, result);
    if (ids.empty() || (any && ids.size() < asked)) {
      CP_TRY(hand_over(context, session));
      return result;
    }
    if (stop.stop_requested()) {
      CP_TRY(hand_over(context, session));
      return signal_base + context.stop_signal();
    }
    CP_TRY(context.output(kJobColumns).flush());
    const auto left =
        timeout ? end - context.clock().steady() : std::chrono::nanoseconds(look_again);
    if (left <= 0ns) {
      CP_TRY(hand_over(context, session));
      return cp::fail(Errc::timed_out, "{} of {} jobs have not ended yet", ids.size(), asked);
    }
    loop.sleep(std::min<std::chrono::nanoseconds>(left, look_again));
  }
}

}  // namespace cprun
