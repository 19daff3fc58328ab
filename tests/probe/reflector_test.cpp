// SPDX-License-Identifier: Apache-2.0
#include "probe/reflector.hpp"

#include "probe/clock_state.hpp"
#include "probe/session.hpp"
#include "probe/udp_wire.hpp"

#include "catch.hpp"
#include <random>
#include <thread>
#include <vector>

using cp::net::Endpoint;
using cp::net::IpAddress;
using cp::net::UdpSocket;
using cp::probe::Drop;
using cp::probe::Outcome;
using cp::probe::Plan;
using cp::probe::Reflector;
using cp::probe::Session;
using cp::probe::UdpWire;
namespace stamp = cp::probe::stamp;
using namespace std::chrono_literals;

namespace {

// A reflector on loopback that answers while this lives.
class Running {
 public:
  explicit Running(const char* address = "127.0.0.1")
      : reflector_(Reflector::open({*IpAddress::parse(address), 0}, {}, clock_, random_).value()),
        thread_([this](const std::stop_token& stop) { CHECK(reflector_->run(stop)); }) {}

  Endpoint at(const char* address) const {
    return {*IpAddress::parse(address), reflector_->local().port};
  }
  Reflector& get() { return *reflector_; }

  // The counts once COUNT datagrams have been judged.
  cp::probe::ReflectorCounts after(std::uint64_t count) const {
    const auto end = clock_.steady() + 5s;
    while (true) {
      const auto counts = reflector_->counts();
      std::uint64_t seen = counts.answered + counts.unsent;
      for (const auto dropped : counts.dropped) {
        seen += dropped;
      }
      if (seen >= count || clock_.steady() > end) {
        CHECK(seen == count);
        return counts;
      }
      std::this_thread::yield();
    }
  }

 private:
  cp::SystemClock clock_;
  cp::KernelRandom random_;
  std::unique_ptr<Reflector> reflector_;
  std::jthread thread_;
};

UdpSocket client_of(const Endpoint& peer) {
  auto socket = UdpSocket::connect(peer);
  REQUIRE(socket);
  REQUIRE(socket->set_receive_timeout(2s));
  return std::move(*socket);
}

std::vector<std::byte> request_of(std::uint32_t sequence, std::size_t size) {
  std::vector<std::byte> packet(size);
  for (std::size_t i = stamp::kBase; i < size; ++i) {
    packet[i] = static_cast<std::byte>(i);
  }
  stamp::write_request({sequence, cp::SystemClock().now(), {}, 99}, packet);
  return packet;
}

}  // namespace

TEST_CASE("a request that is too short gets no answer, and the next one does") {
  Running reflector;
  UdpSocket client = client_of(reflector.at("127.0.0.1"));
  const auto request = request_of(1, 44);
  for (std::size_t length = 0; length < 44; ++length) {
    REQUIRE(client.send(std::span(request).first(length)));
  }
  REQUIRE(client.send(request));
  std::vector<std::byte> buffer(100);
  const auto answer = client.receive(buffer);
  REQUIRE(answer);
  REQUIRE(*answer);
  CHECK((*answer)->length == 44);
  const auto counts = reflector.after(45);
  CHECK(counts.answered == 1);
  CHECK(counts.dropped[static_cast<std::size_t>(Drop::too_short)] == 44);
  const auto nothing_more = client.receive_now(buffer);
  REQUIRE(nothing_more);
  CHECK_FALSE(*nothing_more);
}

TEST_CASE("a request from the reflector's own port number, or one that is a reply, is dropped") {
  Running reflector;
  auto same_port = UdpSocket::bind(reflector.at("127.0.0.2"));
  REQUIRE(same_port);
  const auto request = request_of(1, 44);
  cp::net::Datagram to_reflector;
  to_reflector.source = reflector.at("127.0.0.1");
  to_reflector.destination = *IpAddress::parse("127.0.0.2");
  REQUIRE(same_port->answer(to_reflector, request));
  UdpSocket client = client_of(reflector.at("127.0.0.1"));
  auto reply = request;
  const auto now = cp::SystemClock().now();
  REQUIRE(stamp::reflect({now, now, {}, 64}, reply));
  REQUIRE(client.send(reply));
  const auto counts = reflector.after(2);
  CHECK(counts.answered == 0);
  CHECK(counts.dropped[static_cast<std::size_t>(Drop::own_port)] == 1);
  CHECK(counts.dropped[static_cast<std::size_t>(Drop::reply)] == 1);
}

TEST_CASE("a request longer than what is read gets no answer") {
  Running reflector;
  UdpSocket client = client_of(reflector.at("127.0.0.1"));
  REQUIRE(client.send(request_of(1, Reflector::kLongest + 1)));
  const auto counts = reflector.after(1);
  CHECK(counts.dropped[static_cast<std::size_t>(Drop::too_long)] == 1);
}

TEST_CASE("an answer is as long as its request, says what it must and copies the rest") {
  Running reflector;
  UdpSocket client = client_of(reflector.at("127.0.0.1"));
  for (const std::size_t size :
       {std::size_t{44}, std::size_t{45}, std::size_t{1500}, Reflector::kLongest}) {
    INFO(size);
    const cp::SystemClock clock;
    const auto before = clock.now();
    const auto request = request_of(7, size);
    REQUIRE(client.send(request));
    std::vector<std::byte> buffer(Reflector::kLongest + 1);
    const auto answer = client.receive(buffer);
    REQUIRE(answer);
    REQUIRE(*answer);
    REQUIRE((*answer)->length == size);
    const auto reply = stamp::read_reply(std::span(buffer).first(size), before);
    REQUIRE(reply);
    CHECK(reply->sequence == 7);
    CHECK(reply->sender_sequence == 7);
    CHECK(reply->session == 99);
    CHECK(reply->sender_ttl == 255);
    CHECK(reply->error.multiplier != 0);
    CHECK(reply->received >= before);
    CHECK(reply->sent >= reply->received);
    CHECK(reply->sent <= clock.now());
    CHECK(std::equal(request.begin() + 44, request.end(), buffer.begin() + 44));
  }
}

