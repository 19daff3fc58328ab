// SPDX-License-Identifier: Apache-2.0
#include "base/escape.hpp"
#include "base/file.hpp"
#include "base/signals.hpp"
#include "jobs/job_loop.hpp"
#include "model/json.hpp"
#include "new_job.hpp"
#include "session.hpp"
#include "tail.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <optional>

namespace cprun {
namespace {

using namespace std::chrono_literals;
using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::jobs::Job;
using cp::jobs::JobLoop;
using cp::model::JobState;

/// One `cprun run` from its job's creation to its end.
class Runner {
 public:
  Runner(Context& context, Session& session, const Job& job)
      : context_(context),
        session_(session),
        id_(job.id),
        lease_(job.lease),
        tail_(*session.launchers),
        wants_output_(!context.arguments().has("json")) {}

  /// Sees the job to its end, or until STOP is asked or our output fails.
  Result<void> follow(std::stop_token stop) {
    JobLoop loop(*session_.store, *session_.driver, *session_.launchers, context_.clock(), stop);
    CP_TRY_ASSIGN(auto draft, session_.store->load(id_));
    return follow(loop, std::move(draft), stop);
  }

  Result<void> follow(JobLoop& loop, cp::jobs::Draft draft, std::stop_token stop) {
    CP_TRY(loop.add(std::move(draft)));
    while (true) {
      const auto turned = loop.turn();
      job_ = *loop.find(id_);
      CP_TRY(turned);
      CP_TRY_ASSIGN(const bool more, copy_output());
      const bool is_behind = wants_output_ && tail_.problem() != nullptr;
      if (stop.stop_requested() || (job_->has_ended() && !more && !is_behind)) {
        return {};
      }
      renew_lease();
      if (!more) {
        const auto pause = is_behind ? ask_again : look_again;
        loop.sleep(lease_ ? std::min<std::chrono::nanoseconds>(*lease_ / 3, pause) : pause);
      }
    }
  }

  Result<void> cancel() {
    CP_TRY_ASSIGN(const auto draft, session_.store->load(id_));
    CP_TRY(ask_to_end(session_, draft.job()));
    return follow({});
  }

  const Job& job() const { return *job_; }
  bool may_have_run() const { return job_ && cp::jobs::may_have_run(*job_); }
  bool output_failed() const { return output_failed_; }
  bool output_is_closed() const { return tail_.is_closed(); }

 private:
  // After a failure of our own output the job's stays in its logs.
  Result<bool> copy_output() {
    if (!wants_output_) {
      return false;
    }
    auto copied = tail_.copy(*job_);
    output_failed_ = !copied;
    wants_output_ = copied.has_value();
    return copied;
  }

  void renew_lease() {
    const auto* const attempt = job_->current();
    if (!lease_ || attempt == nullptr || !attempt->submitted_at) {
      return;
    }
    if (const auto launcher = session_.launchers->at(attempt->at.url)) {
      (void)(*launcher)->renew(attempt->token);
    }
  }

  Context& context_;
  Session& session_;
  std::string id_;
  std::optional<std::chrono::nanoseconds> lease_;
  Tail tail_;
  bool wants_output_;
  bool output_failed_ = false;
  std::optional<Job> job_;
};

Result<void> write_records(Context& context, const Job& job,
                           std::optional<cp::AtomicFile>& record) {
  if (context.arguments().has("json")) {
    context.output(kJobColumns).record(to_json(job));
  }
  if (record) {
    CP_TRY(record->write(cp::escape::json(cp::model::to_line(to_json(job))) + "\n"));
    CP_TRY(record->commit());
  }
  return {};
}

void explain_end(const Context& context, const Job& job) {
  if (job.state != JobState::completed && !job.message.empty()) {
    context.warn(job.message);
  } else if (job.state == JobState::failed && job.reason == cp::model::JobReason::timeout) {
    context.warn("the job was ended by its time limit");
  }
}

Result<int> end_of(Context& context, Runner& runner, std::optional<cp::AtomicFile>& record) {
  CP_TRY(write_records(context, runner.job(), record));
  explain_end(context, runner.job());
  if (runner.output_is_closed()) {
    cp::end_by_signal(SIGPIPE);
  }
  const int signal = context.stop_signal();
  return signal != 0 ? signal_base + signal : exit_status_of(runner.job());
}

// An error from here on does not say that the job never ran, as this command's errors do.
Result<int> failed(Context& context, const Runner& runner, const cp::Error& error) {
  if (!runner.may_have_run()) {
    return tl::unexpected(error);
  }
  context.warn(error);
  return cp::exit_status(error.code);
}

Result<int> dry_run(Context& context, const Job& job) {
  context.output().record(cp::model::to_json(job.spec));
  return 0;
}

}  // namespace

Result<int> run(Context& context) {
  cp::survive_closed_pipes();
  CP_TRY_ASSIGN(Session session, Session::open(context));
  std::optional<cp::AtomicFile> record;
  if (const auto file = context.arguments().text("record")) {
    CP_TRY_ASSIGN(auto created, cp::AtomicFile::create_output(*file, 0666));
    record.emplace(std::move(created));
  }
  CP_TRY_ASSIGN(auto drafts, make_job(context, session));
  if (context.arguments().has("dry-run")) {
    return dry_run(context, drafts.front().job());
  }
  const std::string id = drafts.front().job().id;
  session.driver->tell([&](const Job& job) {
    if (job.id == id) {
      tell_state(context, job);
    }
  });
  tell_state(context, drafts.front().job());
  const auto stop = context.stop_on_signals(true);
  Runner runner(context, session, drafts.front().job());
  JobLoop loop(*session.store, *session.driver, *session.launchers, context.clock(), stop);
  for (std::size_t i = 1; i < drafts.size(); ++i) {
    CP_TRY(loop.add(std::move(drafts[i])));
  }
  const auto followed = runner.follow(loop, std::move(drafts.front()), stop);
  if (context.stop_signal() == SIGHUP) {
    CP_TRY(hand_over(context, session));
    return signal_base + SIGHUP;
  }
  // A store that fails is no reason to end the job: whoever comes next goes on with it.
  if (!followed && !stop.stop_requested() && !runner.output_failed()) {
    return failed(context, runner, followed.error());
  }
  if (!followed || stop.stop_requested()) {
    const auto canceled = runner.cancel();
    if (!followed && !runner.output_is_closed()) {
      return failed(context, runner, followed.error());
    }
    if (!canceled) {
      return failed(context, runner, canceled.error());
    }
  }
  const auto end = end_of(context, runner, record);
  return end ? end : failed(context, runner, end.error());
}

}  // namespace cprun
