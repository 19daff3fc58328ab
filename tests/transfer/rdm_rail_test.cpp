// SPDX-License-Identifier: Apache-2.0
// What a hostile end of a rail beside a tether may do; what every rail does is in the conformance
// tests.
#include "base/text.hpp"
#include "net/fd_stream.hpp"
#include "transfer/rdm_carrier.hpp"
#include "transfer/shared_proof.hpp"
#include "transfer/shm_rail.hpp"
#include "transfer/tether.hpp"
#include "transfer/wire.hpp"
#include "transfer/write_rail.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <atomic>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace cp::transfer;
using cp::Errc;
using cp::fabric::RdmEndpoint;

// All test files of a module are compiled as one.
namespace rdm_rail_test {
namespace {

constexpr std::uint32_t kWindow = 2;
constexpr std::size_t kSmallest = ChunkHeader::encoded_bytes;

struct Talk {
  std::unique_ptr<cp::net::Stream> ours;
  std::unique_ptr<cp::net::Stream> theirs;
};

Talk talk() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  auto ours = cp::net::FdStream::make(cp::UniqueFd(ends[0]), {});
  auto theirs = cp::net::FdStream::make(cp::UniqueFd(ends[1]), {});
  REQUIRE(ours);
  REQUIRE(theirs);
  return {*std::move(ours), *std::move(theirs)};
}

// An end of ours, and the hostile peer's raw one.
struct Ends {
  WriteParts ours;
  std::unique_ptr<RdmEndpoint> theirs;
  std::unique_ptr<cp::net::Stream> word;
};

Ends meet(const char* provider) {
  const auto library = cp::fabric::Library::load();
  REQUIRE(library);
  auto ours = RdmEndpoint::open(*library, provider, "127.0.0.1", "0a");
  auto theirs = RdmEndpoint::open(*library, provider, "127.0.0.1", "0b");
  REQUIRE(ours);
  REQUIRE(theirs);
  REQUIRE((*ours)->meet(*(*theirs)->address(), "127.0.0.1"));
  REQUIRE((*theirs)->meet(*(*ours)->address(), "127.0.0.1"));
  Talk between = talk();
  return {{*std::move(ours), std::make_unique<Tether>(std::move(between.ours)), {}},
          *std::move(theirs),
          std::move(between.theirs)};
}

bool has_libfabric() {
  if (cp::fabric::Library::load()) {
    return true;
  }
  CP_LEAVE_OUT("there is no libfabric");
  return false;
}

std::array<std::byte, kSmallest + 4> frame(std::uint64_t sequence) {
  std::array<std::byte, kSmallest + 4> bytes{};
  encode(ChunkHeader{.sequence = sequence, .id = 1, .length = 4},
         std::span(bytes).first<kSmallest>());
  return bytes;
}

// What a receiver of ours says when its sender writes FRAME to slot 0 and then tells IMMEDIATES.
cp::Result<std::optional<ReceivedChunk>> after_writes(std::span<const std::byte> bytes,
                                                      std::vector<std::uint32_t> immediates) {
  Ends ends = meet("tcp;ofi_rxm");
  auto receiver = WriteReceiver::open(std::move(ends.ours), kWindow);
  REQUIRE(receiver);
  std::array<std::byte, 24> grant{};
  REQUIRE(ends.word->receive_all(grant) == grant.size());
  const cp::fabric::RemoteMemory ring{load_le<std::uint64_t>(grant.data()),
                                      load_le<std::uint64_t>(&grant[8])};
  CHECK(load_le<std::uint64_t>(&grant[16]) == kWindow);
  std::vector<std::byte> memory(bytes.begin(), bytes.end());
  REQUIRE(ends.theirs->prepare(memory, immediates.size()));
  std::atomic<bool> is_over{false};
  std::thread writing([&] {
    for (std::size_t i = 0; i < immediates.size() && !is_over;) {
      const auto posted = ends.theirs->write(i, memory, ring, 0, immediates[i]);
      i += posted.value_or(false) ? 1U : 0U;
      static_cast<void>(ends.theirs->wait(std::chrono::milliseconds(1)));
    }
    while (!is_over) {
      static_cast<void>(ends.theirs->wait(std::chrono::milliseconds(1)));
    }
  });
  cp::Result<std::optional<ReceivedChunk>> chunk;
  for (std::size_t i = 0; i < immediates.size(); ++i) {
    chunk = (*receiver)->next();
    if (!chunk || !*chunk) {
      break;
    }
  }
  is_over = true;
  writing.join();
  return chunk;
}

constexpr std::uint32_t told(std::uint32_t slot, std::uint32_t length) {
  return (slot << 21U) | length;
}

Errc code_after(std::span<const std::byte> bytes, std::vector<std::uint32_t> immediates) {
  const auto chunk = after_writes(bytes, std::move(immediates));
  REQUIRE_FALSE(chunk);
  return chunk.error().code;
}

}  // namespace

