// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp.hpp"

#include "base/text.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace stamp = cp::probe::stamp;
using cp::UnixTime;
using stamp::ErrorEstimate;
using stamp::Format;
using namespace std::chrono_literals;

namespace {

UnixTime at(std::string_view text) { return cp::parse_time(text).value(); }

std::string hex(std::span<const std::byte> bytes) {
  return cp::text::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::vector<std::byte> unhex(std::string_view text) {
  std::vector<std::byte> bytes;
  std::string digits;
  for (const char c : text) {
    if (c != ' ') {
      digits += c;
    }
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// 2026-11-22T08:30:00Z is 1795336200 s after 1970, 0x6b02a808, and 4004325000 after 1900,
// 0xeead2688.
const UnixTime kStampNow = at("2026-11-22T08:30:00Z");

}  // namespace

TEST_CASE("a packet that is too short is not decoded") {
  const std::vector<std::byte> zeros(stamp::kBase);
  for (std::size_t length = 0; length < stamp::kBase; ++length) {
    CHECK_FALSE(stamp::read_request(std::span(zeros).first(length), kStampNow));
    std::vector<std::byte> packet(length, std::byte{0x5a});
    CHECK_FALSE(stamp::reflect({kStampNow, kStampNow, {}, 64}, packet));
    CHECK(std::ranges::count(packet, std::byte{0x5a}) == static_cast<std::ptrdiff_t>(length));
    CHECK(stamp::read_reply(std::span(zeros).first(length), kStampNow).has_value() ==
          (length >= stamp::kShortReply));
  }
}

TEST_CASE("a request has the layout of RFC 8762 figure 2") {
  std::vector<std::byte> packet(stamp::kBase);
  stamp::write_request({7, kStampNow + 500ms, {true, Format::ntp, 16, 10}, 0x1234}, packet);
  CHECK(hex(packet) ==
        "00000007"
        "eead268880000000"
        "900a"
        "1234"
        "00000000000000000000000000000000000000000000000000000000");
  stamp::write_request({0xffffffff, kStampNow + 123456789ns, {false, Format::ptp, 0, 1}, 1},
                       packet);
  CHECK(hex(packet).substr(0, 32) ==
        "ffffffff"
        "6b02a808075bcd15"
        "4001"
        "0001");
}

TEST_CASE("what follows a request is padding that says so") {
  for (std::size_t size = stamp::kBase; size <= 50; ++size) {
    std::vector<std::byte> packet(size, std::byte{0xff});
    stamp::write_padding(packet);
    const std::string expected =
        size < 48 ? std::string(2 * (size - 44), '0')
                  : "8001000" + std::to_string(size - 48) + std::string(2 * (size - 48), '0');
    CHECK(hex(std::span(packet).subspan(44)) == expected);
    CHECK(packet[43] == std::byte{0xff});
  }
}

TEST_CASE("a reply has the layout of RFC 8762 figure 4 and copies what follows") {
  auto packet = unhex(
      "00000007 eead268880000000 900a 1234 00000000000000000000000000000000000000000000000000000000"
      "80010004cafebabe");
  REQUIRE(stamp::reflect({kStampNow + 1s, kStampNow + 1s + 250ms, {true, Format::ntp, 3, 200}, 61},
                         packet));
  CHECK(hex(packet) ==
        "00000007"          // sequence number, copied
        "eead268940000000"  // T3
        "83c8"              // error estimate
        "1234"              // session, copied
        "eead268900000000"  // T2
        "00000007"          // sender's sequence number
        "eead268880000000"  // T1
        "900a"              // sender's error estimate
        "0000"
        "3d"  // TTL
        "000000"
        "80010004cafebabe");
}

TEST_CASE("what stood in a request where it must be zero does not come back as a claim") {
  std::vector<std::byte> packet(stamp::kBase, std::byte{0xff});
  REQUIRE(stamp::reflect({kStampNow, kStampNow, {false, Format::ptp, 0, 1}, 255}, packet));
  CHECK(hex(packet) ==
        "ffffffff"
        "6b02a80800000000"
        "4001"
        "ffff"
        "6b02a80800000000"
        "ffffffff"
        "ffffffffffffffff"
        "ffff"
        "0000"
        "ff"
        "000000");
}

TEST_CASE("a reply is read back") {
  std::vector<std::byte> packet(100);
  stamp::write_request({9, kStampNow, {true, Format::ntp, 16, 10}, 77}, packet);
  REQUIRE(stamp::reflect(
      {kStampNow + 31ms, kStampNow + 31ms + 1800ns, {true, Format::ptp, 4, 99}, 57}, packet));
  const auto reply = stamp::read_reply(packet, kStampNow + 62ms);
  REQUIRE(reply);
  CHECK(reply->sequence == 9);
  CHECK(reply->sender_sequence == 9);
  CHECK(reply->session == 77);
  CHECK(reply->received == kStampNow + 31ms);
  CHECK(reply->sent == kStampNow + 31ms + 1800ns);
  CHECK(reply->error == ErrorEstimate{true, Format::ptp, 4, 99});
  CHECK(reply->sender_time_bits == stamp::encode_time(kStampNow, Format::ntp));
  CHECK(reply->sender_ttl == 57);
  CHECK_FALSE(reply->is_short);
}

TEST_CASE("a reply of a TWAMP-Light peer is taken though it is shorter") {
  // 38 octets, as nokia/twampy answers: its own sequence number, no TTL.
  auto packet =
      unhex("00000000 eead268940000000 0001 0000 eead268900000000 00000007 eead268880000000 900a");
  REQUIRE(packet.size() == 38);
  auto reply = stamp::read_reply(packet, kStampNow);
  REQUIRE(reply);
  CHECK(reply->is_short);
  CHECK(reply->sequence == 0);
  CHECK(reply->sender_sequence == 7);
  CHECK(reply->session == 0);
  CHECK(reply->sent - reply->received == 250ms);
  CHECK_FALSE(reply->sender_ttl);
  // 41 octets, as RFC 5357 §4.2.1 has them: the TTL is the last.
  packet.resize(40);
  packet.push_back(std::byte{0x3d});
  reply = stamp::read_reply(packet, kStampNow);
  REQUIRE(reply);
  CHECK(reply->is_short);
  CHECK(reply->sender_ttl == 0x3d);
}

TEST_CASE("a time reads back as the same nanosecond in both formats") {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::int64_t> within(-30LL * 365 * 86400, 30LL * 365 * 86400);
  std::uniform_int_distribution<std::int64_t> nanos(0, 999'999'999);
  for (int i = 0; i < 20'000; ++i) {
    const UnixTime time =
        kStampNow + std::chrono::seconds(within(random)) + std::chrono::nanoseconds(nanos(random));
    CHECK(stamp::decode_time(stamp::encode_time(time, Format::ntp), Format::ntp, kStampNow) ==
          time);
    CHECK(stamp::decode_time(stamp::encode_time(time, Format::ptp), Format::ptp, kStampNow) ==
          time);
  }
}

TEST_CASE("seconds that have wrapped are taken as the ones nearest to now") {
  // NTP's wrap on 2036-02-07 at 06:28:16, PTP's on 2106-02-07.
  for (const char* text :
       {"2036-02-07T06:28:15.999999999Z", "2036-02-07T06:28:16Z", "2036-02-07T06:28:17Z",
        "2106-02-07T06:28:15Z", "2106-02-07T06:28:16Z"}) {
    const UnixTime time = at(text);
    for (const auto near : {time - 24h * 365, time, time + 24h * 365}) {
      INFO(text);
      CHECK(stamp::decode_time(stamp::encode_time(time, Format::ntp), Format::ntp, near) == time);
      CHECK(stamp::decode_time(stamp::encode_time(time, Format::ptp), Format::ptp, near) == time);
    }
  }
  // A peer whose clock was never set still counts evenly.
  const UnixTime unset = at("1970-01-01T00:00:05Z");
  CHECK(stamp::decode_time(stamp::encode_time(unset, Format::ntp), Format::ntp, kStampNow) ==
        unset);
}

TEST_CASE("an error estimate is the next one above the error") {
  struct Case {
    std::chrono::nanoseconds error;
    unsigned scale;
    unsigned multiplier;
  };
  // In units of 2^-32 s, 0.2328 ns.
  for (const Case& c :
       {Case{0ns, 0, 1}, Case{-5ns, 0, 1}, Case{1ns, 0, 5}, Case{59ns, 0, 254}, Case{60ns, 1, 129},
        Case{1ms, 15, 132}, Case{16s, 29, 128}, Case{1h * 24 * 365 * 200, 56, 128}}) {
    INFO(c.error.count());
    const auto estimate = ErrorEstimate::of(c.error, true, Format::ntp);
    CHECK(unsigned{estimate.scale} == c.scale);
    CHECK(unsigned{estimate.multiplier} == c.multiplier);
    if (c.error < std::chrono::seconds(1LL << 31)) {
      CHECK(estimate.error() >= std::max(c.error, 0ns) - 1ns);
    }
    CHECK(ErrorEstimate::from_bits(estimate.to_bits()) == estimate);
  }
  CHECK(ErrorEstimate::from_bits(0xffff).error() > 24h * 365 * 200);
}

TEST_CASE("every 16 bits are an error estimate that writes itself back") {
  for (unsigned bits = 0; bits <= 0xffff; ++bits) {
    const auto estimate = ErrorEstimate::from_bits(static_cast<std::uint16_t>(bits));
    REQUIRE(estimate.to_bits() == bits);
    REQUIRE(estimate.error().count() >= 0);
  }
}

TEST_CASE("random octets are decoded or refused, and a reply is as long as its request") {
  std::mt19937_64 random(20261122);
  std::uniform_int_distribution<std::size_t> lengths(0, 200);
  for (int i = 0; i < 50'000; ++i) {
    std::vector<std::byte> packet(lengths(random));
    for (auto& byte : packet) {
      byte = static_cast<std::byte>(random());
    }
    const auto request = stamp::read_request(packet, kStampNow);
    REQUIRE(request.has_value() == (packet.size() >= stamp::kBase));
    const auto reply = stamp::read_reply(packet, kStampNow);
    REQUIRE(reply.has_value() == (packet.size() >= stamp::kShortReply));
    if (reply) {
      REQUIRE(std::chrono::abs(reply->sent - kStampNow) < 24h * 366 * 70);
    }
    auto answer = packet;
    REQUIRE(stamp::reflect({kStampNow, kStampNow, {}, 1}, answer) == request.has_value());
    REQUIRE(answer.size() == packet.size());
    if (answer.size() > stamp::kBase) {
      REQUIRE(
          std::equal(answer.begin() + stamp::kBase, answer.end(), packet.begin() + stamp::kBase));
    }
  }
}
