// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/limits.hpp"
#include "transfer/source_file.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace cp::transfer {

/// Small files of one source that travel in one chunk.
struct PackWork {
  std::uint64_t id = 0;
  const Source* source = nullptr;  ///< borrowed for the whole transfer
  std::vector<Entry> files;
};

/// One leaf of a file that travels alone.
struct ChunkWork {
  std::shared_ptr<SourceFile> file;
  std::uint64_t offset = 0;
  /// Stands for all leaves from the offset on. Only in the queue, so that the walk goes on, and
  /// knows the totals, while one large file moves.
  bool means_rest = false;
};

/// One leaf of a stream, which can be read only once.
struct BlockWork {
  std::uint64_t id = 0;
  std::uint64_t offset = 0;
  Digest digest;
  std::shared_ptr<const std::vector<std::byte>> data;
};

/// What one chunk is made of.
using Work = std::variant<PackWork, ChunkWork, BlockWork>;

/// Work on its way from the planner to the streams, bounded. A stream that takes work answers for
/// it until it calls `done`; what a broken stream had not finished is put back and goes out by
/// another. No more is taken while limits::chunks_on_their_way are not done. Safe on any thread.
class WorkQueue {
 public:
  explicit WorkQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Waits for room. False when STOP was asked or the queue was abandoned.
  bool push(Work work, std::stop_token stop);
  /// Nothing more is pushed; `take` ends when all work is done.
  void close();
  /// Nobody takes or waits any more.
  void abandon();

  /// Whether somebody wants to take work when so many chunks are all that is left.
  using Appetite = std::function<bool(std::size_t left)>;

  /// The next work; nullopt when there is none to take at this moment. APPETITE is asked only once
  /// it is known how much is left.
  std::optional<Work> try_take(const Appetite& appetite = always);
  /// Waits for the next work; nullopt when all is done, or on STOP. APPETITE is asked again
  /// whenever another thread has taken work, or left it to others.
  std::optional<Work> take(std::stop_token stop, const Appetite& appetite = always);
  /// Whether there is work that nobody may take, since limits::chunks_on_their_way are not done,
  /// after waiting for PATIENCE at most for another thread to end that.
  bool is_held_back(std::chrono::milliseconds patience);
  void done(std::size_t count);
  void put_back(std::vector<Work> work);

 private:
  std::optional<Work> take_front();
  std::optional<Work> take_whole();
  std::optional<ChunkWork> next_leaf();
  static bool always(std::size_t /*left*/) { return true; }
  std::size_t left() const;
  bool has_work(const Appetite& appetite) const {
    return !queue_.empty() && unfinished_ < limits::chunks_on_their_way &&
           (!closed_ || appetite(left()));
  }
  bool is_over() const { return abandoned_ || (closed_ && queue_.empty() && unfinished_ == 0); }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Work> queue_;
  std::size_t unfinished_ = 0;  ///< taken and not done
  bool closed_ = false;
  bool abandoned_ = false;
};

}  // namespace cp::transfer