TEST_CASE("a receiver of writes takes only what it granted") {
  if (!has_libfabric()) {
    return;
  }
  const auto good = frame(1);
  const auto size = static_cast<std::uint32_t>(good.size());
  const auto chunk = after_writes(good, {told(0, size)});
  REQUIRE(chunk);
  CHECK(chunk->has_value());
  // A slot that there is not, and one that is in use.
  CHECK(code_after(good, {told(kWindow, size)}) == Errc::protocol);
  CHECK(code_after(good, {told(2047, size)}) == Errc::protocol);
  CHECK(code_after(good, {told(1, size), told(1, size)}) == Errc::protocol);
  // Lengths that no frame has.
  CHECK(code_after(good, {told(0, 0)}) == Errc::protocol);
  CHECK(code_after(good, {told(0, kSmallest - 1)}) == Errc::protocol);
  CHECK(code_after(good, {told(0, (1U << 21U) - 1)}) == Errc::protocol);
  CHECK(code_after(good, {told(0, size + 1)}) == Errc::protocol);
  CHECK(code_after(frame(2), {told(0, size)}) == Errc::protocol);
  CHECK(code_after(std::vector<std::byte>(good.size()), {told(0, size)}) == Errc::protocol);
}

TEST_CASE("what was read from a ring stays as it was when its writer changes it") {
  for (const std::string& key : {std::string(), std::string(32, 'k')}) {
    CAPTURE(key);
    FrameWriter writer(key);
    FrameReader reader(key, FrameHome::shared);
    std::vector<std::byte> slot(whole_frame_bytes);
    const auto room = FrameWriter::payload_of(slot);
    std::fill(room.begin(), room.begin() + 5000, std::byte{7});
    const auto bytes = writer.write({.sequence = 1, .id = 3, .length = 5000}, slot);
    const auto chunk = reader.read(bytes);
    REQUIRE(chunk);
    std::fill(slot.begin(), slot.end(), std::byte{9});
    CHECK(chunk->header.id == 3);
    CHECK(std::all_of(chunk->payload.begin(), chunk->payload.end(),
                      [](std::byte byte) { return byte == std::byte{7}; }));
  }
}

TEST_CASE("a sender of writes is not led astray by what its receiver says") {
  if (!has_libfabric()) {
    return;
  }
  const auto code_when_told = [](std::uint64_t slots) {
    Ends ends = meet("tcp;ofi_rxm");
    std::array<std::byte, 24> grant{};
    store_le(&grant[16], slots);
    REQUIRE(ends.word->send(grant));
    auto sender = WriteSender::open(std::move(ends.ours), kWindow);
    REQUIRE(sender);
    const auto slot = (*sender)->slot();
    return slot ? Errc::failed : slot.error().code;
  };
  CHECK(code_when_told(kWindow) == Errc::failed);
  CHECK(code_when_told(kWindow - 1) == Errc::protocol);
  // A credit for what was not sent.
  Ends ends = meet("tcp;ofi_rxm");
  std::array<std::byte, 24> grant{};
  store_le(&grant[16], std::uint64_t{kWindow});
  std::array<std::byte, Credit::encoded_bytes> credit{};
  encode(Credit{1}, credit);
  REQUIRE(ends.word->send(grant, credit));
  auto sender = WriteSender::open(std::move(ends.ours), kWindow);
  const auto slot = (*sender)->slot();
  REQUIRE_FALSE(slot);
  CHECK(slot.error().code == Errc::protocol);
}

