// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include "base/paths.hpp"
#include "base/units.hpp"
#include "cli/terminal.hpp"
#include "provider/local/supervisor.hpp"

namespace cprun {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::jobs::Draft;

const std::string kSelf = "/proc/self/exe";

Result<void> tell_provider(Session& session, const cp::jobs::Job& job) {
  const auto* const attempt = job.current();
  if (attempt == nullptr || cp::model::is_terminal(attempt->state)) {
    return {};
  }
  CP_TRY_ASSIGN(auto* const launcher, session.launchers->at(attempt->at.url));
  return launcher->cancel(attempt->token, {});
}

}  // namespace

Result<Session> Session::open(Context& context) {
  CP_TRY_ASSIGN(const auto paths, context.paths());
  CP_TRY_ASSIGN(const std::string state, cp::open_state_directory(paths));
  CP_TRY_ASSIGN(auto store, cp::jobs::JobStore::open(state, context.clock()));
  const auto grace = cp::units::parse_duration(context.setting("cprun.grace"));
  if (!grace) {
    return cp::fail(Errc::bad_config, "cprun.grace is not a duration");
  }
  const auto patience = cp::units::parse_duration(context.setting("cprun.patience"));
  if (!patience || patience->count() <= 0) {
    return cp::fail(Errc::bad_config, "cprun.patience is not a duration");
  }
  cp::net::SshSettings ssh;
  CP_TRY_ASSIGN(ssh.command, cp::net::parse_ssh_command(context.setting("ssh.command")));
  ssh.may_prompt = cp::cli::has_controlling_terminal();
  ssh.socket_directory = cp::runtime_directory();
  Session session;
  session.store = std::make_unique<cp::jobs::JobStore>(std::move(store));
  session.launchers = std::make_unique<cp::jobs::Launchers>(cp::provider::LauncherSettings{
      state, {kSelf, std::string(cp::provider::local::kSuperviseArgument)}, ssh, *patience});
  session.driver = std::make_unique<cp::jobs::Driver>(*session.store, *session.launchers,
                                                      context.clock(), *grace);
  return session;
}

Result<void> hand_over(Context& context, Session& session) {
  CP_TRY(session.store->release_all());
  if (context.arguments().has("no-agent")) {
    return {};
  }
  const auto started = cp::jobs::start_agent_if_needed(*session.store, {kSelf, "agent"});
  if (!started) {
    context.warn(started.error());
  }
  return {};
}

Result<void> refresh(Context& context, Session& session) {
  CP_TRY_ASSIGN(auto open, session.store->list({.open_only = true, .with_elements = true}));
  for (auto& draft : open) {
    if (cp::jobs::needs_somebody(draft.job())) {
      continue;
    }
    CP_TRY_ASSIGN(const bool taken, session.store->take(draft));
    if (taken) {
      CP_TRY(session.driver->advance(draft, {}));
    }
  }
  return hand_over(context, session);
}

Result<Draft> find_job(Session& session, const std::string& text) {
  auto draft = session.store->load(text);
  if (draft || draft.error().code != Errc::not_found) {
    return draft;
  }
  CP_TRY_ASSIGN(auto named, session.store->list({.name = text, .limit = 1}));
  if (named.empty()) {
    return draft;
  }
  return std::move(named.front());
}

Result<void> ask_to_end(Session& session, const cp::jobs::Job& job) {
  const auto written = session.store->request_cancel(job.id);
  CP_TRY(tell_provider(session, job));
  if (job.is_array()) {
    CP_TRY_ASSIGN(const auto elements, session.store->list({.open_only = true, .parent = job.id}));
    for (const auto& element : elements) {
      CP_TRY(tell_provider(session, element.job()));
    }
  }
  return written;
}

void tell_state(const Context& context, const cp::jobs::Job& job) {
  context.note(job.id + " " + cp::jobs::describe(job));
}

}  // namespace cprun
