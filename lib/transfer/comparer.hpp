// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "transfer/landing.hpp"
#include "transfer/message.hpp"
#include "transfer/preserve.hpp"
#include "transfer/sync.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <sys/stat.h>
#include <thread>

namespace cp::transfer {

/// Looks at what stands where offered files would land, in a thread of its own, and answers which
/// of them have to come. What counts as the same gets the mode, the time and whatever else is
/// preserved of its source. Nothing is made, and nothing outside the landing is looked at. Safe on
/// any thread.
class Comparer {
 public:
  /// A file that stays: the entry of its source, what it is, and its content when that was read.
  struct Left {
    const Entry& entry;
    std::uint64_t inode = 0;
    std::optional<Digest> content;
  };
  struct Parts {
    const Landing& landing;  ///< borrowed
    Sync sync;
    Preserve preserve;
    std::function<void(const Answer&)> answer;  ///< on the comparer's thread
    std::function<void(const Left&)> left;      ///< on any
  };
  explicit Comparer(Parts parts);
  ~Comparer();
  Comparer(const Comparer&) = delete;
  Comparer& operator=(const Comparer&) = delete;

  /// Takes files whose paths were judged; waits while many wait already.
  void add(Offer offer);
  /// The sender has compared those files' digests. protocol for what nobody compared. Those that
  /// could not be given their metadata are returned.
  Result<std::vector<Entry>> take(const Same& same);
  /// Answers no more.
  void interrupt();

 private:
  struct Compared {
    Entry entry;
    Digest content;
    std::uint64_t inode = 0;
  };
  void run();
  std::optional<Offer> next();
  Answer::Item judge(Entry& entry);
  Answer::Verdict judge_by_time(const Entry& entry, const struct stat& there);
  std::optional<Digest> read(const std::string& place, std::uint64_t size) const;
  std::optional<struct stat> look(const std::string& place);
  bool repair(const Entry& entry, const struct stat& there) const;
  bool is_as_wanted(const Entry& entry, const struct stat& there) const;

  Parts parts_;
  std::string directory_;  ///< the one that is open
  UniqueFd directory_fd_;
  bool has_directory_ = false;
  std::stop_source stop_;
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable_any changed_;
  std::deque<Offer> offers_;
  std::map<std::uint64_t, Compared> compared_;  ///< by the offer's number
  std::thread thread_;
};

}  // namespace cp::transfer
