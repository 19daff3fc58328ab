// SPDX-License-Identifier: Apache-2.0
// What a hostile end of a plain stream may do; what every rail does is in the conformance
// tests.
#include "transfer/stream_rail.hpp"

#include "net/tcp_listener.hpp"
#include "transfer/limits.hpp"

#include "catch.hpp"

using namespace cp::transfer;
using cp::Errc;

namespace {

struct Pair {
  std::unique_ptr<cp::net::Stream> ours;
  cp::net::TcpStream theirs;
};

Pair connected() {
  auto listener =
      cp::net::TcpListener::bind({cp::net::IpAddress::loopback(cp::net::Family::ipv4), 0});
  REQUIRE(listener);
  auto client = cp::net::TcpStream::connect(*listener->local(), std::chrono::seconds(5), {});
  const auto never = cp::net::StopFd::make({});
  auto server = listener->accept(**never);
  REQUIRE(client);
  REQUIRE(server);
  return {std::make_unique<cp::net::TcpStream>(*std::move(client)), *std::move(server)};
}

std::array<std::byte, ChunkHeader::encoded_bytes> header(std::uint64_t sequence) {
  std::array<std::byte, ChunkHeader::encoded_bytes> bytes;
  encode(ChunkHeader{.sequence = sequence, .id = 1, .length = 4}, bytes);
  return bytes;
}

Errc code_after(std::span<const std::byte> first, std::span<const std::byte> second = {}) {
  Pair pair = connected();
  REQUIRE(pair.theirs.send(first, second));
  pair.theirs.end();
  StreamChunkReceiver receiver(std::move(pair.ours));
  const auto chunk = receiver.next();
  REQUIRE_FALSE(chunk);
  return chunk.error().code;
}

}  // namespace

TEST_CASE("a receiver refuses noise, and chunks out of their turn") {
  const std::array<std::byte, 200> noise{std::byte{'G'}, std::byte{'E'}, std::byte{'T'}};
  CHECK(code_after(noise) == Errc::protocol);
  CHECK(code_after(header(2)) == Errc::protocol);
  CHECK(code_after(header(0)) == Errc::protocol);
}

TEST_CASE("a receiver knows a stream that was cut within a chunk") {
  const auto whole = header(1);
  CHECK(code_after(std::span(whole).first(100)) == Errc::timed_out);
  CHECK(code_after(header(1), std::array<std::byte, 3>{}) == Errc::timed_out);
}

TEST_CASE("a replayed chunk is refused") {
  Pair pair = connected();
  const std::array<std::byte, 4> payload{};
  REQUIRE(pair.theirs.send(header(1), payload));
  REQUIRE(pair.theirs.send(header(1), payload));
  StreamChunkReceiver receiver(std::move(pair.ours));
  CHECK(receiver.next()->has_value());
  CHECK(receiver.next().error().code == Errc::protocol);
}

TEST_CASE("a sender refuses credits that nobody earned") {
  for (const std::uint64_t consumed : {std::uint64_t{2}, ~std::uint64_t{0}}) {
    Pair pair = connected();
    StreamChunkSender sender(std::move(pair.ours), 1);
    REQUIRE(sender.slot());
    REQUIRE(sender.send({.id = 1, .length = 4}));
    std::array<std::byte, Credit::encoded_bytes> credit;
    encode(Credit{consumed}, credit);
    REQUIRE(pair.theirs.send(credit));
    CHECK(sender.drain().error().code == Errc::protocol);
  }
}

TEST_CASE("credits that come in pieces count once they are whole") {
  Pair pair = connected();
  StreamChunkSender sender(std::move(pair.ours), 2);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(sender.slot());
    REQUIRE(sender.send({.id = 1, .length = 4}));
  }
  std::array<std::byte, Credit::encoded_bytes> credit;
  encode(Credit{1}, credit);
  REQUIRE(pair.theirs.send(std::span(credit).first(5)));
  REQUIRE(pair.theirs.send(std::span(credit).subspan(5)));
  REQUIRE(sender.slot());
  CHECK(sender.placed() == 1);
}
