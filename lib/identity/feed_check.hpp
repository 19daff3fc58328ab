// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/judge.hpp"

#include <nlohmann/json.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cp::identity {

/// A line of a change feed after all that can be said of it alone.
struct CheckedLine {
  std::string problem;           ///< why it is no entry, or no head; then nothing else counts
  std::optional<Error> failure;  ///< the store here failed: nothing is said of the line
  bool is_head = false;
  std::size_t bytes = 0;  ///< of the line
  std::int64_t seq = 0;
  std::string hash;      ///< "sha256:…"; that of `previous` and the entry, as was checked
  std::string previous;  ///< what it says that the entry before has
  std::string kind;
  std::string id;  ///< the resource that the entry is about; empty for others
  std::int64_t record_seq = 0;
  std::string record;    ///< the digest of a record that is not shown
  bool is_kept = false;  ///< a record of a prefix below, which its registry keeps for it
  std::vector<std::string> retired;  ///< keys that the entry says were replaced, or are void
  nlohmann::ordered_json document;   ///< null when it has none
  std::string text;                  ///< of a record: it on one line
  Verdict verdict;                   ///< of a record; of others nothing is said here
};

/// A piece of a feed, in order.
struct FeedChunk {
  std::vector<std::string> lines;
  std::size_t bytes = 0;             ///< of the lines
  std::vector<CheckedLine> checked;  ///< as many, when is_done
  bool is_done = false;
};

/// Checks the lines of feeds on several threads, which are started as they are needed, each with a
/// Judge of its own over the store in a state directory. Chunks come back in the order in which
/// they went in. To be used by one thread.
class FeedChecker {
 public:
  FeedChecker(std::string state_directory, const Clock& clock, unsigned threads);
  ~FeedChecker();

  /// Hands LINES in as a chunk.
  void add(std::vector<std::string> lines);
  /// The oldest chunk, after waiting for it; null when none is under way.
  std::unique_ptr<FeedChunk> take();
  std::size_t chunks_under_way() const { return order_.size(); }
  std::size_t bytes_under_way() const { return bytes_; }

 private:
  void work();

  std::string state_directory_;
  const Clock& clock_;
  unsigned most_threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FeedChunk*> waiting_;
  bool is_over_ = false;
  std::deque<std::unique_ptr<FeedChunk>> order_;  // of the owner's thread alone
  std::size_t bytes_ = 0;                         // of these
  std::vector<std::jthread> threads_;
};

}  // namespace cp::identity
