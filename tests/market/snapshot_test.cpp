// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "catalog_fixture.hpp"
#include "counting_random.hpp"
#include "market/column_scan.hpp"
#include "market/search.hpp"
#include "market/snapshot_build.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <numeric>
#include <random>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using cp::Errc;
using cp::market::ChunkReader;
using cp::market::OfferColumn;
using cp::market::RawColumn;
using cp::market::Snapshot;
using cp::market::SnapshotFile;
using cp::market::SnapshotStamp;
using cp::market::SnapshotWriter;

namespace {

std::string catalog_of(int rows, const char* region = "r") {
  std::string text = "InstanceType,vCPUs,Price,Region\n";
  for (int i = 1; i <= rows; ++i) {
    text += fmt::format("T{},{},{}.5,{}{}\n", i, i % 64 + 1, i % 100, region, i % 7);
  }
  return text;
}

class World {
 public:
  explicit World(int rows = 300) { REQUIRE(fixture.import_text("a.csv", catalog_of(rows))); }

  std::string path() { return cp::market::snapshot_path(fixture.cache()); }
  std::string bytes() { return *cp::read_file(path(), 64U << 20U); }
  void put(std::string_view bytes) { REQUIRE(cp::write_file(path(), bytes, 0600)); }
  std::optional<Snapshot> snapshot() {
    auto got = cp::market::snapshot_of(fixture.cache(), *fixture.cache().sources(), 1);
    REQUIRE(got);
    return *std::move(got);
  }
  SnapshotStamp stamp() {
    return *cp::market::stamp_of(fixture.cache(), *fixture.cache().sources());
  }
  bool is_good() { return Snapshot::open(path(), stamp()).has_value(); }
  // The first offers of a query, by name.
  std::string ask(std::int64_t columns_from = 1) {
    cp::market::DemandFlags flags;
    flags.where = {"cpus >= 32 and region like \"r*\""};
    cp::market::SearchOptions options;
    options.columns_from = columns_from;
    options.sort = *cp::market::parse_sort("price,name", false);
    options.limit = 4;
    CountingRandom random;
    const auto result = search({&fixture.cache(), {}}, *cp::market::Demand::from_flags(flags),
                               options, fixture.clock, random, {});
    REQUIRE(result);
    std::string text = std::to_string(result->answer["matched"].get<int>());
    for (const auto& offer : result->offers) {
      text += " " + offer["name"].get<std::string>();
    }
    return text;
  }

  CatalogFixture fixture;
};

}  // namespace

TEST_CASE("a snapshot is made at the first query and used by the next one") {
  World world;
  const std::string by_sql = world.ask(1'000'000);
  CHECK(::access(world.path().c_str(), F_OK) != 0);
  CHECK(world.ask() == by_sql);
  struct stat first {};
  REQUIRE(::stat(world.path().c_str(), &first) == 0);
  CHECK((first.st_mode & 0777U) == 0600);
  CHECK(world.ask() == by_sql);
  struct stat second {};
  REQUIRE(::stat(world.path().c_str(), &second) == 0);
  CHECK(first.st_ino == second.st_ino);
}

TEST_CASE("a snapshot of what was is made anew after an import and after a removal") {
  World world;
  world.ask();
  CHECK(world.is_good());
  REQUIRE(world.fixture.import_text("b.csv", catalog_of(20, "q")));
  CHECK_FALSE(world.is_good());
  CHECK(world.ask() == world.ask(1'000'000));
  CHECK(world.is_good());
  REQUIRE(world.fixture.cache().remove_source("a"));
  CHECK_FALSE(world.is_good());
  CHECK(world.ask() == "0");
}

TEST_CASE("the snapshot of another cache is refused, though its sources look alike") {
  World one;
  World other;
  one.ask();
  other.ask();
  other.put(one.bytes());
  CHECK_FALSE(other.is_good());
  CHECK(other.ask() == one.ask());
  CHECK(other.is_good());
}

