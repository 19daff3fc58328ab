// SPDX-License-Identifier: Apache-2.0
#include "transfer/compression.hpp"

#include "transfer/agreement.hpp"
#include "transfer/compressors.hpp"
#include "transfer/limits.hpp"
#include "transfer/squeezer.hpp"
#include "transfer/zstd.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <algorithm>
#include <atomic>
#include <list>
#include <random>
#include <thread>
#include <vector>

using namespace cp::transfer;

namespace {

Open open_with(Compression compression) {
  Open open;
  open.secret.assign(limits::key_bytes, 's');
  open.compression = compression;
  return open;
}

Opened opened_with(std::string codec) {
  Opened opened;
  opened.id = "t-01M8233HY9NHH45D4A69ZNK920";
  opened.window = 8;
  opened.secret.assign(limits::key_bytes, 's');
  opened.incoming = {.sources = 1, .name = "d", .is_directory = true};
  opened.codec = std::move(codec);
  return opened;
}

nlohmann::json said(const Open& open) { return nlohmann::json::parse(to_text(open)); }

}  // namespace

TEST_CASE("a compression that zstd does not have is refused with what there is") {
  for (const char* text :
       {"", "0", "20", "-8", "3x", "3 ", "+3", "best", "99999999999999", "OFF", "Auto", "-"}) {
    CAPTURE(text);
    const auto parsed = parse_compression(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == cp::Errc::usage);
  }
}

TEST_CASE("a compression is read as it is written") {
  for (const char* text : {"auto", "off", "1", "19", "-7", "-1"}) {
    CHECK(to_text(*parse_compression(text)) == text);
  }
}

TEST_CASE("a server spends on a stranger what it can afford") {
  const auto as_told = [](const char* text) {
    return to_text(as_served(*parse_compression(text)));
  };
  CHECK(as_told("19") == "9");
  CHECK(as_told("9") == "9");
  CHECK(as_told("-5") == "-5");
  CHECK(as_told("auto") == "auto");
  CHECK(as_told("off") == "off");
}

TEST_CASE("an end that says nothing of compression gets and sends none") {
  auto open = said(open_with(*parse_compression("3")));
  open.erase("compression");
  CHECK_FALSE(parse_open(open.dump())->compression.is_wanted());
  auto opened = nlohmann::json::parse(to_text(opened_with("zstd")));
  opened.erase("codec");
  CHECK(parse_opened(opened.dump())->codec.empty());
}

TEST_CASE("an end that compresses in a way that nobody here knows gets plain chunks") {
  auto open = said(open_with(*parse_compression("3")));
  open["compression"]["codec"] = "better-than-zstd";
  open["compression"]["level"] = "most";
  CHECK_FALSE(parse_open(open.dump())->compression.is_wanted());
  CHECK(agreed_codec(*parse_open(open.dump())).empty());
  CHECK_FALSE(agreed_compression({Compression::Mode::fixed, 3}, opened_with("better-than-zstd"))
                  .is_wanted());
}

TEST_CASE("a level that our codec has not breaks the protocol") {
  auto open = said(open_with(*parse_compression("3")));
  for (const char* level : {"0", "77", ""}) {
    open["compression"]["level"] = level;
    const auto parsed = parse_open(open.dump());
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == cp::Errc::protocol);
  }
}

TEST_CASE("two ends that know zstd agree on it, when it is wanted") {
  const Compression wanted = *parse_compression("7");
  const auto open = parse_open(to_text(open_with(wanted)));
  REQUIRE(open);
  CHECK(open->compression == wanted);
  CHECK(agreed_codec(*open) == zstd_name);
  CHECK(agreed_codec(open_with(no_compression)).empty());
  const auto opened = parse_opened(to_text(opened_with(agreed_codec(*open))));
  REQUIRE(opened);
  CHECK(agreed_compression(wanted, *opened) == wanted);
  CHECK_FALSE(agreed_compression(no_compression, *opened).is_wanted());
  CHECK_FALSE(agreed_compression(wanted, opened_with("")).is_wanted());
}

TEST_CASE("a squeezer compresses what shrinks and leaves the rest as it lies") {
  std::vector<std::byte> slot(limits::chunk_bytes, std::byte{'a'});
  const ChunkHeader plain{.id = 1, .length = limits::chunk_bytes};
  LevelControl levels(1, 1, cp::SteadyTime{});
  Compressors compressors;
  Squeezer off(no_compression, levels, compressors);
  CHECK(off.squeeze(plain, slot) == plain);
  Squeezer squeezer(*parse_compression("1"), levels, compressors);
  const ChunkHeader header = squeezer.squeeze(plain, slot);
  CHECK(header.length == limits::chunk_bytes);
  REQUIRE(header.is_compressed());
  ZstdExpander expander;
  const auto again = expander.expand(std::span(slot).first(header.on_wire()), header.length);
  REQUIRE(again);
  CHECK(again->back() == std::byte{'a'});
  std::vector<std::byte> tiny{std::byte{1}, std::byte{2}, std::byte{3}};
  const ChunkHeader small{.id = 1, .length = 3};
  CHECK(squeezer.squeeze(small, tiny) == small);
  CHECK(tiny[0] == std::byte{1});
}

