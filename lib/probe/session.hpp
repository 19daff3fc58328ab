// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "probe/flights.hpp"
#include "probe/outcome.hpp"
#include "probe/schedule.hpp"
#include "probe/stamp.hpp"
#include "probe/wire.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

namespace cp::probe {

/// usage for a size that is no STAMP packet's or no UDP datagram's, for a time-out of nothing or
/// one that covers more packets than are kept in mind (Flights::kMost).
Result<void> check_plan(const Plan& plan);

/// The sender of STAMP (RFC 8762 §4.2): sends by an open-loop schedule, never waiting for answers,
/// and matches what comes back by sequence number and by the echo of T1, which nobody knows who has
/// not seen the packet. Each answered packet's round trip is measured by the steady clock; its
/// parts by the kernel's stamps, which a step of the wall clock between them makes useless and
/// which are then left out. Memory is bounded whatever the length of the run, and nothing
/// allocates between packets. The sequence numbers go on where the wire's count stands, from 0 on a
/// new one. One session is one run, on one thread.
class Session {
 public:
  /// Called after packets came or went, at most five times a second.
  using Watch = std::function<void(const Outcome&)>;

  /// PLAN has passed `check_plan`; WIRE and CLOCK outlive the session. SESSION_ID is not 0.
  Session(const Plan& plan, std::uint16_t session_id, Wire& wire, const Clock& clock);

  /// Runs until all packets are answered or lost, until STOP, or until it is clear that nobody
  /// listens: refusals before any answer. What happened is always told, never an error.
  Outcome run(const std::stop_token& stop, const Watch& watch = {});

 private:
  bool is_finished() const;
  void send_due();
  void send(SteadyTime planned);
  bool transmit(Flight& flight);
  void take_stamps();
  void take_replies();
  void take_reply(std::span<const std::byte> packet, const net::Datagram& datagram,
                  SteadyTime arrived);
  void answer(Flight& flight, const stamp::Reply& reply, const net::Datagram& datagram,
              SteadyTime arrived, UnixTime arrived_real);
  void note_peer(const stamp::Reply& reply, const net::Datagram& datagram);
  void split(Flight& flight);
  void retire(SteadyTime now);
  void note_fate(bool is_lost);
  void look_at_clocks();
  std::optional<std::chrono::nanoseconds> clock_offset() const;
  SteadyTime next_event() const;
  void note(const Error& error);
  void tell(const Watch& watch);

  Plan plan_;
  std::uint16_t session_id_;
  Wire& wire_;
  const Clock& clock_;
  Outcome outcome_;
  Flights flights_;
  std::optional<Schedule> schedule_;  ///< absent when packets go back to back
  std::vector<std::byte> packet_;
  std::vector<std::byte> buffer_;
  std::optional<std::chrono::nanoseconds> offset_;  ///< wall clock − steady clock
  std::optional<std::uint32_t> newest_answered_;
  std::uint64_t stamps_awaited_ = 0;
  std::uint64_t loss_run_ = 0;
  SteadyTime resume_;  ///< not before it, after the system took nothing
  SteadyTime told_;
};

}  // namespace cp::probe