TEST_CASE("shared memory is left when the other end keeps no turns") {
  if (!has_libfabric()) {
    return;
  }
  const auto code_when_told = [](std::vector<std::byte> words) {
    Ends ends = meet("shm");
    auto receiver = ShmReceiver::open(std::move(ends.ours), kWindow);
    REQUIRE(receiver);
    REQUIRE(ends.word->send(words));
    const auto chunk = (*receiver)->next();
    REQUIRE_FALSE(chunk);
    return chunk.error().code;
  };
  CHECK(code_when_told({std::byte{kWindow + 1}}) == Errc::protocol);
  CHECK(code_when_told({std::byte{255}}) == Errc::protocol);
  CHECK(code_when_told({std::byte{0}}) == Errc::protocol);
  Ends ends = meet("shm");
  REQUIRE(ends.word->send(std::array{std::byte{'x'}}));
  auto sender = ShmSender::open(std::move(ends.ours), kWindow);
  REQUIRE(sender);
  const auto slot = (*sender)->slot();
  REQUIRE_FALSE(slot);
  CHECK(slot.error().code == Errc::protocol);
}

TEST_CASE("two ends that are interrupted before they meet say so") {
  if (!has_libfabric()) {
    return;
  }
  std::stop_source stop;
  stop.request_stop();
  Talk ends = talk();
  std::vector<Meeting> meetings;
  meetings.push_back({std::move(ends.ours), {}});
  const auto carriers = make_rdm_carriers(
      *cp::fabric::Library::load(), "shm", SessionEnd::client, std::move(meetings),
      cp::SystemClock().steady() + std::chrono::seconds(20), stop.get_token());
  REQUIRE_FALSE(carriers);
  CHECK(carriers.error().code == Errc::timed_out);
  CHECK(carriers.error().message == "interrupted");
}

TEST_CASE("memory is shared with whoever can be read, and says so") {
  const SharedProof proof;
  CHECK(check_shared(proof.text()));
  std::string wrong = proof.text();
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  const auto elsewhere = check_shared(wrong);
  REQUIRE_FALSE(elsewhere);
  CHECK(elsewhere.error().code == Errc::unavailable);
  CHECK(check_shared(std::to_string(::getpid()) + " 16 00").error().code == Errc::unavailable);
  for (const char* none : {"", "1", "x 1 00", "1 x 00", "0 1 00", "-1 1 00", "1 1"}) {
    CAPTURE(none);
    const auto result = check_shared(none);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::protocol);
  }
}

TEST_CASE("a tether carries texts and pieces, and breaks with its other end") {
  Talk ends = talk();
  const auto soon = cp::SystemClock().steady() + std::chrono::seconds(10);
  Tether ours(std::move(ends.ours));
  auto theirs = std::make_unique<Tether>(std::move(ends.theirs));
  REQUIRE(ours.say(""));
  REQUIRE(ours.say(std::string(255, 'a')));
  CHECK_FALSE(ours.say(std::string(256, 'a')));
  CHECK(theirs->hear(soon) == std::string());
  CHECK(theirs->hear(soon) == std::string(255, 'a'));
  std::array<std::byte, 4> four{};
  CHECK(theirs->take_now(four) == false);
  REQUIRE(ours.send(std::array{std::byte{1}, std::byte{2}, std::byte{3}}));
  CHECK(theirs->take_now(four) == false);
  REQUIRE(ours.send(std::array{std::byte{4}, std::byte{5}}));
  REQUIRE(theirs->take(four));
  CHECK(four[3] == std::byte{4});
  std::array<std::byte, 1> one{};
  CHECK(theirs->take_now(one) == true);
  CHECK(one[0] == std::byte{5});
  theirs.reset();
  CHECK(ours.take_now(one).error().code == Errc::timed_out);
  CHECK(ours.take(one).error().code == Errc::timed_out);
  CHECK_FALSE(ours.hear(soon));
}

}  // namespace rdm_rail_test