TEST_CASE(
    "a squeezer that chooses tries nothing before it is asked to, then each file, now and then") {
  std::vector<std::byte> slot(limits::chunk_bytes, std::byte{'a'});
  LevelControl levels(1, 4, cp::SteadyTime{});
  Compressors compressors;
  Squeezer squeezer({Compression::Mode::automatic, 0}, levels, compressors);
  ChunkHeader chunk{.id = 1, .length = limits::chunk_bytes};
  CHECK(squeezer.squeeze(chunk, slot) == chunk);
  // A stream that does nothing but wait for 100 kB/s: trials, and what they show.
  LevelControl::Moment moment{.now = cp::SteadyTime{}, .idle_cores = 4};
  const auto pass = [&] {
    for (int i = 0; i < 2; ++i) {
      levels.placed(limits::chunk_bytes, limits::chunk_bytes);
    }
    moment.now += std::chrono::seconds(20);
    moment.sending += std::chrono::seconds(20);
    levels.decide(moment);
  };
  pass();
  CHECK(levels.wants_trials());
  CHECK(squeezer.squeeze(chunk, slot) == chunk);
  pass();
  REQUIRE(levels.level() != 0);
  CHECK(squeezer.squeeze(chunk, slot).is_compressed());
  std::mt19937_64 random(1);
  std::ranges::generate(slot, [&] { return static_cast<std::byte>(random()); });
  chunk.id = 2;
  CHECK_FALSE(squeezer.squeeze(chunk, slot).is_compressed());
  std::ranges::fill(slot, std::byte{'a'});
  int plain = 1;
  while (!squeezer.squeeze(chunk, slot).is_compressed() && plain < 1000) {
    ++plain;
  }
  CHECK(plain == 32);
}

namespace {

// For 20 s at most.
void wait_for_waiting(const Compressors& compressors, std::size_t wanted) {
  for (int i = 0; i < 20'000 && compressors.waiting() != wanted; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

TEST_CASE("compressors of all levels share one memory, and who came first is first") {
  Compressors compressors;
  std::list<Compressors::Lease> low;
  // They take 5 MiB each: 10 MiB are left, and one of level 19 wants 20.
  for (int i = 0; i < 30; ++i) {
    low.push_back(compressors.lend(1));
  }
  std::atomic<int> order = 0;
  int high_was = 0;
  int low_was = 0;
  std::jthread high([&] {
    const auto one = compressors.lend(19);
    high_was = ++order;
  });
  wait_for_waiting(compressors, 1);
  // There is room for it, and yet it waits for the one before it.
  std::jthread late([&] {
    const auto one = compressors.lend(1);
    low_was = ++order;
  });
  wait_for_waiting(compressors, 2);
  CHECK(order == 0);
  low.pop_front();
  low.pop_front();
  high.join();
  late.join();
  CHECK(high_was == 1);
  CHECK(low_was == 2);
  CHECK(compressors.bytes() <= limits::compressing_bytes);
  low.clear();
  // What nobody works with is given back, but for two.
  CHECK(compressors.bytes() <= 2 * (std::size_t{20} << 20U));
}

TEST_CASE("as many compressors work at a time as there is memory for") {
  CHECK(Compressors::most(1) == limits::streams);
  CHECK(Compressors::most(19) == 8);
  Compressors compressors;
  std::atomic<std::size_t> working = 0;
  std::atomic<std::size_t> most = 0;
  std::atomic<int> shrunk = 0;
  {
    std::vector<std::jthread> streams;
    for (int i = 0; i < limits::streams; ++i) {
      streams.emplace_back([&] {
        const std::vector<std::byte> plain(1000, std::byte{'a'});
        for (int j = 0; j < 20; ++j) {
          const auto compressor = compressors.lend(19);
          const std::size_t now = ++working;
          std::size_t before = most;
          while (before < now && !most.compare_exchange_weak(before, now)) {
          }
          shrunk += compressor->compress(plain, 19, plain.size()).size() < 100 ? 1 : 0;
          --working;
        }
      });
    }
  }
  CHECK(most <= Compressors::most(19));
  CHECK(shrunk == 20 * limits::streams);
}
