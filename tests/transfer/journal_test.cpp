// SPDX-License-Identifier: Apache-2.0
#include "transfer/journal.hpp"

#include "scratch.hpp"
#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include "catch.hpp"
#include <algorithm>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

using namespace cp;
using namespace cp::transfer;

namespace {

constexpr std::string_view kId = "t-01M8233HY9NHH45D4A69ZNK920";

Digest digest(unsigned n) {
  Digest out;
  out.bytes.fill(static_cast<std::byte>(n));
  return out;
}

const JournalHeader kHeader{.key = digest(1), .id = std::string(kId), .root_is_new = true};
const JournalAttempt kAttempt{.is_synced = true, .boot = digest(2), .started_s = 1'795'000'000};
const JournalFile kFile{.staged = 7, .stamp = digest(3), .size = 3 << 20, .is_fresh = true};
const JournalLeaves kLeaves{.staged = 7, .first = 1, .digests = {digest(4), digest(5)}};
const JournalItems kItems{{{.stamp = digest(6),
                            .entry = digest(7),
                            .size = 12,
                            .inode = 99,
                            .mtime_s = -5,
                            .mtime_ns = 999'999'999,
                            .place = "a/b"},
                           {.stamp = digest(8), .entry = digest(9), .place = "c\n\xff"}}};

/// A staging directory with a journal in it, opened as often as a test likes.
class Opener {
 public:
  Scratch scratch;
  std::vector<JournalRecord> seen;
  JournalHeader header = kHeader;
  JournalAttempt attempt = kAttempt;
  bool is_finished = false;

  std::unique_ptr<Journal> open() {
    seen.clear();
    const UniqueFd directory(::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY));
    auto journal = Journal::open(
        directory.get(), header, is_finished, attempt, [] { return Result<void>(); },
        [&](const JournalRecord& record) { seen.push_back(record); });
    REQUIRE(journal);
    return *std::move(journal);
  }
  std::string bytes() const { return scratch.read("journal"); }
  void set(std::string_view bytes) const { scratch.write("journal", bytes); }

  /// A journal with one of each, and how long it was after each append.
  std::vector<std::size_t> fill() {
    std::vector<std::size_t> ends;
    const auto journal = open();
    ends.push_back(bytes().size());
    for (const JournalRecord& record : std::vector<JournalRecord>{kFile, kLeaves, kItems}) {
      REQUIRE(journal->append({record}));
      ends.push_back(bytes().size());
    }
    return ends;
  }
};

}  // namespace

TEST_CASE("a journal that is torn anywhere gives what was whole, and goes on from there") {
  Opener opener;
  const auto ends = opener.fill();
  const std::string all = opener.bytes();
  for (std::size_t size = 0; size < all.size(); ++size) {
    CAPTURE(size);
    opener.set(all.substr(0, size));
    const auto journal = opener.open();
    const auto whole = std::ranges::count_if(ends, [&](std::size_t end) { return end <= size; });
    CHECK(opener.seen.size() == static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, whole - 1)));
    const auto before = opener.seen;
    REQUIRE(journal->append({kFile}));
    opener.open();
    CHECK(opener.seen.size() == before.size() + 1);
    CHECK(opener.seen.back() == JournalRecord(kFile));
  }
}

TEST_CASE("no record with a flipped bit, and none behind it, is believed") {
  Opener opener;
  const auto ends = opener.fill();
  const std::string all = opener.bytes();
  for (std::size_t at = 0; at < all.size(); ++at) {
    for (unsigned bit = 0; bit < 8; bit += 3) {
      CAPTURE(at, bit);
      std::string bad = all;
      bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1U << bit));
      opener.set(bad);
      opener.open();
      const auto before = std::ranges::count_if(ends, [&](std::size_t end) { return end <= at; });
      CHECK(opener.seen.size() ==
            static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, before - 1)));
    }
  }
}

TEST_CASE("a journal of another version or of another transfer is begun anew") {
  Opener opener;
  opener.fill();
  SECTION("another key") { opener.header.key = digest(77); }
  SECTION("another version") {
    JournalHeader other = kHeader;
    other.version = 2;
    opener.set(encode_record(other, 0));
  }
  const auto journal = opener.open();
  CHECK(opener.seen.empty());
  CHECK(journal->attempt() == 1);
}

TEST_CASE("a journal that is a link, or has another name elsewhere, is not written to") {
  Opener opener;
  const std::string mine = "mine";
  opener.scratch.write("elsewhere", mine);
  SECTION("symbolic") {
    REQUIRE(::symlink(opener.scratch.at("elsewhere").c_str(),
                      opener.scratch.at("journal").c_str()) == 0);
  }
  SECTION("hard") {
    REQUIRE(::link(opener.scratch.at("elsewhere").c_str(), opener.scratch.at("journal").c_str()) ==
            0);
  }
  SECTION("a pipe") { REQUIRE(::mkfifo(opener.scratch.at("journal").c_str(), 0600) == 0); }
  REQUIRE(opener.open()->append({kFile}));
  CHECK(opener.scratch.read("elsewhere") == mine);
  opener.open();
  CHECK(opener.seen.size() == 1);
}

