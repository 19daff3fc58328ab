// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stream.hpp"
#include "transfer/far_end.hpp"
#include "transfer/message.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace cp::transfer {

/// The control connection of one session. Any thread may send; one thread receives.
class Control final : public FarEnd {
 public:
  /// `expect` waits for PATIENCE at most.
  explicit Control(std::unique_ptr<net::Stream> stream,
                   std::chrono::nanoseconds patience = std::chrono::seconds(10))
      : stream_(std::move(stream)), patience_(patience) {}

  net::Stream& stream() { return *stream_; }
  int fd() const { return stream_->fd(); }

  /// Sends MESSAGE, waiting until the peer takes it. timed_out, unavailable.
  template <class T>
  Result<void> send(const T& message) {
    return send(T::type, encode(message));
  }
  Result<void> send(MessageType type, std::string_view body);
  /// Sends BODY unless that would wait, for another thread that sends or for the peer: then the
  /// peer hears from us anyway, or later. For the thread that receives, which never waits.
  template <class T>
  Result<void> send_if_idle(const T& message) {
    return send_if_idle(T::type, encode(message));
  }
  Result<void> send_if_idle(MessageType type, std::string_view body);

  Result<void> tell(const Entries& entries) override { return told(send(entries)); }
  Result<void> tell(const FileEnd& end) override { return told(send(end)); }
  Result<void> tell(const ItemFailed& failed) override { return told(send(failed)); }
  Result<void> tell(const Totals& totals) override { return told(send(totals)); }
  Result<void> tell(const Kept& kept) override { return told(send(kept)); }
  Result<void> tell(const Offer& offer) override { return told(send(offer)); }
  Result<void> tell(const Same& same) override { return told(send(same)); }
  Result<void> tell(const Present& present) override { return told(send(present)); }
  Result<void> tell(const Finish& finish) override { return told(send(finish)); }

  /// Takes in what has come, without waiting. unavailable when the peer has ended.
  Result<void> take_in();
  /// The next message that has come in whole; pings are left out. protocol for what is none, and
  /// for an unknown one that is not optional.
  Result<std::optional<Message>> next();
  /// Waits for a message of TYPE; timed_out when the patience ends, however slowly it comes. A
  /// SessionError from the peer is returned as the error that it holds; any other message is
  /// protocol.
  Result<Message> expect(MessageType type);

  void shutdown() { stream_->shutdown(); }

 private:
  Result<void> wait(SteadyTime deadline);
  /// RESULT for a transfer that is under way: a peer that is gone then may come back.
  static Result<void> told(Result<void> result);
  void append(std::span<const std::byte> bytes);
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  Result<void> send_locked(MessageType type, std::string_view body);
  std::optional<Message> take_whole(const MessageHeader& header);

  std::unique_ptr<net::Stream> stream_;
  std::chrono::nanoseconds patience_;
  std::mutex sending_;
  std::string buffer_;
  std::size_t at_ = 0;  ///< what lies before it in buffer_ was taken
};

}  // namespace cp::transfer
