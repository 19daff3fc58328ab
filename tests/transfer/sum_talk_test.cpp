// SPDX-License-Identifier: Apache-2.0
#include "transfer/sum_talk.hpp"

#include "base/signals.hpp"
#include "net/fd_stream.hpp"
#include "scratch.hpp"
#include "transfer/limits.hpp"
#include "transfer/tree_sum.hpp"

#include "catch.hpp"
#include <thread>

using namespace cp::transfer;
using cp::Errc;

namespace {

constexpr auto kSilence = std::chrono::seconds(30);

// Both ends of a talk: ours, and one that says whatever it likes.
struct Talk {
  std::unique_ptr<Control> ours;
  std::unique_ptr<Control> peer;

  Talk() {
    cp::survive_closed_pipes();
    auto there = cp::make_pipe();
    auto back = cp::make_pipe();
    REQUIRE(there);
    REQUIRE(back);
    ours = std::make_unique<Control>(
        *cp::net::FdStream::make(std::move(back->read), std::move(there->write)));
    peer = std::make_unique<Control>(
        *cp::net::FdStream::make(std::move(there->read), std::move(back->write)), kSilence);
  }
};

Summed::Item item(std::uint64_t id, std::string path, std::string sum = std::string(16, 's')) {
  return {{.type = EntryType::file, .path = path, .size = 6, .id = id}, std::move(sum), path};
}

Summed one() { return {{item(1, "a")}}; }

// How hearing ends when the peer has said what SAY does.
template <class Say>
cp::Result<void> hear(Say say, std::vector<std::string>* taken = nullptr) {
  Talk talk;
  say(*talk.peer);
  return sum_there({.control = *talk.ours,
                    .take =
                        [&](const Summed& summed) {
                          for (const Summed::Item& each : summed.items) {
                            if (taken != nullptr) {
                              taken->push_back(each.from);
                            }
                          }
                          return cp::Result<void>();
                        },
                    .begins = [](const SumBegun&) {},
                    .failed = [](const ItemFailed&) {},
                    .silence = kSilence,
                    .tick = [] {}},
                   {});
}

// How a batch ends of which the peer says what SAY does.
template <class Say>
cp::Result<void> compare(Say say, std::vector<std::string>* failed = nullptr) {
  Talk talk;
  say(*talk.peer);
  const TakeSums take = check_there(
      *talk.ours,
      [&](const ItemFailed& told) {
        if (failed != nullptr) {
          failed->push_back(told.path);
        }
      },
      kSilence);
  return take({{item(1, "a"), item(2, "b")}});
}

ItemFailed failed_at(std::string path) {
  return {.path = std::move(path), .error = {Errc::failed, "its content is another", ""}};
}

cp::Result<Landing> landing_at(const std::string& path) {
  auto root = Confined::open(path);
  REQUIRE(root);
  return Landing{.root = *std::move(root)};
}

}  // namespace

TEST_CASE("sums are heard up to the end of the tree, and each batch is answered") {
  std::vector<std::string> taken;
  Talk talk;
  const auto heard = hear(
      [](Control& peer) {
        REQUIRE(peer.send(SumBegun{item(1, "a").entry}));
        REQUIRE(peer.send(one()));
        REQUIRE(peer.send(failed_at("b")));
        REQUIRE(peer.send(Summed{{item(1, "c"), item(2, "d", std::string(32, 's'))}}));
        REQUIRE(peer.send(Finish{}));
      },
      &taken);
  CHECK(heard);
  CHECK(taken == std::vector<std::string>{"a", "c", "d"});
}

TEST_CASE("whoever sums what cannot be is told so") {
  const auto refuses = [](auto message) {
    const auto heard = hear([&](Control& peer) { REQUIRE(peer.send(message)); });
    REQUIRE_FALSE(heard);
    return heard.error().code;
  };
  CHECK(refuses(Summed{{item(1, "../a")}}) == Errc::denied);
  CHECK(refuses(Summed{{item(1, "/a")}}) == Errc::denied);
  CHECK(refuses(Summed{{item(1, "a"), item(2, "b//c")}}) == Errc::denied);
  CHECK(refuses(SumBegun{item(1, "../a").entry}) == Errc::denied);
  CHECK(refuses(Answer{}) == Errc::protocol);
  CHECK(refuses(FileEnd{.id = 1}) == Errc::protocol);
}

