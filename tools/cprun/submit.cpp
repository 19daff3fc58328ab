// SPDX-License-Identifier: Apache-2.0
#include "new_job.hpp"
#include "session.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cprun {

cp::Result<int> submit(cp::cli::Context& context) {
  CP_TRY_ASSIGN(Session session, Session::open(context));
  CP_TRY_ASSIGN(auto drafts, make_job(context, session));
  auto& draft = drafts.front();
  if (context.arguments().has("dry-run")) {
    context.output().record(cp::model::to_json(draft.job().spec));
    return 0;
  }
  const auto stop = context.stop_on_signals();
  // Its inputs are taken before this returns: what the user changes after that is not the job's.
  CP_TRY(session.driver->advance(draft, stop));
  if (stop.stop_requested()) {
    CP_TRY(session.store->request_cancel(draft.job().id));
    CP_TRY(session.driver->advance(draft, {}));
  }
  CP_TRY(session.driver->settle(draft));
  CP_TRY(hand_over(context, session));
  context.output(kJobColumns).record(to_json(draft.job()));
  if (stop.stop_requested()) {
    return 128 + context.stop_signal();
  }
  // A job that has run is submitted, however it ended meanwhile.
  const auto& job = draft.job();
  if (job.has_ended() && !job.exit && exit_status_of(job) != 0) {
    context.warn(job.message.empty() ? cp::jobs::describe(job) : job.message);
    return 1;
  }
  return 0;
}

}  // namespace cprun