TEST_CASE("huge lengths and counts are no records") {
  Opener opener;
  opener.open();
  const std::string head = opener.bytes();
  const auto with = [&](std::uint32_t length, std::string_view body) {
    WireWriter out;
    out.put(length).put(JournalLeaves::type).put(std::uint16_t{0}).put(std::uint64_t{0});
    return head + out.take() + std::string(body);
  };
  for (const std::uint32_t length : {0xFFFFFFFFU, 0x7FFFFFFFU, 1U << 20U, (1U << 20U) + 1}) {
    opener.set(with(length, "x"));
    opener.open();
    CHECK(opener.seen.empty());
  }
  WireWriter leaves;
  leaves.put(std::uint64_t{1}).put(std::uint64_t{0}).put(std::uint32_t{0xFFFFFFFF});
  const RecordHeader claimed{.body_bytes = static_cast<std::uint32_t>(leaves.size()),
                             .type = JournalLeaves::type,
                             .checksum = 0};
  CHECK_FALSE(decode_record(claimed, std::as_bytes(std::span(leaves.bytes())), 0));
}

TEST_CASE("no place in a journal leads out of the destination") {
  for (const std::string place : {"../x", "/x", "a/../b", "", ".cpxfer/x", "a//b"}) {
    CAPTURE(place);
    Opener opener;
    const auto journal = opener.open();
    REQUIRE(journal->append({JournalItems{{{.stamp = digest(1), .place = place}}}}));
    opener.open();
    CHECK(opener.seen.empty());
  }
}

TEST_CASE("a record that stands at another place than it was written for does not count") {
  Opener opener;
  const auto ends = opener.fill();
  const std::string all = opener.bytes();
  const std::string first = all.substr(ends[0], ends[1] - ends[0]);
  opener.set(all.substr(0, ends[1]) + first + all.substr(ends[1]));
  opener.open();
  CHECK(opener.seen == std::vector<JournalRecord>{kFile});
}

TEST_CASE("what was not synced holds until the machine is started anew") {
  Opener opener;
  opener.attempt.is_synced = false;
  opener.fill();
  opener.open();
  CHECK(opener.seen.size() == 3);
  opener.attempt.boot = digest(55);
  opener.open();
  CHECK(opener.seen.empty());
  SECTION("and where nobody can tell, not at all") {
    opener.attempt.boot = {};
    opener.fill();
    opener.open();
    CHECK(opener.seen.empty());
  }
}

TEST_CASE("every random change of a journal is found or changes nothing") {
  Opener opener;
  opener.fill();
  const std::string all = opener.bytes();
  const std::vector<JournalRecord> whole{kFile, kLeaves, kItems};
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    std::string bad = all;
    for (unsigned n = random() % 4; n != 0 && !bad.empty(); --n) {
      const std::size_t at = random() % bad.size();
      switch (random() % 4) {
        case 0:
          bad[at] = static_cast<char>(random());
          break;
        case 1:
          bad.erase(at, random() % 40);
          break;
        case 2:
          bad.insert(at, bad.substr(random() % bad.size(), random() % 60));
          break;
        default:
          bad.resize(at + 1);
      }
    }
    CAPTURE(i);
    opener.set(bad);
    opener.open();
    REQUIRE(opener.seen.size() <= whole.size());
    CHECK(std::equal(opener.seen.begin(), opener.seen.end(), whole.begin()));
  }
}

TEST_CASE("a journal gives back what was written, attempt after attempt") {
  Opener opener;
  opener.fill();
  opener.header.id = "t-00000000000000000000000000";
  const auto second = opener.open();
  CHECK(opener.seen == std::vector<JournalRecord>{kFile, kLeaves, kItems});
  CHECK(second->attempt() == 2);
  CHECK(second->header() == kHeader);
  struct stat status {};
  REQUIRE(::stat(opener.scratch.at("journal").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);

  SECTION("a transfer after a finished one has its own name, and counts from 1") {
    opener.is_finished = true;
    const auto next = opener.open();
    CHECK(next->attempt() == 1);
    CHECK(next->header().id == opener.header.id);
    opener.is_finished = false;
    const auto again = opener.open();
    CHECK(again->attempt() == 2);
    CHECK(again->header().id == opener.header.id);
    CHECK(opener.seen.size() == 3);
  }
}
