// SPDX-License-Identifier: Apache-2.0
#include "jobs/job_loop.hpp"
#include "session.hpp"
#include "tail.hpp"
#include "tool.hpp"

namespace cprun {
namespace {

using namespace std::chrono_literals;
using cp::Errc;
using cp::Result;
using cp::cli::Context;

Result<int> follow(Context& context, Session& session, Tail& tail, cp::jobs::Draft draft) {
  const auto stop = context.stop_on_signals();
  const std::string id = draft.job().id;
  cp::jobs::JobLoop loop(*session.store, *session.driver, *session.launchers, context.clock(),
                         stop);
  CP_TRY(loop.add(std::move(draft)));
  while (true) {
    CP_TRY(loop.turn());
    CP_TRY_ASSIGN(const bool more, tail.copy(*loop.find(id)));
    const bool is_behind = tail.problem() != nullptr;
    if (stop.stop_requested() || (loop.find(id)->has_ended() && !more && !is_behind)) {
      CP_TRY(hand_over(context, session));
      return stop.stop_requested() ? signal_base + context.stop_signal() : 0;
    }
    if (!more) {
      loop.sleep(is_behind ? ask_again : look_again);
    }
  }
}

}  // namespace

Result<int> logs(Context& context) {
  const auto& given = context.arguments();
  const std::int64_t number = given.integer("attempt").value_or(0);
  if (given.has("attempt") && number < 1) {
    return cp::fail(Errc::usage, "--attempt wants at least 1");
  }
  CP_TRY_ASSIGN(Session session, Session::open(context));
  CP_TRY_ASSIGN(auto draft, find_job(session, given.operands().front()));
  const auto& attempts = draft.job().attempts;
  if (number > static_cast<std::int64_t>(attempts.size())) {
    return cp::fail(Errc::not_found, "{} has {} attempts", draft.job().id, attempts.size());
  }
  Tail tail(*session.launchers);
  const bool both = given.has("out") == given.has("err");
  tail.choose(static_cast<int>(number), both || given.has("out"), both || given.has("err"));
  if (given.has("follow")) {
    return follow(context, session, tail, std::move(draft));
  }
  while (true) {
    CP_TRY_ASSIGN(const bool more, tail.copy(draft.job()));
    if (tail.problem() != nullptr) {
      return tl::unexpected(*tail.problem());
    }
    if (!more) {
      return 0;
    }
  }
}

}  // namespace cprun
