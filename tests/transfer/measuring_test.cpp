// SPDX-License-Identifier: Apache-2.0
#include "transfer/measuring.hpp"

#include "transfer/agreement.hpp"
#include "transfer/limits.hpp"
#include "transfer/rail_bench.hpp"

#include "catch.hpp"
#include <condition_variable>
#include <deque>
#include <mutex>

using namespace cp::transfer;
using cp::Errc;
using std::chrono::milliseconds;

namespace {

// Long enough for any machine, where something has to happen; nothing waits for it in vain.
constexpr auto kLong = std::chrono::seconds(60);

/// Takes chunks of memory, and says after how many it takes no more.
class Bucket final : public ChunkSender {
 public:
  explicit Bucket(std::uint64_t holds) : holds_(holds), room_(limits::chunk_bytes) {}

  cp::Result<std::span<std::byte>> slot() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sent_ < holds_ || interrupted_; });
    return interrupted_ ? cp::Result<std::span<std::byte>>(cp::fail(Errc::timed_out, "cut"))
                        : std::span(room_);
  }
  cp::Result<void> send(ChunkHeader header) override {
    const std::scoped_lock lock(mutex_);
    ++sent_;
    good_ = good_ && header.digest == leaf_digest(std::span(room_).first(header.length));
    return {};
  }
  std::uint64_t placed() const override { return sent_; }
  cp::Result<void> drain() override { return {}; }
  void interrupt() override {
    const std::scoped_lock lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
  }

 private:
  const std::uint64_t holds_;
  std::vector<std::byte> room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t sent_ = 0;
  bool interrupted_ = false;
  bool good_ = true;
};

/// Gives what it was filled with, and then ends, or hangs until it is interrupted.
class Tap final : public ChunkReceiver {
 public:
  Tap(std::vector<ChunkHeader> headers, bool hangs) : hangs_(hangs), room_(4096, std::byte{'x'}) {
    for (const ChunkHeader& header : headers) {
      headers_.push_back(header);
    }
  }
  cp::Result<std::optional<ReceivedChunk>> next() override {
    std::unique_lock lock(mutex_);
    if (!headers_.empty()) {
      const ChunkHeader header = headers_.front();
      headers_.pop_front();
      return ReceivedChunk{header, std::span(room_).first(header.on_wire())};
    }
    changed_.wait(lock, [&] { return !hangs_ || interrupted_; });
    return interrupted_ ? cp::Result<std::optional<ReceivedChunk>>(cp::fail(Errc::timed_out, "cut"))
                        : std::nullopt;
  }
  cp::Result<void> placed() override { return {}; }
  void interrupt() override {
    const std::scoped_lock lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
  }
  ChunkHeader chunk(std::uint32_t length) const {
    return {.is_pack = true,
            .sequence = 1,
            .id = 1,
            .length = length,
            .digest = leaf_digest(std::span(room_).first(length))};
  }

 private:
  const bool hangs_;
  std::vector<std::byte> room_;
  std::deque<ChunkHeader> headers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;
};

template <class Base, class... One>
std::vector<std::unique_ptr<Base>> streams_of_kind(std::unique_ptr<One>... one) {
  std::vector<std::unique_ptr<Base>> streams;
  (streams.push_back(std::move(one)), ...);
  return streams;
}

cp::Result<Effort> swallowed(std::vector<ChunkHeader> headers) {
  return swallow(streams_of_kind<ChunkReceiver>(std::make_unique<Tap>(std::move(headers), false)),
                 {milliseconds(1), kLong}, {});
}

}  // namespace

TEST_CASE("a chunk that is not what its header says ends a measurement") {
  const Tap tap({}, false);
  ChunkHeader wrong = tap.chunk(100);
  SECTION("other bytes") { wrong.digest.bytes[0] ^= std::byte{1}; }
  SECTION("other bytes than are told") { wrong.length = 101; }
  SECTION("compressed, of which nobody spoke") { wrong.compressed = 99; }
  const auto taken = swallowed({tap.chunk(100), wrong});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == Errc::protocol);
}

TEST_CASE("what came over several streams is counted") {
  const Tap tap({}, false);
  const auto taken =
      swallow(streams_of_kind<ChunkReceiver>(
                  std::make_unique<Tap>(std::vector{tap.chunk(100), tap.chunk(7)}, false),
                  std::make_unique<Tap>(std::vector{tap.chunk(1000)}, false)),
              {milliseconds(1), kLong}, {});
  REQUIRE(taken);
  CHECK(taken->bytes == 1107);
  CHECK(taken->elapsed.count() > 0);
}

TEST_CASE("an end that sends or takes nothing is given up on") {
  const MeasuringTime time{milliseconds(1), milliseconds(20)};
  const auto poured =
      pour(streams_of_kind<ChunkSender>(std::make_unique<Bucket>(3), std::make_unique<Bucket>(0)),
           time, 0, {});
  REQUIRE_FALSE(poured);
  CHECK(poured.error().code == Errc::timed_out);
  CHECK(poured.error().message == "the other end does not keep up");
  const auto taken = swallow(
      streams_of_kind<ChunkReceiver>(std::make_unique<Tap>(std::vector<ChunkHeader>(), true)), time,
      {});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().message == "the other end does not keep up");
}

TEST_CASE("a measurement is interrupted, also while it keeps below a rate") {
  std::stop_source stop;
  stop.request_stop();
  for (const double rate : {0.0, 1.0}) {
    const auto poured = pour(streams_of_kind<ChunkSender>(std::make_unique<Bucket>(1'000'000'000)),
                             {kLong, kLong}, rate, stop.get_token());
    REQUIRE_FALSE(poured);
    CHECK(poured.error().message == "interrupted");
  }
}

TEST_CASE("a stream that fails ends the others") {
  class Broken final : public ChunkSender {
   public:
    cp::Result<std::span<std::byte>> slot() override { return cp::fail(Errc::denied, "no more"); }
    cp::Result<void> send(ChunkHeader /*header*/) override { return {}; }
    std::uint64_t placed() const override { return 0; }
    cp::Result<void> drain() override { return {}; }
    void interrupt() override {}
  };
  const auto poured =
      pour(streams_of_kind<ChunkSender>(std::make_unique<Bucket>(3), std::make_unique<Broken>()),
           {kLong, kLong}, 0, {});
  REQUIRE_FALSE(poured);
  CHECK(poured.error().message == "no more");
}

TEST_CASE("a measurement of no time, of years, or that moves something is not asked for") {
  Open open{.secret = std::string(limits::key_bytes, 's')};
  open.measuring = milliseconds(1);
  REQUIRE(parse_open(to_text(open)));
  CHECK(parse_open(to_text(open))->measuring == milliseconds(1));
  SECTION("of no time") { open.measuring = milliseconds(0); }
  SECTION("of less than none") { open.measuring = milliseconds(-1); }
  SECTION("of more than a minute") { open.measuring = limits::measuring_time + milliseconds(1); }
  SECTION("a dry run, whose chunks need no sealing") { open.dry_run = true; }
  SECTION("one that goes on with a transfer") {
    open.key = leaf_digest({});
    open.id = "t-01M8233HY9NHH45D4A69ZNK920";
  }
  const auto parsed = parse_open(to_text(open));
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Errc::protocol);
}

TEST_CASE("a transfer is asked for as by those who know no measurements") {
  const Open open{.secret = std::string(limits::key_bytes, 's')};
  CHECK(to_text(open).find("measure") == std::string::npos);
  CHECK_FALSE(parse_open(to_text(open))->measuring);
}
