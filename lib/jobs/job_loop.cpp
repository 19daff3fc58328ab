// SPDX-License-Identifier: Apache-2.0
#include "jobs/job_loop.hpp"

#include <algorithm>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace cp::jobs {
namespace {

using namespace std::chrono_literals;

// An inotify instance each, of which a user has 128.
constexpr std::size_t kMostWatches = 32;
// How long a driver may be dead before whoever waits for its job notices.
constexpr auto kFollow = 1s;

}  // namespace

JobLoop::JobLoop(JobStore& store, Driver& driver, Launchers& launchers, const Clock& clock,
                 std::stop_token stop)
    : store_(store), driver_(driver), launchers_(launchers), clock_(clock), stop_(std::move(stop)) {
  woken_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  wake_ = std::make_unique<std::stop_callback<std::function<void()>>>(
      stop_, [fd = woken_.get()] { (void)!::eventfd_write(fd, 1); });
}

JobLoop::~JobLoop() = default;

Result<void> JobLoop::add(Draft draft, bool may_drive) {
  if (find(draft.job().id) != nullptr) {
    return {};
  }
  const bool is_array = draft.job().is_array() && !draft.job().has_ended();
  const std::string id = draft.job().id;
  entries_.push_back(
      std::make_unique<Entry>(Entry{.draft = std::move(draft), .may_drive = may_drive}));
  if (is_array) {
    CP_TRY_ASSIGN(auto elements, store_.list({.open_only = true, .parent = id}));
    for (auto& element : elements) {
      CP_TRY(add(std::move(element), may_drive));
    }
  }
  return {};
}

// Of an array that has as many elements running as it may, the next ones need not be looked at.
bool JobLoop::must_wait_in_line(const Entry& entry, const std::set<std::string>& full) const {
  const Job& job = entry.draft.job();
  return job.element && job.attempts.empty() && !job.cancel_requested && full.contains(job.parent);
}

// A job that another process drives stands as before until its own row is written.
bool JobLoop::is_due(const Entry& entry, SteadyTime now, bool others_moved) const {
  const bool has_moved = store_.is_driven_here(entry.draft)
                             ? others_moved
                             : moved_elsewhere_.contains(entry.draft.job().id);
  return !entry.draft.job().has_ended() && (entry.is_ready || now >= entry.due ||
                                            (entry.pause.what == Pause::For::others && has_moved));
}

Result<void> JobLoop::look_at_store() {
  CP_TRY_ASSIGN(const bool changed, store_.changed());
  store_changed_ = store_changed_ || changed;
  moved_elsewhere_.clear();
  if (!seen_) {
    CP_TRY_ASSIGN(seen_, store_.last_event());  // each job is looked at once in any case
  } else if (changed) {
    CP_TRY_ASSIGN(moved_elsewhere_, store_.moved_since(*seen_));
  }
  others_moved_ = others_moved_ || changed;
  return {};
}

// One question for all jobs at a provider: the answer for each is there when it is asked for.
void JobLoop::look_at_all(SteadyTime now, bool others_moved) {
  std::map<std::string, std::vector<provider::Token>> running;
  for (const auto& entry : entries_) {
    const Attempt* const attempt = entry->draft.job().current();
    if (attempt != nullptr && attempt->submitted_at && !model::is_terminal(attempt->state) &&
        store_.is_driven_here(entry->draft) && is_due(*entry, now, others_moved)) {
      running[attempt->at.url].push_back(attempt->token);
    }
  }
  for (const auto& [url, tokens] : running) {
    const auto launcher = launchers_.at(url);
    if (tokens.size() > 1 && launcher && (*launcher)->answers_for_many()) {
      (void)(*launcher)->query(tokens, stop_);
    }
  }
}

Result<void> JobLoop::turn() {
  CP_TRY(store_.renew());
  CP_TRY(look_at_store());
  const bool others_moved = std::exchange(others_moved_, false);
  std::set<std::string> full;
  const SteadyTime now = clock_.steady();
  look_at_all(now, others_moved);
  for (auto& entry : entries_) {
    if (stop_.stop_requested()) {
      return {};  // there may be thousands, each with a write
    }
    if (!is_due(*entry, now, others_moved) || must_wait_in_line(*entry, full)) {
      continue;
    }
    entry->is_ready = false;
    const auto before = entry->draft.job().state;
    CP_TRY(move(*entry));
    const Job& job = entry->draft.job();
    others_moved_ = others_moved_ || job.state != before;
    if (entry->pause.what == Pause::For::others && job.element) {
      full.insert(job.parent);
    }
  }
  return {};
}

