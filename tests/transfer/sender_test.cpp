// SPDX-License-Identifier: Apache-2.0
#include "transfer/sender.hpp"

#include "transfer/limits.hpp"
#include "transfer/local.hpp"
#include "transfer/receiver.hpp"
#include "transfer/scratch.hpp"
#include "transfer/wake.hpp"

#include "catch.hpp"
#include <atomic>
#include <fstream>
#include <functional>
#include <future>

using namespace cp::transfer;
using cp::Errc;

namespace {

// A local rail that breaks after some chunks: some of them placed, and some on their way.
class BreakingRail final : public ChunkSender {
 public:
  BreakingRail(Receiver& receiver, Tally& tally, std::uint64_t good)
      : rail_(receiver, tally, [](const cp::Error&) {}), good_(good) {}
  cp::Result<std::span<std::byte>> slot() override { return rail_.slot(); }
  cp::Result<void> send(ChunkHeader header) override {
    if (++sent_ > good_) {
      return cp::fail(Errc::timed_out, "a stream was cut");
    }
    // The last good one arrives, and the word about it is lost.
    CP_TRY(rail_.send(header));
    placed_ = sent_ < good_ ? sent_ : placed_;
    return {};
  }
  std::uint64_t placed() const override { return placed_; }
  cp::Result<void> drain() override {
    return placed_ == sent_ ? cp::Result<void>() : cp::fail(Errc::timed_out, "a stream was cut");
  }
  void interrupt() override { rail_.interrupt(); }

 private:
  LocalRail rail_;
  std::uint64_t good_;
  std::uint64_t sent_ = 0;
  std::uint64_t placed_ = 0;
};

// A rail that carries nothing, and breaks when it is told to.
class IdleRail final : public ChunkSender {
 public:
  explicit IdleRail(std::shared_future<void> breaks) : breaks_(std::move(breaks)) {}
  cp::Result<std::span<std::byte>> slot() override {
    breaks_.wait();
    return cp::fail(Errc::timed_out, "a stream was cut");
  }
  cp::Result<void> send(ChunkHeader /*header*/) override { return {}; }
  std::uint64_t placed() const override { return 0; }
  cp::Result<void> drain() override { return {}; }
  void interrupt() override {}

 private:
  std::shared_future<void> breaks_;
};

// A rail whose window is larger than all that may be on its way, and of which the far end places
// what was sent so many chunks before.
class LongRail final : public ChunkSender {
 public:
  explicit LongRail(std::atomic<int>& drains) : drains_(drains) {}
  cp::Result<std::span<std::byte>> slot() override { return std::span(slot_); }
  cp::Result<void> send(ChunkHeader /*header*/) override {
    ++sent_;
    return {};
  }
  std::uint64_t placed() const override {
    return std::max(drained_, sent_ - std::min<std::uint64_t>(sent_, kOnTheirWay));
  }
  cp::Result<void> drain() override {
    drains_ += placed() != sent_ ? 1 : 0;
    drained_ = sent_;
    return {};
  }
  void interrupt() override {}

 private:
  static constexpr std::uint64_t kOnTheirWay = 200;
  std::atomic<int>& drains_;
  std::vector<std::byte> slot_ = std::vector<std::byte>(limits::chunk_bytes);
  std::uint64_t sent_ = 0;
  std::uint64_t drained_ = 0;
};

// Hears what it is told.
class NobodyThere final : public FarEnd {
 public:
  cp::Result<void> tell(const Entries& /*entries*/) override { return {}; }
  cp::Result<void> tell(const FileEnd& /*end*/) override { return {}; }
  cp::Result<void> tell(const ItemFailed& /*failed*/) override { return {}; }
  cp::Result<void> tell(const Totals& /*totals*/) override { return {}; }
  cp::Result<void> tell(const Kept& /*kept*/) override { return {}; }
  cp::Result<void> tell(const Offer& /*offer*/) override { return {}; }
  cp::Result<void> tell(const Same& /*same*/) override { return {}; }
  cp::Result<void> tell(const Present& /*present*/) override { return {}; }
  cp::Result<void> tell(const Finish& /*finish*/) override { return {}; }
};

class NoFailures final : public ReceiveEvents {
 public:
  void item_failed(const ItemFailed& /*failed*/) override { ++failures; }
  std::atomic<int> failures{0};
};

struct Bench {
  Scratch scratch;
  Tally tally;
  NoFailures events;
  std::vector<Source> sources;
  std::unique_ptr<Receiver> receiver;
  cp::Result<Wake> wake = Wake::make();

  Bench() {
    std::string big(20U << 20U, '\0');
    for (std::size_t i = 0; i < big.size(); ++i) {
      big[i] = static_cast<char>((i * 2654435761U) >> 17U);
    }
    scratch.write("src/big", big);
    for (int i = 0; i < 3000; ++i) {
      scratch.write("src/small/" + std::to_string(i), std::to_string(i));
    }
    sources.push_back(*open_source(scratch.at("src/")));
    scratch.make_directory("dst");
    receiver = *Receiver::open({.landing = {*Confined::open(scratch.at("dst"))},
                                .durability = Durability::none,
                                .id = "t-test"},
                               events, tally);
  }

