// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "session.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cprun {
namespace {

// Where somebody looks, who can ask for more.
constexpr std::int64_t kMostRows = 200;

}  // namespace

cp::Result<int> list(cp::cli::Context& context) {
  CP_TRY_ASSIGN(Session session, Session::open(context));
  CP_TRY(refresh(context, session));
  const auto& given = context.arguments();
  cp::jobs::JobStore::Filter filter;
  filter.open_only = given.has("open");
  filter.state = given.text("state").value_or("");
  filter.name = given.text("name").value_or("");
  filter.parent = given.text("array").value_or("");
  if (!filter.state.empty() && !cp::model::job_state_of(filter.state)) {
    return cp::fail(cp::Errc::usage, "--state {}: there is no such state", filter.state);
  }
  auto& out = context.output(kJobColumns);
  const bool is_table = out.form() == cp::cli::Output::Form::table;
  const std::int64_t most = given.integer("limit").value_or(is_table ? kMostRows : 0);
  // One more tells that there are more.
  filter.limit = most > 0 ? most + 1 : 0;
  std::int64_t count = 0;
  CP_TRY(session.store->for_each_document(filter, [&](std::string_view document) {
    if (most > 0 && ++count > most) {
      return;
    }
    if (out.form() == cp::cli::Output::Form::ndjson) {
      out.raw_line(cp::escape::json(document));
    } else {
      out.record(cp::model::Json::parse(document, nullptr, false));
    }
  }));
  if (count > most && !given.has("limit")) {
    out.line("older jobs are not shown: --limit 0 shows all");
  }
  return 0;
}

}  // namespace cprun
