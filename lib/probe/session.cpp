// SPDX-License-Identifier: Apache-2.0
#include "probe/session.hpp"

#include <algorithm>

namespace cp::probe {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::size_t kMostOctets = 65'507;  // of UDP payload over IPv4
constexpr std::uint64_t kRefusalsToBelieve = 3;
constexpr int kRepliesAtOnce = 64;
constexpr nanoseconds kTellEvery = milliseconds(200);
constexpr nanoseconds kBackOff = milliseconds(10);
// Two clocks that are read one after the other may be this far apart without either being wrong.
constexpr nanoseconds kClockTolerance = std::chrono::microseconds(50);
constexpr nanoseconds kQuickRead = std::chrono::microseconds(20);

std::size_t flights_needed(const Plan& plan) {
  if (plan.interval.count() == 0) {
    return 1024;
  }
  const auto window = static_cast<std::uint64_t>(plan.timeout / plan.interval) + 16;
  return plan.count == 0 ? window : std::min(window, plan.count + 16);
}

std::optional<Schedule> make_schedule(const Plan& plan, SteadyTime start) {
  return plan.interval.count() == 0 ? std::nullopt
                                    : std::optional(Schedule(start, plan.interval, plan.count));
}

std::size_t samples_expected(const Plan& plan) {
  return plan.count == 0 ? Distribution::kExact
                         : std::min<std::uint64_t>(plan.count, Distribution::kExact);
}

}  // namespace

Result<void> check_plan(const Plan& plan) {
  if (plan.size < stamp::kBase || plan.size > kMostOctets) {
    return fail(Errc::usage, "a packet has {} to {} bytes, not {}", stamp::kBase, kMostOctets,
                plan.size);
  }
  if (plan.timeout.count() <= 0) {
    return fail(Errc::usage, "the time-out must be longer than nothing");
  }
  if (flights_needed(plan) > Flights::kMost) {
    return with_hint(fail(Errc::usage, "the time-out covers more than {} packets", Flights::kMost),
                     "take a shorter --timeout or a longer --interval");
  }
  return {};
}

Session::Session(const Plan& plan, std::uint16_t session_id, Wire& wire, const Clock& clock)
    : plan_(plan),
      session_id_(session_id),
      wire_(wire),
      clock_(clock),
      outcome_(samples_expected(plan)),
      flights_(flights_needed(plan), wire.sent()),
      packet_(plan.size),
      buffer_(std::max<std::size_t>(plan.size, 2048)) {
  stamp::write_padding(packet_);
}

Outcome Session::run(const std::stop_token& stop, const Watch& watch) {
  outcome_.started = clock_.now();
  outcome_.has_kernel_stamps = wire_.has_kernel_stamps();
  offset_ = clock_offset();
  const SteadyTime start = clock_.steady();
  told_ = start;
  schedule_ = make_schedule(plan_, start);
  while (!is_finished() && !stop.stop_requested()) {
    send_due();
    take_stamps();
    take_replies();
    retire(clock_.steady());
    tell(watch);
    if (is_finished()) {
      break;
    }
    if (const auto waited = wire_.wait(next_event()); !waited) {
      note(waited.error());
      break;
    }
  }
  outcome_.was_stopped = !is_finished();
  outcome_.duration = clock_.steady() - start;
  outcome_.planned = schedule_ ? schedule_->passed() : outcome_.sent + outcome_.unsent;
  outcome_.missed = schedule_ ? schedule_->missed() : 0;
  outcome_.pending = outcome_.sent - outcome_.received - outcome_.lost;
  note_fate(false);
  return std::move(outcome_);
}

bool Session::is_finished() const {
  if (plan_.until_first_reply && outcome_.received > 0) {
    return true;
  }
  const std::uint64_t tried = outcome_.sent + outcome_.unsent;
  const std::uint64_t believed =
      plan_.count == 0 ? kRefusalsToBelieve : std::min(kRefusalsToBelieve, plan_.count);
  if (outcome_.received == 0 && outcome_.refused >= believed) {
    return true;
  }
  const bool all_sent = schedule_ ? schedule_->is_done() : plan_.count != 0 && tried >= plan_.count;
  return all_sent && flights_.open() == 0;
}

