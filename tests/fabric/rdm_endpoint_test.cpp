// SPDX-License-Identifier: Apache-2.0
#include "fabric/rdm_endpoint.hpp"

#include "fabric/provider.hpp"
#include "fabric/shared_names.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <unistd.h>
#include <vector>

using namespace cp::fabric;
using cp::Errc;

// All test files of a module are compiled as one.
namespace rdm_endpoint_test {
namespace {

constexpr const char* kHost = "127.0.0.1";
constexpr const char* kWrites = "tcp;ofi_rxm";
constexpr std::size_t kSlot = 1U << 16U;
constexpr int kTries = 2000;
constexpr int kFewTries = 100;  // of what does not come
constexpr std::chrono::milliseconds kMoment{2};

std::shared_ptr<const Library> library() {
  auto loaded = Library::load();
  REQUIRE(loaded);
  return *loaded;
}

std::unique_ptr<RdmEndpoint> open(const char* provider, const std::string& name = "ab12") {
  auto endpoint = RdmEndpoint::open(library(), provider, kHost, name);
  REQUIRE(endpoint);
  return *std::move(endpoint);
}

struct Pair {
  std::unique_ptr<RdmEndpoint> ours;
  std::unique_ptr<RdmEndpoint> theirs;
};

Pair met(const char* provider) {
  Pair pair{open(provider, "a1"), open(provider, "b2")};
  REQUIRE(pair.ours->meet(*pair.theirs->address(), kHost));
  REQUIRE(pair.theirs->meet(*pair.ours->address(), kHost));
  return pair;
}

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>((i * 31) >> 7U);
  }
  return bytes;
}

struct Outcome {
  std::optional<Completion> ours;
  std::optional<Completion> theirs;
  bool has_failed = false;
};

// Posts by POST and drives both ends until each has a completion, or one has failed.
template <class Post>
Outcome drive(Pair& pair, Post post, int tries = kTries) {
  Outcome outcome;
  bool is_posted = false;
  for (int i = 0; i < tries && !(outcome.ours && outcome.theirs); ++i) {
    if (!is_posted) {
      const auto posted = post();
      outcome.has_failed = !posted;
      is_posted = posted && *posted;
    }
    const auto ours = pair.ours->wait(kMoment);
    const auto theirs = pair.theirs->wait(kMoment);
    outcome.has_failed = outcome.has_failed || !ours || !theirs;
    if (outcome.has_failed) {
      break;
    }
    outcome.ours = outcome.ours ? outcome.ours : *ours;
    outcome.theirs = outcome.theirs ? outcome.theirs : *theirs;
  }
  return outcome;
}

std::filesystem::path file_of(const RdmEndpoint& endpoint) {
  return "/dev/shm/" + endpoint.address()->substr(std::string_view("fi_shm://").size());
}

}  // namespace

TEST_CASE("each provider is used in its manner") {
  CHECK(manner_of("tcp") == Manner::connected);
  CHECK(manner_of("shm") == Manner::shared_memory);
  CHECK(manner_of(kWrites) == Manner::writes);
  CHECK(manner_of("qwerty") == Manner::connected);
}

TEST_CASE("a provider without reliable endpoints is unavailable") {
  const auto found = RdmEndpoint::look_for(library(), "qwerty", kHost);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Errc::unavailable);
  CHECK(RdmEndpoint::look_for(library(), "shm", kHost));
  CHECK(RdmEndpoint::look_for(library(), kWrites, kHost));
}

TEST_CASE("what is no address of a fabric is refused") {
  const auto by_port = open(kWrites);
  for (const char* wrong : {"", "0", "x", "-1", "65536", "80 ", "127.0.0.1:80"}) {
    CAPTURE(wrong);
    const auto result = by_port->meet(wrong, kHost);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::protocol);
  }
  const auto by_name = open("shm");
  for (const std::string& wrong :
       {std::string(), std::string("80"), std::string("fi_shm://../passwd"),
        std::string("fi_ns://cpxfer-ab:1"), std::string("fi_shm://ab:0:0"),
        "fi_shm://cpxfer-" + std::string(400, 'a'), std::string("fi_shm://cpxfer-ab:0:0\0", 23),
        std::string("fi_shm://cpxfer-../a:0:0")}) {
    CAPTURE(wrong);
    const auto result = by_name->meet(wrong, "");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::protocol);
  }
}

