// SPDX-License-Identifier: Apache-2.0
#include "probe/session.hpp"

#include "fake_network.hpp"

#include "catch.hpp"

using cp::Errc;
using cp::probe::Distribution;
using cp::probe::Outcome;
using cp::probe::Plan;
using cp::probe::Session;
using cp::test::FakeClock;
using cp::test::FakeWire;
using Delays = FakeWire::Delays;
using namespace std::chrono_literals;

namespace {

Plan plan_of(std::uint64_t count, std::chrono::nanoseconds interval) {
  Plan plan;
  plan.count = count;
  plan.interval = interval;
  return plan;
}

Outcome run(const Plan& plan, FakeWire& wire, const FakeClock& clock,
            const std::stop_token& stop = {}) {
  REQUIRE(cp::probe::check_plan(plan));
  return Session(plan, 4711, wire, clock).run(stop);
}

std::chrono::nanoseconds median(const Distribution& distribution) {
  return Distribution::Quantiles(distribution).at(500).value();
}

}  // namespace

TEST_CASE("a plan that no packet or memory can hold is refused") {
  Plan plan;
  plan.size = 43;
  CHECK(cp::probe::check_plan(plan).error().code == Errc::usage);
  plan.size = 65'508;
  CHECK(cp::probe::check_plan(plan).error().code == Errc::usage);
  plan.size = 65'507;
  CHECK(cp::probe::check_plan(plan));
  plan.timeout = 0ns;
  CHECK(cp::probe::check_plan(plan).error().code == Errc::usage);
  plan.timeout = 1h;
  plan.interval = 1us;
  plan.count = 0;
  CHECK(cp::probe::check_plan(plan).error().code == Errc::usage);
  plan.count = 100;
  CHECK(cp::probe::check_plan(plan));
}

TEST_CASE("a peer that never answers loses every packet") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{}; });
  const auto start = clock.steady();
  const Outcome outcome = run(plan_of(5, 10ms), wire, clock);
  CHECK(outcome.sent == 5);
  CHECK(outcome.received == 0);
  CHECK(outcome.lost == 5);
  CHECK(outcome.loss_ratio() == 1.0);
  CHECK(outcome.loss_runs == 1);
  CHECK(outcome.longest_loss == 5);
  CHECK(outcome.rtt.is_empty());
  CHECK(clock.steady() - start == 40ms + 1s + 1ns);
}

TEST_CASE("a peer that refuses is not asked for ever") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{}; });
  wire.refuses = true;
  const Outcome outcome = run(plan_of(0, 10ms), wire, clock);
  CHECK(outcome.refused == 3);
  CHECK(outcome.sent == 3);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == Errc::unavailable);
}

TEST_CASE("a system that takes no packet is not the network's loss") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{1ms}; });
  wire.is_full = true;
  for (const auto interval : {10ms, 0ms}) {
    const Outcome outcome = run(plan_of(4, interval), wire, clock);
    CHECK(outcome.unsent == 4);
    CHECK(outcome.sent == 0);
    CHECK(outcome.lost == 0);
    CHECK_FALSE(outcome.loss_ratio());
  }
}

TEST_CASE("a constant delay is measured exactly and split into its parts") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{10ms}; });
  const Outcome outcome = run(plan_of(200, 10ms), wire, clock);
  CHECK(outcome.planned == 200);
  CHECK(outcome.sent == 200);
  CHECK(outcome.received == 200);
  CHECK(outcome.missed == 0);
  CHECK(outcome.late == 0);
  CHECK(outcome.unsplit == 0);
  CHECK(outcome.loss_ratio() == 0.0);
  CHECK(median(outcome.rtt) == 10ms);
  CHECK(outcome.rtt.greatest() == 10ms);
  CHECK(median(outcome.app_tx) == 500ns);
  CHECK(median(outcome.reflector) == 2us);
  CHECK(median(outcome.app_rx) == 1us);
  CHECK(median(outcome.net) == 10ms - 500ns - 2us - 1us);
  CHECK(outcome.least_ttl == 250);
  CHECK(outcome.peer_saw_ttl == 60);
  CHECK(outcome.peer_keeps_session);
  CHECK_FALSE(outcome.peer_is_short);
}

