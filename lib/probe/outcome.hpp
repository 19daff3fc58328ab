// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "probe/distribution.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace cp::probe {

/// What a session is to send.
struct Plan {
  std::uint64_t count = 100;                      ///< packets; 0: until it is stopped
  std::chrono::nanoseconds interval{10'000'000};  ///< 0: the next when the last is answered or lost
  std::chrono::nanoseconds timeout{1'000'000'000};  ///< after it a packet counts as lost
  std::size_t size = 44;           ///< octets of UDP payload, stamp::kBase at least
  bool until_first_reply = false;  ///< only find out whether somebody answers
};

/// What became of a session's packets. Plain data.
struct Outcome {
  explicit Outcome(std::size_t expected)
      : rtt(expected),
        response(expected),
        lateness(expected),
        app_tx(expected),
        net(expected),
        reflector(expected),
        app_rx(expected) {}

  UnixTime started;
  std::chrono::nanoseconds duration{};
  bool was_stopped = false;  ///< before all that was planned was done
  bool has_kernel_stamps = false;

  std::uint64_t planned = 0;  ///< slots of the schedule up to its end, or to the stop
  std::uint64_t sent = 0;
  std::uint64_t missed = 0;    ///< slots whose time went by before the sender got to them
  std::uint64_t late = 0;      ///< packets sent more than a tenth of the interval after their time
  std::uint64_t unsent = 0;    ///< packets that the system did not take
  std::uint64_t received = 0;  ///< packets answered in time
  std::uint64_t lost = 0;      ///< packets not answered in time
  std::uint64_t pending = 0;   ///< packets whose time was not over when the session was stopped
  std::uint64_t too_late = 0;  ///< answers after the time-out; their packets are lost
  std::uint64_t duplicates = 0;  ///< further answers to packets that were answered
  std::uint64_t reordered = 0;   ///< answers that came after one to a later packet (RFC 4737)
  std::uint64_t foreign = 0;     ///< packets that answer nothing of ours
  std::uint64_t refused = 0;     ///< times that the peer's host said that nobody listens
  std::uint64_t loss_runs = 0;   ///< runs of packets lost one after the other
  std::uint64_t longest_loss = 0;
  std::uint64_t clock_steps = 0;  ///< times that the wall clock was set
  std::uint64_t unsplit = 0;      ///< answers whose kernel time-stamps were missing or unusable
  std::uint64_t wild = 0;         ///< of those: the wall clock ran unlike the steady one

  Distribution rtt;        ///< from just before the send call to just after the receive call
  Distribution response;   ///< from the time that was planned for the packet
  Distribution lateness;   ///< from the time planned to the send call
  Distribution app_tx;     ///< from before the send call to the kernel's transmit stamp
  Distribution net;        ///< between the kernel's stamps, less the reflector's time
  Distribution reflector;  ///< T3 − T2 by the peer's clock
  Distribution app_rx;     ///< from the kernel's receive stamp to after the receive call

  bool peer_is_short = false;             ///< it answers as TWAMP-Light does, with fewer octets
  bool peer_keeps_session = true;         ///< it copies the session identifier (RFC 8972)
  std::optional<std::uint8_t> least_ttl;  ///< with which answers arrived here
  std::optional<std::uint8_t> greatest_ttl;
  std::optional<std::uint8_t> peer_saw_ttl;  ///< with which the last packet arrived there
  std::optional<Error> error;                ///< the last failure to send or receive

  /// Lost ÷ (answered + lost); nullopt before any packet's fate is known.
  std::optional<double> loss_ratio() const {
    const std::uint64_t known = received + lost;
    return known == 0 ? std::nullopt
                      : std::optional(static_cast<double>(lost) / static_cast<double>(known));
  }
};

}  // namespace cp::probe
