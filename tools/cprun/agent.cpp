// SPDX-License-Identifier: Apache-2.0
#include "jobs/agent.hpp"

#include "session.hpp"
#include "tool.hpp"

namespace cprun {

cp::Result<int> agent(cp::cli::Context& context) {
  CP_TRY_ASSIGN(Session session, Session::open(context));
  const auto stop = context.stop_on_signals();
  session.driver->tell(
      [&](const cp::jobs::Job& job) { context.detail(job.id + " " + cp::jobs::describe(job)); });
  CP_TRY_ASSIGN(const bool was_agent,
                cp::jobs::run_agent(*session.store, *session.driver, *session.launchers,
                                    context.clock(), stop));
  if (!was_agent) {
    context.note("another agent sees to these jobs");
  }
  return stop.stop_requested() ? 128 + context.stop_signal() : 0;
}

}  // namespace cprun