Result<void> JobLoop::move(Entry& entry) {
  if (!store_.is_driven_here(entry.draft)) {
    CP_TRY(follow(entry));
  }
  if (store_.is_driven_here(entry.draft)) {
    auto pause = driver_.advance(entry.draft, stop_);
    if (!pause && pause.error().code == Errc::failed) {
      CP_TRY(follow(entry));
      return {};
    }
    CP_TRY_ASSIGN(entry.pause, std::move(pause));
  }
  entry.due = clock_.steady() + entry.pause.at_most;
  look_out(entry);
  return {};
}

Result<void> JobLoop::follow(Entry& entry) {
  CP_TRY_ASSIGN(entry.draft, store_.load(entry.draft.job().id));
  entry.pause = {Pause::For::others, kFollow};
  if (entry.may_drive && !entry.draft.job().has_ended()) {
    CP_TRY(store_.take(entry.draft));
  }
  return {};
}

void JobLoop::look_out(Entry& entry) {
  const Attempt* const attempt = entry.draft.job().current();
  const bool is_running = attempt != nullptr && attempt->submitted_at &&
                          !entry.draft.job().has_ended() &&
                          entry.draft.job().retry_at == std::nullopt;
  // The state says that it is active once the job did not end at once.
  const bool wants_all = entry.draft.job().state != model::JobState::queued &&
                         entry.draft.job().state != model::JobState::stage_in;
  if (is_running && entry.watched == attempt->token && entry.watches_all == wants_all) {
    return;
  }
  if (std::exchange(entry.watch, nullptr)) {
    --watches_;
  }
  entry.watched.clear();
  if (!is_running || watches_ >= kMostWatches) {
    return;
  }
  entry.watched = attempt->token;
  entry.watches_all = wants_all;
  using Scope = provider::Launcher::Scope;
  const auto launcher = launchers_.at(attempt->at.url);
  entry.watch =
      launcher ? (*launcher)->watch(attempt->token, wants_all ? Scope::all : Scope::end) : nullptr;
  watches_ += entry.watch ? 1U : 0U;
  // What happened before the watch was there is seen by looking once more.
  entry.is_ready = true;
}

bool JobLoop::needs_store() const {
  return watches_store_ || std::ranges::any_of(entries_, [&](const auto& entry) {
           return !entry->draft.job().has_ended() && (!store_.is_driven_here(entry->draft) ||
                                                      entry->pause.what != Pause::For::provider);
         });
}

void JobLoop::sleep(std::chrono::nanoseconds at_most) {
  SteadyTime until = clock_.steady() + at_most;
  std::vector<pollfd> wanted{{woken_.get(), POLLIN, 0},
                             {needs_store() ? store_.change_fd() : -1, POLLIN, 0}};
  std::vector<Entry*> owners(wanted.size(), nullptr);
  for (auto& entry : entries_) {
    if (entry->draft.job().has_ended()) {
      continue;
    }
    until = entry->is_ready ? SteadyTime{} : std::min(until, entry->due);
    if (entry->watch) {
      wanted.push_back({entry->watch->fd(), POLLIN, 0});
      owners.push_back(entry.get());
    }
  }
  if (others_moved_) {
    return;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock_.steady());
  (void)::poll(wanted.data(), wanted.size(),
               static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000)));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (owners[i] != nullptr && wanted[i].revents != 0) {
      owners[i]->watch->clear();
      owners[i]->is_ready = true;
    }
  }
  eventfd_t ignored = 0;
  (void)!::eventfd_read(woken_.get(), &ignored);
}

const Job* JobLoop::find(const std::string& id) const {
  const auto entry =
      std::ranges::find_if(entries_, [&](const auto& one) { return one->draft.job().id == id; });
  return entry == entries_.end() ? nullptr : &(*entry)->draft.job();
}

std::size_t JobLoop::open_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [](const auto& entry) { return !entry->draft.job().has_ended(); }));
}

bool JobLoop::has_work() const {
  return std::ranges::any_of(entries_, [&](const auto& entry) {
    return store_.is_driven_here(entry->draft) && needs_somebody(entry->draft.job());
  });
}

}  // namespace cp::jobs
