// SPDX-License-Identifier: Apache-2.0
#include "jobs/job_loop.hpp"
#include "session.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cprun {
namespace {

using namespace std::chrono_literals;
using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::jobs::Draft;
using cp::jobs::JobLoop;

Result<std::string> cancel_one(Session& session, const std::string& name, JobLoop& loop) {
  CP_TRY_ASSIGN(Draft draft, find_job(session, name));
  if (!draft.job().has_ended()) {
    CP_TRY(ask_to_end(session, draft.job()));
  }
  const std::string id = draft.job().id;
  CP_TRY_ASSIGN(draft, session.store->load(id));
  CP_TRY(loop.add(std::move(draft)));
  return id;
}

}  // namespace

Result<int> cancel(Context& context) {
  CP_TRY_ASSIGN(Session session, Session::open(context));
  const auto stop = context.stop_on_signals();
  JobLoop loop(*session.store, *session.driver, *session.launchers, context.clock(), stop);
  std::vector<std::string> ids;
  for (const auto& name : context.arguments().operands()) {
    const auto id = cancel_one(session, name, loop);
    if (id) {
      ids.push_back(*id);
    } else {
      context.item_failed(id.error(), name);
    }
  }
  // Done is what was seen, not what was asked for.
  while (!context.arguments().has("no-wait") && !stop.stop_requested()) {
    CP_TRY(loop.turn());
    if (loop.open_count() == 0) {
      break;
    }
    loop.sleep(look_again);
  }
  CP_TRY(hand_over(context, session));
  for (const auto& id : ids) {
    CP_TRY_ASSIGN(const Draft draft, session.store->load(id));
    context.output(kJobColumns).record(to_json(draft.job()));
  }
  return stop.stop_requested() ? 128 + context.stop_signal() : 0;
}

}  // namespace cprun