  std::unique_ptr<ChunkSender> local() {
    return std::make_unique<LocalRail>(*receiver, tally, [](const cp::Error&) {});
  }

  // STARTED is called with the sender once it runs.
  cp::Result<void> run(
      std::vector<std::unique_ptr<ChunkSender>> streams,
      const std::function<void(Sender&)>& started = [](Sender& /*sender*/) {}) {
    LocalFarEnd far(*receiver);
    Sender sender({.sources = sources,
                   .walk = {},
                   .far = far,
                   .tally = tally,
                   .streams = std::move(streams),
                   .changed = [this] { wake->signal(); }});
    sender.start();
    started(sender);
    while (!sender.state()) {
      wake->wait(std::chrono::milliseconds(100));
    }
    return *sender.state();
  }
};

}  // namespace

TEST_CASE("a stream that breaks hands its chunks to the others, and nothing arrives twice") {
  Bench bench;
  std::vector<std::unique_ptr<ChunkSender>> streams;
  streams.push_back(std::make_unique<BreakingRail>(*bench.receiver, bench.tally, 3));
  streams.push_back(std::make_unique<BreakingRail>(*bench.receiver, bench.tally, 1));
  streams.push_back(
      std::make_unique<LocalRail>(*bench.receiver, bench.tally, [](const cp::Error&) {}));
  REQUIRE(bench.run(std::move(streams)));
  const auto result = bench.receiver->finish();
  REQUIRE(result);
  CHECK(result->files == 3001);
  CHECK(result->bytes == bench.tally.bytes_found);
  CHECK(bench.events.failures == 0);
  CHECK(bench.scratch.read("dst/big") == bench.scratch.read("src/big"));
  CHECK(bench.scratch.read("dst/small/2999") == "2999");
}

TEST_CASE("a transfer all of whose streams break fails, and what was whole stays") {
  Bench bench;
  std::vector<std::unique_ptr<ChunkSender>> streams;
  streams.push_back(std::make_unique<BreakingRail>(*bench.receiver, bench.tally, 2));
  streams.push_back(std::make_unique<BreakingRail>(*bench.receiver, bench.tally, 2));
  const auto ended = bench.run(std::move(streams));
  REQUIRE_FALSE(ended);
  CHECK(ended.error().code == Errc::timed_out);
  bench.receiver->keep_whole();
  bench.receiver.reset();
  CHECK_FALSE(bench.scratch.has("dst/big"));
  CHECK_FALSE(bench.scratch.has("dst/.cpxfer"));
}

TEST_CASE("a stream that joins later carries what the others do not") {
  Bench bench;
  std::promise<void> breaks;
  std::vector<std::unique_ptr<ChunkSender>> streams;
  streams.push_back(std::make_unique<IdleRail>(breaks.get_future().share()));
  REQUIRE(bench.run(std::move(streams), [&](Sender& sender) {
    sender.join(bench.local());
    sender.join(bench.local());
    breaks.set_value();
  }));
  const auto result = bench.receiver->finish();
  REQUIRE(result);
  CHECK(result->files == 3001);
  CHECK(bench.scratch.read("dst/big") == bench.scratch.read("src/big"));
}

TEST_CASE("a stream goes on by the chunk while as much is on its way as may be") {
  const Scratch scratch;
  scratch.make_directory("src");
  {
    std::ofstream large(scratch.at("src/large"));
    // Something in each leaf, so that none is a hole.
    for (int leaf = 0; leaf < 400; ++leaf) {
      large.seekp(std::streamoff{leaf} << 20U);
      large << 'x';
    }
  }
  std::vector<Source> sources;
  sources.push_back(*open_source(scratch.at("src/large")));
  NobodyThere far;
  Tally tally;
  const auto wake = Wake::make();
  std::atomic<int> drains = 0;
  std::vector<std::unique_ptr<ChunkSender>> streams;
  streams.push_back(std::make_unique<LongRail>(drains));
  Sender sender({.sources = sources,
                 .walk = {},
                 .far = far,
                 .tally = tally,
                 .streams = std::move(streams),
                 .knows_extras = false,
                 .changed = [&] { wake->signal(); }});
  sender.start();
  while (!sender.state()) {
    wake->wait(std::chrono::milliseconds(100));
  }
  CHECK(*sender.state());
  CHECK(drains == 1);
}

TEST_CASE("a stream that joins when all is over carries nothing and harms nothing") {
  Bench bench;
  std::vector<std::unique_ptr<ChunkSender>> streams;
  streams.push_back(bench.local());
  const auto ended = bench.run(std::move(streams), [&](Sender& sender) {
    sender.interrupt({Errc::timed_out, "interrupted", {}});
    sender.join(bench.local());
    sender.end();
    sender.join(bench.local());
  });
  REQUIRE_FALSE(ended);
}
