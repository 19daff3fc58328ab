// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "model/json.hpp"
#include "session.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cprun {
namespace {

void print_history(cp::cli::Context& context, std::span<const cp::jobs::Event> events) {
  for (const auto& event : events) {
    const auto change = cp::model::Json::parse(event.change, nullptr, false);
    const auto state = cp::model::text_at(change, "state");
    if (state) {
      context.output().line(cp::format_time(event.at) + "  " + *state);
    }
  }
}

}  // namespace

cp::Result<int> status(cp::cli::Context& context) {
  CP_TRY_ASSIGN(Session session, Session::open(context));
  CP_TRY(refresh(context, session));
  auto& out = context.output(kJobColumns);
  for (const auto& name : context.arguments().operands()) {
    const auto draft = find_job(session, name);
    if (!draft) {
      context.item_failed(draft.error(), name);
      continue;
    }
    out.record(to_json(draft->job()));
    CP_TRY_ASSIGN(const auto events, session.store->events(draft->job().id));
    print_history(context, events);
    if (!draft->job().message.empty()) {
      out.line(cp::escape::terminal(draft->job().message));
    }
  }
  return 0;
}

}  // namespace cprun