TEST_CASE("a snapshot that is cut short anywhere is refused and made anew") {
  World world;
  const std::string answer = world.ask();
  const std::string good = world.bytes();
  for (std::size_t length = 0; length < good.size(); length += 1 + good.size() / 97) {
    INFO(length);
    world.put(std::string_view(good).substr(0, length));
    CHECK_FALSE(world.is_good());
    CHECK(world.ask() == answer);
  }
  CHECK(world.is_good());
}

TEST_CASE("a byte that is changed anywhere changes no answer") {
  World world;
  const std::string answer = world.ask();
  const std::string good = world.bytes();
  std::mt19937 chance(1);
  for (int i = 0; i < 400; ++i) {
    std::string bad = good;
    const std::size_t at = chance() % bad.size();
    bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1 + chance() % 255));
    INFO("byte " << at);
    world.put(bad);
    CHECK(world.ask() == answer);
  }
}

TEST_CASE("bytes whose checksums are right may lie, but nothing is read beyond its bounds") {
  World world;
  const std::string answer = world.ask();
  std::set<std::string> names;
  for (int i = 1; i <= 300; ++i) {
    names.insert(fmt::format("T{}", i));
  }
  int answers = 0;
  int errors = 0;
  const auto file = SnapshotFile::open(world.path());
  REQUIRE(file);
  std::vector<std::string> sections;
  for (std::size_t i = 0; i < file->sections(); ++i) {
    sections.emplace_back(file->length(i), '\0');
    REQUIRE(file->read(i, 0, sections.back()));
  }
  std::mt19937 chance(2);
  const std::array<std::size_t, 4> most{255, 0, 128, 7};
  for (int i = 0; i < 600; ++i) {
    INFO("round " << i);
    std::vector<std::string> lies = sections;
    for (int k = 0; k < 3; ++k) {
      std::string& section = lies[chance() % lies.size()];
      for (int n = 0; n < 8 && !section.empty(); ++n) {
        section[chance() % section.size()] = static_cast<char>(most[chance() % most.size()]);
      }
      if (chance() % 8 == 0) {
        section.resize(chance() % 3 == 0 ? section.size() * 2 : section.size() / 2);
      }
    }
    auto writer = SnapshotWriter::create(world.path());
    REQUIRE(writer);
    for (const std::string& section : lies) {
      REQUIRE(writer->add(section));
    }
    REQUIRE(writer->commit(world.stamp(), chance() % 9 == 0 ? chance() : file->rows()));
    cp::market::DemandFlags flags;
    flags.where = {"cpus >= 8 and (region like \"r*\" or price.hour <= 5USD) and name != t9"};
    flags.duration_s = 3600;
    cp::market::SearchOptions options;
    options.columns_from = 1;
    options.sort = *cp::market::parse_sort("region,gpu.model,-memory,price.card_hour", true);
    options.limit = 5;
    options.per_provider = 2;
    options.include_unknown = true;
    CountingRandom random;
    // An answer of rows that are there, or an error that says that the cache and the file do not
    // fit.
    const auto result = search({&world.fixture.cache(), {}}, *cp::market::Demand::from_flags(flags),
                               options, world.fixture.clock, random, {});
    if (!result) {
      const Errc code = result.error().code;
      CHECK((code == Errc::bad_data || code == Errc::not_found));
      ++errors;
      continue;
    }
    ++answers;
    CHECK(result->offers.size() <= 5);
    CHECK(result->answer["matched"].get<int>() + result->answer["unknown"].get<int>() <= 300);
    for (const auto& offer : result->offers) {
      CHECK(names.contains(offer["name"].get<std::string>()));
    }
  }
  // Both have been seen, and what comes next is right again.
  CHECK(answers > 0);
  CHECK(errors > 0);
  cp::market::forget_snapshot(world.fixture.cache());
  CHECK(world.ask() == answer);
}

namespace {

// Bytes that this process has read with system calls; nullopt where the kernel does not say.
std::optional<std::uint64_t> bytes_read() {
  const auto text = cp::read_file("/proc/self/io", 4096);
  const std::size_t at = text ? text->find("rchar: ") : std::string::npos;
  return at == std::string::npos ? std::nullopt : std::optional(std::stoull(text->substr(at + 7)));
}

}  // namespace