void Session::send_due() {
  const SteadyTime now = clock_.steady();
  if (schedule_) {
    if (const auto slot = schedule_->take(now)) {
      send(slot->planned);
    }
  } else if (flights_.open() == 0 && now >= resume_) {
    send(now);
  }
}

void Session::send(SteadyTime planned) {
  Flight& flight = flights_.next();
  flight.planned = planned;
  if (!transmit(flight)) {
    ++outcome_.unsent;
    resume_ = clock_.steady() + kBackOff;
    return;
  }
  flight.state = Flight::State::open;
  flights_.launch();
  ++outcome_.sent;
  ++stamps_awaited_;
  const nanoseconds lateness = flight.sent - planned;
  outcome_.lateness.add(lateness);
  if (schedule_ && lateness > plan_.interval / 10) {
    ++outcome_.late;
  }
}

bool Session::transmit(Flight& flight) {
  // The first try may only hand over what came back for an earlier packet.
  for (int attempt = 0; attempt < 2; ++attempt) {
    stamp::Request request{flight.sequence, clock_.now(), {}, session_id_};
    flight.sent = clock_.steady();
    flight.sent_real = request.sent;
    flight.time_bits = stamp::encode_time(request.sent, request.error.format);
    stamp::write_request(request, packet_);
    const auto sent = wire_.send(packet_);
    if (sent) {
      return true;
    }
    note(sent.error());
  }
  return false;
}

void Session::take_stamps() {
  while (outcome_.has_kernel_stamps && stamps_awaited_ > 0) {
    const auto stamp = wire_.transmit_stamp();
    if (!stamp) {
      return;
    }
    --stamps_awaited_;
    Flight* flight = flights_.find(stamp->number);
    if (flight != nullptr && flight->state != Flight::State::none) {
      flight->left = stamp->time;
    }
  }
}

void Session::take_replies() {
  for (int i = 0; i < kRepliesAtOnce; ++i) {
    const auto datagram = wire_.receive(buffer_);
    const SteadyTime arrived = clock_.steady();
    if (!datagram) {
      note(datagram.error());
      continue;
    }
    if (!*datagram) {
      return;
    }
    take_reply(std::span(buffer_).first((*datagram)->length), **datagram, arrived);
  }
}

void Session::take_reply(std::span<const std::byte> packet, const net::Datagram& datagram,
                         SteadyTime arrived) {
  const UnixTime arrived_real = clock_.now();
  const auto reply = stamp::read_reply(packet, arrived_real);
  Flight* flight = reply ? flights_.find(reply->sender_sequence) : nullptr;
  if (flight == nullptr || flight->state == Flight::State::none ||
      flight->time_bits != reply->sender_time_bits ||
      (reply->session != 0 && reply->session != session_id_)) {
    ++outcome_.foreign;
  } else if (flight->state == Flight::State::answered) {
    ++outcome_.duplicates;
  } else if (flight->state == Flight::State::lost || arrived - flight->sent > plan_.timeout) {
    ++outcome_.too_late;
  } else {
    answer(*flight, *reply, datagram, arrived, arrived_real);
  }
}

void Session::answer(Flight& flight, const stamp::Reply& reply, const net::Datagram& datagram,
                     SteadyTime arrived, UnixTime arrived_real) {
  flight.state = Flight::State::answered;
  flight.arrived_real = arrived_real;
  flight.came = datagram.kernel_time;
  flight.residence = reply.sent - reply.received;
  ++outcome_.received;
  const nanoseconds round_trip = arrived - flight.sent;
  outcome_.rtt.add(round_trip);
  outcome_.response.add(arrived - flight.planned);
  if (newest_answered_ && static_cast<std::int32_t>(flight.sequence - *newest_answered_) < 0) {
    ++outcome_.reordered;
  } else {
    newest_answered_ = flight.sequence;
  }
  note_peer(reply, datagram);
  const nanoseconds by_wall_clock = arrived_real - flight.sent_real;
  if (std::chrono::abs(by_wall_clock - round_trip) > kClockTolerance) {
    ++outcome_.wild;
    flight.is_wild = true;
    look_at_clocks();
  }
  split(flight);
}

