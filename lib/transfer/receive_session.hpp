// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/control.hpp"
#include "transfer/conversation.hpp"
#include "transfer/rail.hpp"
#include "transfer/receiver.hpp"
#include "transfer/stream_out.hpp"
#include "transfer/tally.hpp"
#include "transfer/wake.hpp"
#include "transfer/zstd.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace cp::transfer {

/// Takes one transfer from the peer behind a control connection: one thread for each stream places
/// what comes in, one follows the peer's messages, which may wait for the disk, and the caller's
/// thread listens and speaks, so that the peer always hears that we are alive. For one call of
/// each.
class ReceiveSession final : private ReceiveEvents {
 public:
  struct Parts {
    Control& control;         ///< borrowed
    Tally& tally;             ///< borrowed
    std::string destination;  ///< stands before the paths that could not be written here, if any
    std::string source;       ///< stands before the paths that failed at the peer
    std::chrono::nanoseconds silence{};
    std::function<void()> tick;  ///< called about ten times a second on the caller's thread
    bool expands = false;        ///< chunks may come compressed: it was agreed on
    /// Called at each tick: those that bring chunks, too, from now on. Nobody: there are none.
    std::function<std::vector<std::unique_ptr<ChunkReceiver>>()> more_streams;
    /// Follows what the peer says about rails that join. Nobody: that breaks the protocol.
    std::function<Result<void>(const Message&)> rail_message;
  };
  explicit ReceiveSession(Parts parts) : parts_(std::move(parts)) {}
  ~ReceiveSession() override;

  /// Makes ready to write. cannot_create, denied.
  Result<void> open(Receiver::Settings settings);

  /// Makes ready to write to a stream. io.
  Result<void> open(StreamOut::Settings settings);

  /// The receiver that `open` made.
  const Taker& receiver() const { return *receiver_; }
  /// Tells the peer what earlier attempts left here; before `run`, when it asked to resume.
  Result<void> tell_have();

  /// Takes everything until it is durable and the peer was told so. An error is what ended it
  /// early: the peer's own, timed_out (the peer is gone or silent, or STOP was asked), protocol,
  /// io. What was whole by then stays, and what can be resumed; the peer is told, if it still
  /// listens.
  Result<FinalResult> run(std::vector<std::unique_ptr<ChunkReceiver>> streams,
                          std::stop_token stop);

 private:
  void item_failed(const ItemFailed& failed) override;
  void became_durable(const Durable& all) override;
  void answered(const Answer& answer) override;
  std::optional<Durable> take_durable();

  Result<void> begin();
  Result<FinalResult> converse();
  Result<void> listen();
  void follow();
  std::optional<Message> next_heard();
  Result<void> take(const Message& message);
  Result<void> take_source_failure(const Message& message);
  void conclude(Result<FinalResult> result);
  Result<void> check_lock();
  void begin_finishing();
  bool has_room();
  std::optional<Result<FinalResult>> outcome();
  void speak();
  void begin_stream(std::unique_ptr<ChunkReceiver> stream);
  void take_streams();
  void run_stream(ChunkReceiver& stream);
  Result<void> place_all(ChunkReceiver& stream);
  Result<std::span<const std::byte>> plain_of(const ReceivedChunk& chunk, ZstdExpander& expander);
  void fail_with(const Error& error);
  void end_threads();

  Parts parts_;
  std::optional<Wake> wake_;
  std::optional<Conversation> conversation_;
  std::unique_ptr<Taker> receiver_;
  std::vector<std::unique_ptr<ChunkReceiver>> streams_;
  std::vector<std::jthread> threads_;
  SteadyTime looked_{};
  std::mutex mutex_;  ///< guards what follows
  std::optional<Result<FinalResult>> outcome_;
  std::deque<Message> heard_;
  std::optional<Durable> durable_;  ///< not told yet
  bool is_ending_ = false;          ///< nothing more is heard
  bool is_finishing_ = false;       ///< the receiver is about to let its lock go
  std::condition_variable changed_;
};

}  // namespace cp::transfer