TEST_CASE("a write arrives in what was exposed, and with it what is told") {
  Pair pair = met(kWrites);
  std::vector<std::byte> out = pattern(kSlot);
  std::vector<std::byte> ring(2 * kSlot);
  REQUIRE(pair.ours->prepare(out, 3));
  REQUIRE(pair.theirs->prepare({}, 0));
  const auto memory = pair.theirs->expose(ring, 0x1234567890);
  REQUIRE(memory);
  const Outcome outcome =
      drive(pair, [&] { return pair.ours->write(2, out, *memory, kSlot, 0xFEDCBA98); });
  REQUIRE_FALSE(outcome.has_failed);
  REQUIRE(outcome.ours);
  REQUIRE(outcome.theirs);
  CHECK(outcome.ours->operation == 2);
  CHECK_FALSE(outcome.ours->is_remote_write);
  CHECK(outcome.theirs->is_remote_write);
  CHECK(outcome.theirs->immediate == 0xFEDCBA98);
  CHECK(std::equal(out.begin(), out.end(), ring.begin() + kSlot));
  CHECK(std::all_of(ring.begin(), ring.begin() + kSlot,
                    [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("nothing is written beyond what was exposed, nor with another key") {
  for (const bool is_beyond : {true, false}) {
    CAPTURE(is_beyond);
    Pair pair = met(kWrites);
    std::vector<std::byte> out = pattern(kSlot);
    std::vector<std::byte> ring(2 * kSlot);
    REQUIRE(pair.ours->prepare(out, 1));
    REQUIRE(pair.theirs->prepare({}, 0));
    auto memory = pair.theirs->expose(std::span(ring).first(kSlot), 77);
    REQUIRE(memory);
    const auto few = std::span(out).first(16);
    const Outcome good = drive(pair, [&] { return pair.ours->write(0, few, *memory, 0, 1); });
    REQUIRE(good.theirs);
    memory->key += is_beyond ? 0 : 1;
    const std::uint64_t offset = is_beyond ? kSlot - 15 : 64;
    const Outcome bad = drive(
        pair, [&] { return pair.ours->write(0, few, *memory, offset, 2); }, kFewTries);
    CHECK((bad.has_failed || !bad.theirs));
    CHECK(std::all_of(ring.begin() + 16, ring.end(),
                      [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TEST_CASE("an end that closes amid a write outlives it, and so does the other") {
  constexpr std::size_t kMany = 32U << 20U;  // more than sockets hold
  for (const bool calls_first : {true, false}) {
    CAPTURE(calls_first);
    Pair pair = met(kWrites);
    std::vector<std::byte> out(kMany, std::byte{0xA5});
    std::vector<std::byte> ring(kMany);
    REQUIRE(pair.ours->prepare(out, 2));
    REQUIRE(pair.theirs->prepare(ring, 2));
    if (!calls_first) {  // the receiver has made the connection, then
      REQUIRE(pair.ours->receive(1, std::span(out).last(16)));
      const Outcome called =
          drive(pair, [&] { return pair.theirs->send(1, std::span(ring).last(16)); });
      REQUIRE(called.ours);
    }
    const auto memory = pair.theirs->expose(ring, 5);
    REQUIRE(memory);
    const auto has_part = [&] { return ring[kSlot] == out[kSlot]; };
    bool is_posted = false;
    for (int i = 0; i < kTries && !(is_posted && has_part()); ++i) {
      if (!is_posted) {
        const auto posted = pair.ours->write(0, out, *memory, 0, 7);
        is_posted = posted.value_or(false);
      }
      const auto ours = pair.ours->wait(kMoment);
      REQUIRE((ours && !*ours));
      const auto theirs = pair.theirs->wait(kMoment);
      REQUIRE((theirs && !*theirs));
    }
    REQUIRE(is_posted);
    CHECK(ring[kMany - kSlot] != out[kMany - kSlot]);
    pair.theirs.reset();
    bool has_ended = false;
    for (int i = 0; i < kTries && !has_ended; ++i) {
      const auto completion = pair.ours->wait(kMoment);
      has_ended = !completion || completion->has_value();
    }
  }
}

TEST_CASE("shared memory has a name until both ends have met, and none after") {
  auto endpoint = open("shm", "0123456789abcdef");
  const auto file = file_of(*endpoint);
  CHECK(file.filename().string().starts_with("cpxfer-0123456789abcdef:" +
                                             std::to_string(::getuid())));
  CHECK(std::filesystem::exists(file));
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms(077)) ==
        std::filesystem::perms::none);
  endpoint->hide();
  CHECK_FALSE(std::filesystem::exists(file));
  endpoint.reset();
  auto other = open("shm", "fedcba98");
  const auto left = file_of(*other);
  other.reset();
  CHECK_FALSE(std::filesystem::exists(left));
}

TEST_CASE("names that were left long ago are swept away, and no others") {
  const auto make = [](const std::string& name, int seconds_ago) {
    const std::filesystem::path file = "/dev/shm/" + name;
    std::ofstream(file).put('x');
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() - std::chrono::seconds(seconds_ago));
    return file;
  };
  const std::string own = std::to_string(::getpid());
  const auto old = make("cpxfer-" + own + "a:0:0", 1000);
  const auto fresh = make("cpxfer-" + own + "b:0:0", 0);
  const auto another = make("another-" + own, 1000);
  sweep_shared_names(std::chrono::seconds(60));
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK(std::filesystem::remove(fresh));
  CHECK(std::filesystem::remove(another));
}

TEST_CASE("a message goes through memory that has no name any more") {
  Pair pair = met("shm");
  pair.ours->hide();
  pair.theirs->hide();
  std::vector<std::byte> out = pattern(kSlot);
  std::vector<std::byte> in(kSlot);
  REQUIRE(pair.ours->prepare(out, 1));
  REQUIRE(pair.theirs->prepare(in, 1));
  REQUIRE(pair.theirs->receive(0, in));
  const Outcome outcome = drive(pair, [&] { return pair.ours->send(0, out); });
  REQUIRE_FALSE(outcome.has_failed);
  REQUIRE(outcome.theirs);
  CHECK(outcome.theirs->is_receive);
  CHECK(outcome.theirs->bytes == kSlot);
  CHECK(in == out);
}

}  // namespace rdm_endpoint_test