void Session::note_peer(const stamp::Reply& reply, const net::Datagram& datagram) {
  outcome_.peer_is_short = outcome_.peer_is_short || reply.is_short;
  outcome_.peer_keeps_session = outcome_.peer_keeps_session && reply.session == session_id_;
  outcome_.peer_saw_ttl = reply.sender_ttl;
  if (datagram.ttl) {
    outcome_.least_ttl = std::min(*datagram.ttl, outcome_.least_ttl.value_or(255));
    outcome_.greatest_ttl = std::max(*datagram.ttl, outcome_.greatest_ttl.value_or(0));
  }
}

void Session::split(Flight& flight) {
  if (!flight.left || !flight.came || flight.is_wild) {
    ++outcome_.unsplit;
    return;
  }
  const nanoseconds app_tx = *flight.left - flight.sent_real;
  const nanoseconds outside = *flight.came - *flight.left;
  const nanoseconds app_rx = flight.arrived_real - *flight.came;
  const nanoseconds residence = *flight.residence;
  if (std::min({app_tx, app_rx, residence, outside - residence}).count() < 0) {
    ++outcome_.unsplit;
    return;
  }
  outcome_.app_tx.add(app_tx);
  outcome_.net.add(outside - residence);
  outcome_.reflector.add(residence);
  outcome_.app_rx.add(app_rx);
}

// In the order of sending, so that runs of losses show.
void Session::retire(SteadyTime now) {
  while (flights_.open() > 0) {
    Flight& flight = flights_.oldest();
    if (flight.state == Flight::State::open) {
      if (now - flight.sent <= plan_.timeout) {
        return;
      }
      flight.state = Flight::State::lost;
      ++outcome_.lost;
    }
    note_fate(flight.state == Flight::State::lost);
    flights_.retire();
  }
}

void Session::note_fate(bool is_lost) {
  if (is_lost) {
    ++loss_run_;
    outcome_.longest_loss = std::max(outcome_.longest_loss, loss_run_);
  } else if (loss_run_ > 0) {
    ++outcome_.loss_runs;
    loss_run_ = 0;
  }
}

// The steady clock is only slewed, never set, and so is the wall clock while nobody sets it.
void Session::look_at_clocks() {
  const auto offset = clock_offset();
  if (!offset) {
    return;
  }
  if (offset_ && std::chrono::abs(*offset - *offset_) > kClockTolerance) {
    ++outcome_.clock_steps;
  }
  offset_ = offset;
}

// nullopt when this thread was interrupted each time between the clocks.
std::optional<nanoseconds> Session::clock_offset() const {
  for (int attempt = 0; attempt < 8; ++attempt) {
    const SteadyTime before = clock_.steady();
    const UnixTime wall = clock_.now();
    if (clock_.steady() - before < kQuickRead) {
      return wall.time_since_epoch() - before.time_since_epoch();
    }
  }
  return std::nullopt;
}

SteadyTime Session::next_event() const {
  SteadyTime next = SteadyTime::max();
  if (schedule_ && !schedule_->is_done()) {
    next = schedule_->due();
  } else if (!schedule_ && flights_.open() == 0) {
    next = resume_;
  }
  if (flights_.open() > 0) {
    next = std::min(next, flights_.oldest().sent + plan_.timeout + nanoseconds(1));
  }
  return next;
}

void Session::note(const Error& error) {
  if (error.code == Errc::unavailable) {
    ++outcome_.refused;
  }
  outcome_.error = error;
}

void Session::tell(const Watch& watch) {
  if (!watch) {
    return;
  }
  const SteadyTime now = clock_.steady();
  if (now - told_ >= kTellEvery) {
    told_ = now;
    watch(outcome_);
  }
}

}  // namespace cp::probe