TEST_CASE("packets are sent by the schedule however long the answers take") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{500ms}; });
  const auto start = clock.steady();
  const Outcome outcome = run(plan_of(100, 10ms), wire, clock);
  CHECK(outcome.received == 100);
  CHECK(outcome.lateness.greatest() == 0ns);
  CHECK(clock.steady() - start == 990ms + 500ms);
}

TEST_CASE("back to back, the next packet waits for the last one's answer") {
  FakeClock clock;
  FakeWire wire(clock, [](auto number) { return number == 3 ? Delays{} : Delays{5us}; });
  const auto start = clock.steady();
  const Outcome outcome = run(plan_of(10, 0ns), wire, clock);
  CHECK(outcome.received == 9);
  CHECK(outcome.lost == 1);
  CHECK(clock.steady() - start == 9 * 5us + 1s + 1ns);
}

TEST_CASE("losses are counted exactly, and their runs") {
  FakeClock clock;
  FakeWire wire(clock, [](auto number) {
    const bool is_lost = (number >= 20 && number < 27) || number == 50 || number == 99;
    return is_lost ? Delays{} : Delays{3ms};
  });
  const Outcome outcome = run(plan_of(100, 1ms), wire, clock);
  CHECK(outcome.received == 91);
  CHECK(outcome.lost == 9);
  CHECK(outcome.loss_ratio() == 0.09);
  CHECK(outcome.loss_runs == 3);
  CHECK(outcome.longest_loss == 7);
}

TEST_CASE("duplicates and reordered answers are counted exactly") {
  FakeClock clock;
  FakeWire wire(clock, [](auto number) {
    if (number == 10) {
      return Delays{3ms, 4ms, 9ms};
    }
    // Overtaken by the three that are sent 1, 2 and 3 ms later.
    return number == 40 ? Delays{6500us} : Delays{3ms};
  });
  const Outcome outcome = run(plan_of(100, 1ms), wire, clock);
  CHECK(outcome.received == 100);
  CHECK(outcome.duplicates == 2);
  CHECK(outcome.reordered == 1);
  CHECK(outcome.lost == 0);
}

TEST_CASE("an answer after the time-out is late, and its packet lost") {
  FakeClock clock;
  FakeWire wire(clock, [](auto number) { return number == 5 ? Delays{30ms} : Delays{1ms}; });
  Plan plan = plan_of(100, 1ms);
  plan.timeout = 20ms;
  const Outcome outcome = run(plan, wire, clock);
  CHECK(outcome.too_late == 1);
  CHECK(outcome.lost == 1);
  CHECK(outcome.received == 99);
  CHECK(outcome.rtt.greatest() == 1ms);
}

TEST_CASE("a sender that is held up counts the slots it missed and does not blame the network") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{100us}; });
  int waits = 0;
  wire.before_wait = [&] {
    if (++waits == 21) {
      clock.advance(55ms);
    }
  };
  const Outcome outcome = run(plan_of(100, 10ms), wire, clock);
  CHECK(outcome.planned == 100);
  CHECK(outcome.missed == 4);
  CHECK(outcome.sent == 96);
  CHECK(outcome.late == 1);
  CHECK(outcome.received == 96);
  CHECK(outcome.lost == 0);
  // From the time that was planned, the stall shows.
  CHECK(outcome.response.greatest() > outcome.rtt.least() + 4ms);
}

TEST_CASE("a step of the wall clock is noticed and spoils no round trip") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{2ms}; });
  int waits = 0;
  wire.before_wait = [&] {
    // Odd waits are those for an answer.
    if (++waits == 51) {
      clock.step_wall(1s);
    }
  };
  const Outcome outcome = run(plan_of(100, 10ms), wire, clock);
  CHECK(outcome.clock_steps == 1);
  CHECK(outcome.received == 100);
  CHECK(outcome.rtt.greatest() == 2ms);
  CHECK(outcome.wild == 1);
  CHECK(outcome.unsplit == 1);
  CHECK(outcome.net.count() == 99);
  CHECK(outcome.net.greatest() == 2ms - 500ns - 2us - 1us);
}

