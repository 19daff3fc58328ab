// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "jobs/driver.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace cp::jobs {

/// Sees several jobs to their end in one thread: drives those that nobody else drives, follows the
/// others, and sleeps until a provider, the store or a clock has something to say.
class JobLoop {
 public:
  JobLoop(JobStore& store, Driver& driver, Launchers& launchers, const Clock& clock,
          std::stop_token stop);
  ~JobLoop();
  JobLoop(const JobLoop&) = delete;
  JobLoop& operator=(const JobLoop&) = delete;

  /// Adds a job that the store has, and an array's elements that have not ended; one that is there
  /// already stays as it is. MAY_DRIVE: take it if nobody has it.
  Result<void> add(Draft draft, bool may_drive = true);

  /// Moves on whatever can be moved now.
  Result<void> turn();
  /// Sleeps until something may have happened, AT_MOST that long.
  void sleep(std::chrono::nanoseconds at_most);

  /// Wakes up for every change of the store, not only when a job here waits for one.
  void watch_store() { watches_store_ = true; }

  /// The job as it was seen last; null when it was never added.
  const Job* find(const std::string& id) const;
  /// Jobs that have not ended.
  std::size_t open_count() const;
  /// Whether any of the jobs that are driven here needs somebody once this process is gone.
  bool has_work() const;
  /// Whether the store was changed by others since the last call of this.
  bool take_store_changed() { return std::exchange(store_changed_, false); }

 private:
  struct Entry {
    Draft draft;
    bool may_drive = true;
    bool is_ready = true;
    Pause pause;
    SteadyTime due{};
    std::unique_ptr<provider::Watch> watch;
    std::string watched;       ///< the token that a watch was asked for, "" for none
    bool watches_all = false;  ///< not only its end
  };
  Result<void> look_at_store();
  bool is_due(const Entry& entry, SteadyTime now, bool others_moved) const;
  void look_at_all(SteadyTime now, bool others_moved);
  Result<void> move(Entry& entry);
  Result<void> follow(Entry& entry);
  void look_out(Entry& entry);
  bool needs_store() const;
  bool must_wait_in_line(const Entry& entry, const std::set<std::string>& full) const;

  JobStore& store_;
  Driver& driver_;
  Launchers& launchers_;
  const Clock& clock_;
  std::stop_token stop_;
  UniqueFd woken_;
  std::unique_ptr<std::stop_callback<std::function<void()>>> wake_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::optional<std::int64_t> seen_;       ///< the newest event that was looked at
  std::set<std::string> moved_elsewhere_;  ///< of this turn
  std::size_t watches_ = 0;
  bool watches_store_ = false;
  bool others_moved_ = true;
  bool store_changed_ = true;
};

}  // namespace cp::jobs
