// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_out.hpp"

#include "transfer/limits.hpp"
#include "transfer/pack.hpp"
#include "transfer/scratch.hpp"

#include "catch.hpp"
#include <fcntl.h>
#include <thread>
#include <unistd.h>

using namespace cp::transfer;
using cp::Errc;

namespace {

class NamedFailures final : public ReceiveEvents {
 public:
  void item_failed(const ItemFailed& failed) override { paths.push_back(failed.path); }
  std::vector<std::string> paths;
};

// A stream into the file "out".
struct Pouring {
  Scratch scratch;
  NamedFailures events;
  Tally tally;
  cp::UniqueFd fd{::open(scratch.at("out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  StreamOut out{{.fd = fd.get(), .id = "t-1"}, events, tally};
};

std::vector<std::byte> leaf_of(std::size_t size, char letter) {
  return {size, static_cast<std::byte>(letter)};
}

ChunkHeader head_for(const std::vector<std::byte>& leaf, std::uint64_t offset) {
  return {.id = 1,
          .offset = offset,
          .length = static_cast<std::uint32_t>(leaf.size()),
          .digest = leaf_digest(leaf)};
}

}  // namespace

TEST_CASE("what is not one file in its order is refused by a stream") {
  Pouring pouring;
  const auto first = leaf_of(limits::leaf_bytes, 'a');
  const auto last = leaf_of(5, 'b');
  const Entry file{.path = "f", .metadata = {0644}, .size = limits::leaf_bytes + 5, .id = 1};
  const auto code = [](const auto& result) {
    REQUIRE_FALSE(result);
    return result.error().code;
  };
  SECTION("a chunk before its time") {
    REQUIRE(pouring.out.add(file));
    CHECK(code(pouring.out.take(head_for(last, limits::leaf_bytes), last)) == Errc::protocol);
  }
  SECTION("a chunk twice") {
    REQUIRE(pouring.out.add(file));
    REQUIRE(pouring.out.take(head_for(first, 0), first));
    CHECK(code(pouring.out.take(head_for(first, 0), first)) == Errc::protocol);
  }
  SECTION("a chunk beyond the end") {
    REQUIRE(pouring.out.add(file));
    const auto beyond = limits::leaf_bytes * 2;
    CHECK(code(pouring.out.take(head_for(last, beyond), last)) == Errc::protocol);
  }
  SECTION("a second file") {
    REQUIRE(pouring.out.add(file));
    Entry second = file;
    second.id = 2;
    CHECK(code(pouring.out.add(second)) == Errc::protocol);
  }
  SECTION("an end before all of it") {
    REQUIRE(pouring.out.add(file));
    REQUIRE(pouring.out.take(head_for(first, 0), first));
    REQUIRE(pouring.out.end({.id = 1}));
    CHECK(code(pouring.out.finish()) == Errc::protocol);
  }
  SECTION("an end without a word of what it all is") {
    REQUIRE(pouring.out.add(file));
    REQUIRE(pouring.out.take(head_for(first, 0), first));
    REQUIRE(pouring.out.take(head_for(last, limits::leaf_bytes), last));
    CHECK(code(pouring.out.finish()) == Errc::protocol);
  }
  SECTION("another content than was read") {
    REQUIRE(pouring.out.add(file));
    REQUIRE(pouring.out.take(head_for(first, 0), first));
    REQUIRE(pouring.out.take(head_for(last, limits::leaf_bytes), last));
    REQUIRE(pouring.out.end({.id = 1}));
    CHECK(code(pouring.out.finish()) == Errc::failed);
  }
  SECTION("nothing at all") { CHECK(code(pouring.out.finish()) == Errc::protocol); }
  SECTION("a path that leads out") {
    Entry other = file;
    other.path = "../f";
    CHECK_FALSE(pouring.out.add(other));
  }
  SECTION("two files in a pack") {
    std::vector<std::byte> slot(limits::chunk_bytes);
    PackWriter pack(slot);
    pack.add("a", {.mode = 0644}, 0);
    pack.add("b", {.mode = 0644}, 0);
    const std::uint32_t length = pack.finish();
    CHECK(code(pouring.out.take(ChunkHeader{.is_pack = true, .id = 1, .length = length},
                                std::span(slot).first(length))) == Errc::protocol);
  }
}

TEST_CASE("a stream gets a file with its holes, and no file of a link") {
  Pouring pouring;
  SECTION("holes") {
    Extras extras;
    extras.holes = {{0, 1}, {2, 2}};
    const Entry file{.path = "f",
                     .metadata = {0644},
                     .size = 3 * limits::leaf_bytes + 7,
                     .id = 1,
                     .extras = std::make_shared<const Extras>(extras)};
    const auto middle = leaf_of(limits::leaf_bytes, 'm');
    REQUIRE(pouring.out.add(file));
    REQUIRE(pouring.out.take(head_for(middle, limits::leaf_bytes), middle));
    std::string wanted(3 * limits::leaf_bytes + 7, '\0');
    wanted.replace(limits::leaf_bytes, limits::leaf_bytes, limits::leaf_bytes, 'm');
    const Digest digest = file_digest(std::as_bytes(std::span(wanted)));
    REQUIRE(pouring.out.end({.id = 1, .digest = digest}));
    const auto result = pouring.out.finish();
    REQUIRE(result);
    CHECK(result->bytes == wanted.size());
    CHECK(pouring.scratch.read("out") == wanted);
  }
  SECTION("a link") {
    REQUIRE(pouring.out.add({.type = EntryType::link, .path = "l", .target = "x"}));
    const auto result = pouring.out.finish();
    REQUIRE(result);
    CHECK(result->files == 0);
    CHECK(pouring.events.paths == std::vector<std::string>{"l"});
  }
}

TEST_CASE("a stream that nobody reads does not hold up the end") {
  Scratch scratch;
  NamedFailures events;
  Tally tally;
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const cp::UniqueFd reader(ends[0]);
  const cp::UniqueFd writer(ends[1]);
  StreamOut out({.fd = writer.get(), .id = "t-1"}, events, tally);
  REQUIRE(out.add({.path = "f", .metadata = {0644}, .size = limits::leaf_bytes, .id = 1}));
  const auto leaf = leaf_of(limits::leaf_bytes, 'a');
  cp::Result<void> taken;
  std::thread stream([&] { taken = out.take(head_for(leaf, 0), leaf); });
  out.interrupt();
  stream.join();
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == Errc::timed_out);
}