TEST_CASE("without transmit stamps the round trip is whole and has no parts") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{2ms}; });
  wire.gives_transmit_stamps = false;
  const Outcome outcome = run(plan_of(10, 10ms), wire, clock);
  CHECK(outcome.received == 10);
  CHECK(outcome.unsplit == 10);
  CHECK(outcome.net.is_empty());
  CHECK(outcome.rtt.count() == 10);
}

TEST_CASE("a reflector whose times make no sense gives no parts") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{2ms}; });
  wire.change = [](auto& packet) {
    // T2 and T3 change places: it answered before it had received.
    std::swap_ranges(packet.begin() + 4, packet.begin() + 12, packet.begin() + 16);
  };
  const Outcome outcome = run(plan_of(10, 10ms), wire, clock);
  CHECK(outcome.received == 10);
  CHECK(outcome.unsplit == 10);
  CHECK(outcome.reflector.is_empty());
}

TEST_CASE("packets that answer nothing of ours change nothing") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{1ms}; });
  int calls = 0;
  wire.change = [&](std::vector<std::byte>& packet) {
    switch (calls++ % 5) {
      case 0:  // a sequence number never sent
        packet[24] = std::byte{0x7f};
        break;
      case 1:  // another T1
        packet[35] ^= std::byte{1};
        break;
      case 2:  // another session
        packet[15] ^= std::byte{1};
        break;
      case 3:
        packet.resize(37);
        break;
      default:
        break;
    }
  };
  const Outcome outcome = run(plan_of(100, 10ms), wire, clock);
  CHECK(outcome.foreign == 80);
  CHECK(outcome.received == 20);
  CHECK(outcome.lost == 80);
}

TEST_CASE("a peer without session identifiers, or with short replies, is taken and noted") {
  FakeClock clock;
  FakeWire wire(clock, [](auto) { return Delays{1ms}; });
  wire.change = [](std::vector<std::byte>& packet) {
    packet[14] = packet[15] = std::byte{0};
    packet.resize(38);
  };
  const Outcome outcome = run(plan_of(10, 10ms), wire, clock);
  CHECK(outcome.received == 10);
  CHECK(outcome.peer_is_short);
  CHECK_FALSE(outcome.peer_keeps_session);
  CHECK_FALSE(outcome.peer_saw_ttl);
}

TEST_CASE("a stopped session tells what it has, and what was on its way is not lost") {
  FakeClock clock;
  std::stop_source stop;
  FakeWire wire(clock, [&](auto number) {
    if (number == 49) {
      stop.request_stop();
    }
    return Delays{95ms};
  });
  const Outcome outcome = run(plan_of(0, 10ms), wire, clock, stop.get_token());
  CHECK(outcome.was_stopped);
  CHECK(outcome.planned == 50);
  CHECK(outcome.sent == 50);
  CHECK(outcome.received == 40);
  CHECK(outcome.pending == 10);
  CHECK(outcome.lost == 0);
  CHECK(outcome.loss_ratio() == 0.0);
}

TEST_CASE("a session that only looks whether somebody answers ends with the first answer") {
  FakeClock clock;
  FakeWire wire(clock, [](auto number) { return number == 1 ? Delays{5ms} : Delays{}; });
  Plan plan = plan_of(3, 300ms);
  plan.until_first_reply = true;
  const Outcome outcome = run(plan, wire, clock);
  CHECK(outcome.sent == 2);
  CHECK(outcome.received == 1);
  // The next session on the wire goes on with the sequence numbers.
  const Outcome next = run(plan_of(1, 10ms), wire, clock);
  CHECK(next.sent == 1);
  CHECK(next.unsplit == 0);
}

TEST_CASE("a long run takes no more memory than the ring and the buckets") {
  FakeClock clock;
  FakeWire wire(clock, [](auto number) { return Delays{1ms + std::chrono::nanoseconds(number)}; });
  const Outcome outcome = run(plan_of(300'000, 100us), wire, clock);
  CHECK(outcome.received == 300'000);
  CHECK(outcome.rtt.quantile_error_ratio() > 0);
  CHECK(outcome.rtt.greatest() == 1ms + 299'999ns);
}
