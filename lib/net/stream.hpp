// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

namespace cp::net {

/// A connection that carries bytes both ways, whatever it is made of. Calls block. One thread may
/// send while another receives; `shutdown` may come from any. A peer that is gone is unavailable, a
/// peer that is silent for too long timed_out.
class Stream {
 public:
  virtual ~Stream() = default;

  /// A descriptor that poll(2) calls readable when there is something to receive, or the end.
  virtual int fd() const = 0;
  /// Whether a little can be sent without waiting.
  virtual bool is_writable() const = 0;

  /// How long a call waits for the peer before it is timed_out; 0 is for ever.
  virtual Result<void> set_patience(std::chrono::nanoseconds patience) = 0;

  /// Sends all of FIRST and then all of SECOND.
  virtual Result<void> send(std::span<const std::byte> first,
                            std::span<const std::byte> second) = 0;
  Result<void> send(std::span<const std::byte> bytes) { return send(bytes, {}); }
  /// At least one byte into OUT, or 0 when the peer has ended its side.
  virtual Result<std::size_t> receive(std::span<std::byte> out) = 0;
  /// As `receive`, without waiting: nullopt when nothing is there.
  virtual Result<std::optional<std::size_t>> receive_now(std::span<std::byte> out) = 0;
  /// All of OUT; less only when the peer has ended its side.
  Result<std::size_t> receive_all(std::span<std::byte> out);
  /// As `receive_all`, timed_out at DEADLINE, however steadily single bytes come.
  Result<std::size_t> receive_all(std::span<std::byte> out, SteadyTime deadline);
  /// Waits until there is something to receive, or the end; timed_out at DEADLINE.
  virtual Result<void> wait(SteadyTime deadline) const = 0;

  /// Ends this side: the peer reads what was sent, and then the end.
  virtual void end() = 0;
  /// Ends both sides at once: calls that wait, on either end, return.
  virtual void shutdown() = 0;

 protected:
  Stream() = default;
  Stream(const Stream&) = default;
  Stream(Stream&&) = default;
  Stream& operator=(const Stream&) = default;
  Stream& operator=(Stream&&) = default;
};

}  // namespace cp::net