TEST_CASE("whoever ends in the midst of a tree has not ended it") {
  const auto heard = hear([](Control& peer) {
    REQUIRE(peer.send(one()));
    peer.shutdown();
  });
  REQUIRE_FALSE(heard);
  CHECK(heard.error().code == Errc::timed_out);
}

TEST_CASE("a peer's error is the end of a comparison") {
  const SessionError error{{Errc::denied, "no", ""}};
  CHECK(hear([&](Control& peer) { REQUIRE(peer.send(error)); }).error().code == Errc::denied);
  CHECK(compare([&](Control& peer) { REQUIRE(peer.send(error)); }).error().code == Errc::denied);
}

TEST_CASE("of a batch the other end names what is another") {
  std::vector<std::string> failed;
  CHECK(compare(
      [](Control& peer) {
        REQUIRE(peer.send(failed_at("b")));
        REQUIRE(peer.send(failed_at("a")));
        REQUIRE(peer.send(Answer{}));
      },
      &failed));
  CHECK(failed == std::vector<std::string>{"b", "a"});
}

TEST_CASE(
    "who names what was not asked, or names it twice, or answers what was not asked, ends it") {
  const auto refuses = [](auto say) {
    const auto compared = compare(say);
    REQUIRE_FALSE(compared);
    return compared.error().code;
  };
  CHECK(refuses([](Control& peer) { REQUIRE(peer.send(failed_at("c"))); }) == Errc::protocol);
  CHECK(refuses([](Control& peer) {
          REQUIRE(peer.send(failed_at("a")));
          REQUIRE(peer.send(failed_at("a")));
        }) == Errc::protocol);
  CHECK(refuses([](Control& peer) {
          REQUIRE(peer.send(Answer{{{.id = 1, .verdict = Answer::Verdict::send, .digest = {}}}}));
        }) == Errc::protocol);
  CHECK(refuses([](Control& peer) { REQUIRE(peer.send(one())); }) == Errc::protocol);
  CHECK(refuses([](Control& peer) { REQUIRE(peer.send(Finish{})); }) == Errc::protocol);
}

TEST_CASE("the other end hears of a large file before its sum, and of a small one the sum alone") {
  Scratch scratch;
  scratch.write("large", std::string(long_file_bytes, 'x'));
  scratch.write("small", "x");
  for (const std::string name : {"large", "small"}) {
    const auto sources = open_sources({scratch.at(name)}, Placement::inside);
    REQUIRE(sources);
    std::vector<std::string> said;
    Tally tally;
    const Selection selection;
    REQUIRE(sum_here({.sources = *sources,
                      .selection = selection,
                      .take =
                          [&](const Summed& summed) {
                            said.push_back("sum of " + summed.items.at(0).entry.path);
                            return cp::Result<void>();
                          },
                      .begins = [&](const SumBegun& begun) { said.push_back(begun.entry.path); },
                      .failed = [](const ItemFailed&) {},
                      .tally = tally,
                      .tick = [] {}},
                     {}));
    CHECK(said == (name == "large" ? std::vector<std::string>{"large", "sum of large"}
                                   : std::vector<std::string>{"sum of small"}));
  }
}

TEST_CASE(
    "what begins to be read counts for the file that it was, and nothing is waited for twice") {
  Scratch scratch;
  scratch.write("there/a", "hello\n");
  Entry entry{.type = EntryType::file, .path = "a", .size = 6, .id = 1};
  auto landing = landing_at(scratch.at("there"));
  Counterpart counterpart(*std::move(landing), "", {});
  LeafTree tree;
  tree.add(0, leaf_digest(std::as_bytes(std::span(std::string_view("hello\n")))));
  const Digest digest = tree.file_digest(6);
  const std::string sum(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  // Of more than a few nothing is begun, and nothing is lost.
  for (std::uint64_t size = 1; size <= 50; ++size) {
    entry.size = size;
    counterpart.begin(entry);
  }
  entry.size = 6;
  counterpart.begin(entry);
  CHECK(counterpart.check(entry, sum));
  CHECK(counterpart.check(entry, sum));
  CHECK_FALSE(counterpart.check(entry, std::string(16, 'x')));
  entry.size = 1;
  CHECK_FALSE(counterpart.check(entry, sum));
}