TEST_CASE("all rows of a snapshot are told without reading it again for each of them") {
  constexpr int rows = 20'000;
  World world(rows);
  const auto snapshot = world.snapshot();
  REQUIRE(snapshot);
  const auto demand = *cp::market::Demand::from_flags({});
  cp::market::RankingRules rules;
  rules.keys = *cp::market::parse_sort("-region,name", false);
  rules.of_group = rows;
  const cp::market::CurrencyRanks currencies("USD");
  const auto sources = *world.fixture.cache().sources();
  const cp::market::ColumnRequest request{demand, sources, {}, false, rules, currencies};
  const auto scan = cp::market::ColumnScan::make(*snapshot, request);
  REQUIRE(scan);
  const auto before = bytes_read();
  const auto findings = scan->run();
  REQUIRE(findings);
  REQUIRE(findings->best.size() == rows);
  CHECK(findings->providers.back() == "a");
  CHECK(findings->best.front().keys[0].text == "r6");
  CHECK(findings->best.front().keys[1].text == "t1000");
  CHECK(findings->best.back().keys[1].text == "t9996");
  if (!before) {
    WARN("this kernel does not say what a process reads");
    return;
  }
  // The file has 3 MB; a text that is looked up alone reads 128 KiB.
  CHECK(*bytes_read() - *before < 64U << 20U);
}

TEST_CASE("a file with the snapshot's name that is none is not waited for") {
  World world;
  const std::string answer = world.ask(1'000'000);
  REQUIRE(::mkfifo(world.path().c_str(), 0600) == 0);
  CHECK(world.ask() == answer);
  ::unlink(world.path().c_str());
  REQUIRE(::mkdir(world.path().c_str(), 0700) == 0);
  CHECK(world.ask() == answer);
  ::rmdir(world.path().c_str());
  REQUIRE(::symlink("/dev/zero", world.path().c_str()) == 0);
  CHECK(world.ask() == answer);
}

TEST_CASE("a snapshot has the values of all rows, over the borders of its chunks") {
  constexpr int rows = 20'011;
  World world(rows);
  const auto snapshot = world.snapshot();
  REQUIRE(snapshot);
  CHECK(snapshot->rows() == rows);
  CHECK(snapshot->chunks() == 3);
  CHECK(snapshot->values(OfferColumn::name) == rows);
  CHECK(*snapshot->find(OfferColumn::name, "t20000") >= cp::market::kFirstCode);
  CHECK(*snapshot->find(OfferColumn::name, "T20000") == cp::market::kUnknownCode);
  const auto names = snapshot->texts(OfferColumn::name);
  const auto cpus = snapshot->numbers(OfferColumn::cpus);
  REQUIRE(names);
  REQUIRE(cpus);
  ChunkReader reader(*snapshot);
  int next = 0;
  for (std::size_t chunk = 0; chunk < snapshot->chunks(); ++chunk) {
    const std::size_t count = reader.go_to(chunk);
    std::vector<std::uint16_t> all(count);
    std::iota(all.begin(), all.end(), std::uint16_t{0});
    std::vector<std::uint32_t> name_codes;
    std::vector<std::uint32_t> cpu_codes;
    REQUIRE(reader.codes(OfferColumn::name, all, name_codes));
    REQUIRE(reader.codes(OfferColumn::cpus, all, cpu_codes));
    const auto prices = reader.raw(RawColumn::price);
    REQUIRE(prices);
    for (std::size_t i = 0; i < count; ++i) {
      ++next;
      const std::uint32_t code = name_codes[i];
      const bool is_right = (*names)[code - cp::market::kFirstCode] == fmt::format("t{}", next) &&
                            *snapshot->text(OfferColumn::name, code) == fmt::format("t{}", next) &&
                            (*cpus)[cpu_codes[i] - cp::market::kFirstCode] == next % 64 + 1 &&
                            (*prices)[i] == next % 100 * 1'000'000'000LL + 500'000'000;
      if (!is_right) {
        FAIL("row " << next);
      }
    }
  }
  CHECK(next == rows);
}
