// SPDX-License-Identifier: Apache-2.0
#include "transfer/resume.hpp"

#include "model/json.hpp"
#include "scratch.hpp"
#include "transfer/have.hpp"
#include "transfer/limits.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <array>
#include <fcntl.h>
#include <sys/stat.h>

using namespace cp;
using namespace cp::transfer;

namespace {

std::string scrambled(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    seed = seed * 1'103'515'245U + 12'345U;
    bytes[i] = static_cast<char>(seed >> 16U);
  }
  return bytes;
}

void set_old(const std::string& path) {
  const std::array<timespec, 2> times{timespec{1'000'000'000, 0}, timespec{1'000'000'000, 5}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
}

/// A source of two small files and a large one, all old, and a place to put them.
struct Move {
  Scratch scratch;
  Request request;

  Move() {
    scratch.write("src/a", "alpha");
    scratch.write("src/d/b", "beta");
    scratch.write("src/large", scrambled(5'000'000, 1));
    for (const char* name : {"src/a", "src/d/b", "src/large"}) {
      set_old(scratch.at(name));
    }
    request = {.sources = {scratch.at("src/")},
               .destination = scratch.at("dst"),
               .durability = Durability::none,
               .resume = true,
               .archive = scratch.at("archive")};
  }
  model::Json run() const {
    Observer observer;
    const auto record = transfer::run(request, observer, {});
    REQUIRE(record);
    REQUIRE(model::text_at(*record, "state") == "done");
    return *record;
  }
  std::int64_t skipped() const { return model::int_at(run(), "files.skipped").value_or(-1); }
};

}  // namespace

TEST_CASE("a landed file that is another now is moved again") {
  const Move move;
  move.run();
  SECTION("it was changed at the destination") { move.scratch.write("dst/a", "ALPHA"); }
  SECTION("it is gone") { REQUIRE(::unlink(move.scratch.at("dst/a").c_str()) == 0); }
  SECTION("another one has its size and time") {
    move.scratch.write("dst/x", "ALPHA");
    REQUIRE(::rename(move.scratch.at("dst/x").c_str(), move.scratch.at("dst/a").c_str()) == 0);
    set_old(move.scratch.at("dst/a"));
  }
  SECTION("a link stands there") {
    REQUIRE(::unlink(move.scratch.at("dst/a").c_str()) == 0);
    REQUIRE(::symlink("d/b", move.scratch.at("dst/a").c_str()) == 0);
  }
  CHECK(move.skipped() == 2);
  CHECK(move.scratch.read("dst/a") == "alpha");
  CHECK(move.scratch.read("dst/d/b") == "beta");
}

TEST_CASE("a source that changed is moved again, whatever its size and time say") {
  const Move move;
  move.run();
  SECTION("in place, with its time set back") {
    move.scratch.write("src/a", "ALPHA");
    set_old(move.scratch.at("src/a"));
  }
  SECTION("by another file") {
    move.scratch.write("src2", "ALPHA");
    REQUIRE(::rename(move.scratch.at("src2").c_str(), move.scratch.at("src/a").c_str()) == 0);
    set_old(move.scratch.at("src/a"));
  }
  CHECK(move.skipped() == 2);
  CHECK(move.scratch.read("dst/a") == "ALPHA");
}

TEST_CASE("a source that was changed just before it was read is read again") {
  const Move move;
  move.scratch.write("src/a", "fresh");
  move.scratch.write("src/large", scrambled(5'000'000, 2));
  move.run();
  CHECK(move.skipped() == 1);
}

TEST_CASE("a finished transfer is known again only from its archive") {
  Move move;
  const auto first = move.run();
  const auto second = move.run();
  CHECK(model::int_at(second, "files.skipped") == 3);
  CHECK(model::int_at(second, "bytes.skipped") == 5'000'009);
  CHECK(model::int_at(second, "bytes.moved") == 0);
  CHECK(model::text_at(second, "digest.value") == model::text_at(first, "digest.value"));
  CHECK(model::text_at(second, "id") != model::text_at(first, "id"));
  CHECK_FALSE(move.scratch.has("dst/.cpxfer"));
  SECTION("not without one") { move.request.archive = ""; }
  SECTION("not when resuming is not wanted") { move.request.resume = false; }
  SECTION("not when the destination is another directory of the same name") {
    REQUIRE(::rename(move.scratch.at("dst").c_str(), move.scratch.at("old").c_str()) == 0);
  }
  SECTION("not when it goes to another place") { move.request.destination = move.scratch.at("z"); }
  CHECK(move.skipped() == 0);
}

TEST_CASE("the key of a transfer is that of its ends and of how names land, and of nothing else") {
  const Request request{.sources = {"/a", "/b"}, .destination = "/c"};
  Request other = request;
  SECTION("sources") { other.sources = {"/a", "/b/"}; }
  SECTION("their order") { other.sources = {"/b", "/a"}; }
  SECTION("destination") { other.destination = "/d"; }
  SECTION("placement") { other.placement = Placement::exact; }
  CHECK(key_of(other) != key_of(request));
  Request same = request;
  same.durability = Durability::file;
  same.streams = 7;
  CHECK(key_of(same) == key_of(request));
}

TEST_CASE("what a receiver has is told in messages of a bounded size, and understood") {
  HaveWriter writer;
  for (unsigned i = 0; i < 100'000; ++i) {
    writer.add_landed(link_digest(std::to_string(i)));
  }
  PartialFile file{.staged = 1,
                   .stamp = leaf_digest({}),
                   .size = 200'000 * limits::leaf_bytes,
                   .is_fresh = true,
                   .leaves = {}};
  for (std::uint64_t i = 0; i < 150'000; i += i % 1000 == 0 ? 2U : 1U) {
    file.leaves[i] = link_digest(std::to_string(i));
  }
  writer.add_partial(file);
  HaveTable table;
  const auto messages = writer.take();
  for (const Have& message : messages) {
    CHECK(message.is_last == (&message == &messages.back()));
    const std::string body = encode(message);
    CHECK(body.size() < limits::message_bytes);
    const auto decoded = decode<Have>(body);
    REQUIRE(decoded);
    REQUIRE(table.add(*decoded));
  }
  table.seal();
  CHECK(table.has_landed(link_digest("99999")));
  CHECK_FALSE(table.has_landed(leaf_digest({})));
  CHECK(table.partial(file.stamp, file.size - 1) == nullptr);
  const auto* partial = table.partial(file.stamp, file.size);
  REQUIRE(partial != nullptr);
  CHECK(partial->is_fresh);
  CHECK((partial->leaves == file.leaves));
}

TEST_CASE("a receiver that says without end what it has is refused") {
  Have message;
  message.landed.resize(limits::have_batch);
  HaveTable table;
  std::size_t taken = 0;
  while (table.add(message)) {
    REQUIRE(++taken < 1000);
  }
  CHECK(taken * limits::have_batch * sizeof(Digest) <= limits::have_bytes);
}
