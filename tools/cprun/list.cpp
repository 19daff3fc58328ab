// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cprun {

cp::Result<int> list(cp::cli::Context& context) {
  CP_TRY_ASSIGN(Session session, Session::open(context));
  CP_TRY(refresh(context, session));
  const auto& given = context.arguments();
  cp::jobs::JobStore::Filter filter;
  filter.open_only = given.has("open");
  filter.state = given.text("state").value_or("");
  filter.name = given.text("name").value_or("");
  filter.parent = given.text("array").value_or("");
  filter.limit = given.integer("limit").value_or(0);
  if (!filter.state.empty() && !cp::model::job_state_of(filter.state)) {
    return cp::fail(cp::Errc::usage, "--state {}: there is no such state", filter.state);
  }
  CP_TRY_ASSIGN(const auto drafts, session.store->list(filter));
  auto& out = context.output(kJobColumns);
  for (const auto& draft : drafts) {
    out.record(to_json(draft.job()));
  }
  return 0;
}

}  // namespace cprun
