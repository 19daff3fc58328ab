// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/answers.hpp"
#include "transfer/chunk_reader.hpp"
#include "transfer/far_end.hpp"
#include "transfer/have.hpp"
#include "transfer/idle_cores.hpp"
#include "transfer/level_control.hpp"
#include "transfer/pacer.hpp"
#include "transfer/rail.hpp"
#include "transfer/squeezer.hpp"
#include "transfer/stream_paces.hpp"
#include "transfer/tally.hpp"
#include "transfer/walk.hpp"
#include "transfer/work.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <vector>

namespace cp::transfer {

/// The sending end of a transfer: one thread walks and plans, and one for each stream reads, hashes
/// and sends whatever comes next, so that a fast stream takes more. A broken stream's unfinished
/// chunks go out by the others; when all are broken, the transfer failed.
class Sender final : private ReadEvents {
 public:
  struct Parts {
    const std::vector<Source>& sources;  ///< borrowed
    WalkOptions walk;
    FarEnd& far;                                        ///< borrowed
    Tally& tally;                                       ///< borrowed
    std::vector<std::unique_ptr<ChunkSender>> streams;  ///< one at least
    const HaveTable* have = nullptr;  ///< borrowed: what the far end has from earlier attempts
    bool knows_extras = true;         ///< the far end does (Planner)
    bool offers_first = false;        ///< files that the far end may have
    bool tells_present = false;       ///< as the Planner does
    double bytes_per_second = 0;      ///< on the wire at most; 0: as fast as it goes
    Compression compression = no_compression;  ///< that the far end agreed to
    Compressors* compressors = nullptr;        ///< borrowed; nullptr: it has its own
    std::function<void()> changed;  ///< called from any thread when `state` may be another
  };
  explicit Sender(Parts parts);
  /// Interrupts what still runs, and waits for it.
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void start();
  /// Lets STREAM carry, too, unless all is over. Not while another thread calls `end`.
  void join(std::unique_ptr<ChunkSender> stream);

  /// Whether every chunk was placed, or what went wrong; nullopt while it runs. An item that failed
  /// is in the tally and no error here.
  std::optional<Result<void>> state() const;

  /// The receiver's answer to an offer; protocol when nobody asked. Any thread.
  Result<void> answered(Answer answer) { return answers_.add(std::move(answer)); }
  /// The receiver could not take an item. Any thread.
  void far_failed(const ItemFailed& failed);
  /// Gives up. Any thread.
  void interrupt(const Error& why);
  /// Gives up, if it runs, and waits until nothing of it runs any more.
  void end();

 private:
  struct Unfinished;

  Result<void> file_ended(const SourceFile& file, const FileEnd& end) override;
  Result<void> source_failed(const Source& source, const Entry& entry, const Error& error) override;

  Result<void> plan();
  Result<void> plan_stream(const Source& source);
  std::vector<ChunkSender*> streams() const;
  void begin_stream(ChunkSender& stream);
  void run_planner();
  void run_stream(ChunkSender& stream);
  Result<void> feed(ChunkSender& stream, Unfinished& unfinished);
  Result<std::optional<Work>> next_work(ChunkSender& stream, Unfinished& unfinished);
  Result<bool> send_one(ChunkSender& stream, Work work, Unfinished& unfinished);
  void steer();
  void stream_broke(const Error& why);
  void thread_ended();
  void remember(const std::shared_ptr<SourceFile>& file);
  std::shared_ptr<SourceFile> forget(std::uint64_t id);

  Parts parts_;
  WorkQueue queue_;
  Answers answers_;
  StreamPaces paces_;
  Pacer pacer_;
  LevelControl levels_;
  Compressors compressors_;
  std::mutex steering_;  ///< guards the idle cores
  IdleCores idle_cores_;
  std::stop_source stop_;
  mutable std::mutex mutex_;  ///< guards what follows, and the parts' streams
  std::unordered_map<std::uint64_t, std::shared_ptr<SourceFile>> files_;
  std::optional<Error> error_;
  std::size_t streams_alive_ = 0;
  std::size_t threads_ = 0;
  bool ended_ = false;
  std::atomic<bool> stream_is_given_up_{false};
  std::vector<std::jthread> running_;
};

}  // namespace cp::transfer