TEST_CASE("random datagrams neither stop a reflector nor get more octets than they have") {
  Running reflector;
  UdpSocket client = client_of(reflector.at("127.0.0.1"));
  std::mt19937_64 random(3);
  std::vector<std::byte> packet(300);
  std::vector<std::byte> buffer(1000);
  std::uint64_t out = 0;
  std::uint64_t in = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    for (auto& byte : packet) {
      byte = static_cast<std::byte>(random());
    }
    const auto length = random() % packet.size();
    REQUIRE(client.send(std::span(packet).first(length)));
    out += length;
    reflector.after(i + 1);
    for (auto answer = client.receive_now(buffer); answer && *answer;
         answer = client.receive_now(buffer)) {
      in += (*answer)->length;
    }
  }
  CHECK(in <= out);
  CHECK(in > 0);
}

TEST_CASE("a session over loopback is answered whole, on both families and any address") {
  for (const auto& [bound, asked] :
       {std::pair("127.0.0.1", "127.0.0.1"), std::pair("0.0.0.0", "127.0.0.5"),
        std::pair("::1", "::1"), std::pair("::", "::1")}) {
    INFO(bound << " " << asked);
    const IpAddress address = *IpAddress::parse(bound);
    if (address.family == cp::net::Family::ipv6 && !UdpSocket::bind({address, 0})) {
      CP_LEAVE_OUT("no IPv6 here");
      continue;
    }
    Running reflector(bound);
    const cp::SystemClock clock;
    auto wire = UdpWire::open(reflector.at(asked), clock, {});
    REQUIRE(wire);
    Plan plan;
    plan.count = 50;
    plan.interval = 1ms;
    const Outcome outcome = Session(plan, 5, *wire, clock).run({});
    CHECK(outcome.received == outcome.sent);
    CHECK(outcome.lost == 0);
    CHECK(outcome.duplicates == 0);
    CHECK(outcome.foreign == 0);
    CHECK(outcome.peer_keeps_session);
    CHECK(outcome.peer_saw_ttl == 255);
    CHECK(outcome.least_ttl == 255);
  }
}

TEST_CASE("the parts of a round trip over loopback come from the kernel and add up") {
  Running reflector;
  const cp::SystemClock clock;
  auto wire = UdpWire::open(reflector.at("127.0.0.1"), clock, {});
  REQUIRE(wire);
  if (!wire->has_kernel_stamps()) {
    CP_LEAVE_OUT("this kernel gives no time-stamps");
    return;
  }
  Plan plan;
  plan.count = 200;
  plan.interval = 1ms;
  const Outcome outcome = Session(plan, 5, *wire, clock).run({});
  REQUIRE(outcome.received > 0);
  // The first packets may pass before the kernel has switched its stamps on, and a busy machine may
  // set this thread aside between two looks at the clocks.
  CHECK(outcome.net.count() * 10 >= outcome.received * 9);
  const auto whole =
      outcome.app_tx.mean() + outcome.net.mean() + outcome.reflector.mean() + outcome.app_rx.mean();
  if (outcome.net.count() == outcome.rtt.count()) {
    CHECK(std::chrono::abs(whole - outcome.rtt.mean()) < 5us);
  }
  CHECK(outcome.net.least() > 0ns);
  CHECK(outcome.net.least() < outcome.rtt.greatest());
}

TEST_CASE("a peer that has gone refuses, and the session ends early") {
  const cp::SystemClock clock;
  auto gone = std::make_optional(UdpSocket::bind({IpAddress::loopback(cp::net::Family::ipv4), 0}));
  REQUIRE(*gone);
  const Endpoint peer = (*gone)->local().value();
  gone.reset();
  auto wire = UdpWire::open(peer, clock, {});
  REQUIRE(wire);
  Plan plan;
  plan.count = 1000;
  plan.interval = 1ms;
  plan.timeout = 10s;
  const Outcome outcome = Session(plan, 5, *wire, clock).run({});
  CHECK(outcome.refused == 3);
  CHECK(outcome.sent < 10);
  CHECK(outcome.duration < 5s);
}

TEST_CASE("a session that waits is stopped at once") {
  const cp::SystemClock clock;
  const auto silent = UdpSocket::bind({IpAddress::loopback(cp::net::Family::ipv4), 0});
  REQUIRE(silent);
  std::stop_source stop;
  auto wire = UdpWire::open(silent->local().value(), clock, stop.get_token());
  REQUIRE(wire);
  Plan plan;
  plan.count = 2;
  plan.interval = 1h;
  plan.timeout = 1h;
  std::thread stopper([&] { stop.request_stop(); });
  const Outcome outcome = Session(plan, 5, *wire, clock).run(stop.get_token());
  stopper.join();
  CHECK(outcome.was_stopped);
  CHECK(outcome.duration < 1min);
}

TEST_CASE("the state of the clock becomes an error estimate") {
  CHECK(cp::probe::to_error_estimate(std::nullopt).error() > 24h);
  CHECK_FALSE(cp::probe::to_error_estimate(std::nullopt).is_synchronised);
  const auto estimate = cp::probe::to_error_estimate(cp::probe::ClockState{true, 3ms, 1ms});
  CHECK(estimate.is_synchronised);
  CHECK(estimate.error() >= 3ms);
  CHECK(estimate.error() < 3100us);
  CHECK(cp::probe::read_clock_state());
}
