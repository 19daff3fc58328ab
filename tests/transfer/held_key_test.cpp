// SPDX-License-Identifier: Apache-2.0
#include "transfer/held_key.hpp"

#include "scratch.hpp"
#include "transfer/staging.hpp"

#include "catch.hpp"
#include <chrono>
#include <future>
#include <thread>

using namespace cp;
using namespace cp::transfer;
using namespace std::chrono_literals;

namespace {

using Answer = HeldKey::Answer;

const SteadyTime kStart{1000s};

LastHeard heard_at(SteadyTime time) { return {time, time}; }

// Until DONE, for 20 s at most.
template <class Done>
bool comes_true(Done done) {
  for (int i = 0; i < 2000; ++i) {
    if (done()) {
      return true;
    }
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

std::future<Result<std::unique_ptr<Staging>>> another(const Confined& root) {
  return std::async(std::launch::async,
                    [&root] { return Staging::open(root, {.id = "another", .key = "key"}, {}); });
}

}  // namespace

TEST_CASE("who holds a key goes on once its client has spoken while another waits") {
  HeldKey key;
  CHECK(key.judge(false, kStart, heard_at(kStart)) == Answer::wait);
  CHECK(key.judge(true, kStart, heard_at(kStart)) == Answer::wait);
  // What he said before he died may come in a little later.
  CHECK(key.judge(true, kStart + 500ms, heard_at(kStart + 400ms)) == Answer::wait);
  CHECK(key.judge(true, kStart + 1100ms, heard_at(kStart + 1s)) == Answer::goes_on);
  // And so for the next.
  CHECK(key.judge(true, kStart + 5s, heard_at(kStart + 5s)) == Answer::wait);
  CHECK(key.judge(true, kStart + 6s, heard_at(kStart + 6s)) == Answer::goes_on);
}

TEST_CASE("who holds a key lets go of it when its client says nothing while another waits") {
  HeldKey key;
  CHECK(key.judge(true, kStart, heard_at(kStart - 5s)) == Answer::wait);
  CHECK(key.judge(true, kStart + 9s, heard_at(kStart - 5s)) == Answer::wait);
  CHECK(key.judge(true, kStart + 10s, heard_at(kStart - 5s)) == Answer::lets_go);
}

TEST_CASE("who cannot listen does not know that its client says nothing") {
  HeldKey key;
  CHECK(key.judge(true, kStart, {kStart, kStart}) == Answer::wait);
  CHECK(key.judge(true, kStart + 60s, {kStart, kStart + 59s}) == Answer::wait);
}

TEST_CASE("another transfer of a key waits until it is told that the holder lives") {
  const Scratch scratch;
  const auto root = Confined::open(scratch.path());
  const auto holder = Staging::open(*root, {.id = "holder", .key = "key"}, {});
  REQUIRE((*holder)->is_resumable());
  CHECK_FALSE((*holder)->is_waited_for());
  auto other = another(*root);
  REQUIRE(comes_true([&] { return (*holder)->is_waited_for(); }));
  (*holder)->turn_away();
  const auto opened = other.get();
  REQUIRE(opened);
  CHECK_FALSE((*opened)->is_resumable());
  CHECK((*opened)->name() == "another");
}

TEST_CASE("another transfer of a key goes on with it when the holder is late to let go") {
  const Scratch scratch;
  const auto root = Confined::open(scratch.path());
  auto holder = *Staging::open(*root, {.id = "holder", .key = "key"}, {});
  auto other = another(*root);
  REQUIRE(comes_true([&] { return holder->is_waited_for(); }));
  // For longer than anybody once waited.
  CHECK(other.wait_for(3500ms) == std::future_status::timeout);
  holder->keep();
  holder.reset();
  const auto opened = other.get();
  REQUIRE(opened);
  CHECK((*opened)->is_resumable());
  CHECK_FALSE((*opened)->is_waited_for());
}
