// SPDX-License-Identifier: Apache-2.0
#include "probe/admission.hpp"

#include "probe/stamp.hpp"

#include "catch.hpp"
#include <set>
#include <vector>

using cp::SteadyTime;
using cp::net::Datagram;
using cp::net::IpAddress;
using cp::net::Network;
using cp::probe::Admission;
using cp::probe::Drop;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kPort = 7032;
const SteadyTime kNow{100s};

Datagram datagram(const char* source, std::uint16_t port, std::size_t length = 44) {
  Datagram out;
  out.length = length;
  out.source = {*IpAddress::parse(source), port};
  return out;
}

Admission admission(std::vector<const char*> allow = {}) {
  Admission::Rules rules;
  for (const char* network : allow) {
    rules.allow.push_back(*Network::parse(network));
  }
  return Admission(std::move(rules), kPort, 1);
}

Drop judge(Admission& rules, const Datagram& d, SteadyTime now = kNow) {
  return rules.judge(d, std::vector<std::byte>(d.length), now);
}

}  // namespace

TEST_CASE("requests that could be turned against others are dropped") {
  Admission rules = admission({"10.0.0.0/8", "0.0.0.0/0", "::/0"});
  for (std::size_t length = 0; length < 44; ++length) {
    CHECK(judge(rules, datagram("127.0.0.1", 40000, length)) == Drop::too_short);
  }
  for (const auto port : std::vector<std::uint16_t>{0, 1, 7, 53, 123, 862, 1023}) {
    CHECK(judge(rules, datagram("10.0.0.1", port)) == Drop::low_port);
  }
  CHECK(judge(rules, datagram("10.0.0.1", kPort)) == Drop::own_port);
  CHECK(judge(rules, datagram("10.0.0.1", 1024)) == Drop::none);
  auto large = datagram("10.0.0.1", 40000, 9216);
  large.is_truncated = true;
  CHECK(judge(rules, large) == Drop::too_long);
  auto shouted = datagram("10.0.0.1", 40000);
  shouted.is_to_many = true;
  CHECK(judge(rules, shouted) == Drop::to_many);
  for (const char* source : {"0.0.0.0", "::", "224.0.0.1", "ff02::1"}) {
    CHECK(judge(rules, datagram(source, 40000)) == Drop::not_allowed);
  }
}

TEST_CASE("another reflector's reply is not answered, whatever its port") {
  Admission rules = admission();
  std::vector<std::byte> packet(44);
  const cp::UnixTime now{1795336200s};
  for (const std::uint32_t sequence : {0U, 7U}) {
    cp::probe::stamp::write_request({sequence, now, {}, 1}, packet);
    CHECK(rules.judge(datagram("127.0.0.1", 40000), packet, kNow) == Drop::none);
    cp::probe::stamp::reflect({now, now, {}, 64}, packet);
    CHECK(rules.judge(datagram("127.0.0.1", 40000), packet, kNow) == Drop::reply);
  }
}

TEST_CASE("only loopback and allowed networks are answered") {
  Admission closed = admission();
  CHECK(judge(closed, datagram("127.0.0.1", 40000)) == Drop::none);
  CHECK(judge(closed, datagram("::1", 40000)) == Drop::none);
  CHECK(judge(closed, datagram("10.0.0.1", 40000)) == Drop::not_allowed);
  Admission open = admission({"10.0.0.0/8", "fd00::/8"});
  CHECK(judge(open, datagram("10.0.0.1", 40000)) == Drop::none);
  CHECK(judge(open, datagram("fd12::1", 40000)) == Drop::none);
  CHECK(judge(open, datagram("192.0.2.1", 40000)) == Drop::not_allowed);
}

TEST_CASE("a source that sends too fast is slowed down to its rate, others are not") {
  Admission rules = admission({"0.0.0.0/0"});
  std::uint64_t answered = 0;
  const int millis = 2000;
  for (int i = 0; i < millis * 10; ++i) {
    const auto now = kNow + i * 100us;  // 10,000 packets a second
    answered += judge(rules, datagram("10.0.0.1", 40000), now) == Drop::none ? 1U : 0U;
  }
  // 1,000 a second for two seconds and a burst of 100.
  CHECK(answered >= 2090);
  CHECK(answered <= 2110);
  CHECK(judge(rules, datagram("10.0.0.1", 50000), kNow + 2s) == Drop::source_rate);
  CHECK(judge(rules, datagram("10.0.0.2", 40000), kNow + 2s) == Drop::none);
  CHECK(judge(rules, datagram("10.0.0.1", 40000), kNow + 3s) == Drop::none);
}

TEST_CASE("octets are limited as well as packets") {
  Admission rules = admission({"0.0.0.0/0"});
  std::uint64_t bytes = 0;
  for (int i = 0; i < 2000; ++i) {  // 9,000 octets every millisecond
    const bool is_answered =
        judge(rules, datagram("10.0.0.1", 40000, 9000), kNow + i * 1ms) == Drop::none;
    bytes += is_answered ? 9000U : 0U;
  }
  CHECK(bytes <= 2'100'000);
  CHECK(bytes >= 1'900'000);
}

TEST_CASE("many forged sources share one bucket, and memory stays bounded") {
  Admission rules = admission({"0.0.0.0/0"});
  std::uint64_t answered = 0;
  for (std::uint32_t i = 0; i < 400'000; ++i) {  // each from a source of its own, in one second
    auto d = datagram("10.0.0.1", 40000);
    d.source.address.bytes = {static_cast<std::uint8_t>(11 + (i >> 24U)),
                              static_cast<std::uint8_t>(i >> 16U),
                              static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)};
    answered += judge(rules, d, kNow + i * 2500ns) == Drop::none ? 1U : 0U;
  }
  CHECK(answered <= 55'100);
  CHECK(answered >= 54'000);
}

TEST_CASE("addresses of one IPv6 network are one source") {
  Admission rules = admission({"::/0"});
  std::uint64_t answered = 0;
  for (unsigned i = 0; i < 1000; ++i) {
    auto d = datagram("2001:db8::1", 40000);
    d.source.address.bytes[15] = static_cast<std::uint8_t>(i);
    d.source.address.bytes[14] = static_cast<std::uint8_t>(i >> 8U);
    answered += judge(rules, d) == Drop::none ? 1U : 0U;
  }
  CHECK(answered == 100);
  CHECK(judge(rules, datagram("2001:db8:0:1::1", 40000)) == Drop::none);
}

TEST_CASE("this machine is limited only when that is asked for") {
  Admission free = admission();
  Admission::Rules strict_rules;
  strict_rules.limits_loopback = true;
  Admission strict(strict_rules, kPort, 1);
  std::uint64_t dropped = 0;
  for (int i = 0; i < 1000; ++i) {
    CHECK(judge(free, datagram("127.0.0.1", 40000)) == Drop::none);
    dropped += judge(strict, datagram("127.0.0.1", 40000)) == Drop::source_rate ? 1U : 0U;
  }
  CHECK(dropped == 900);
}

TEST_CASE("every reason has a word of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < cp::probe::kDrops; ++i) {
    names.insert(cp::probe::name_of(static_cast<Drop>(i)));
  }
  CHECK(names.size() == cp::probe::kDrops);
  CHECK(names.count("") == 0);
}
