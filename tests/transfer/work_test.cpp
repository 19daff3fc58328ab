// SPDX-License-Identifier: Apache-2.0
#include "transfer/work.hpp"

#include "transfer/limits.hpp"

#include "catch.hpp"
#include <atomic>
#include <thread>

using namespace cp::transfer;

namespace {

Work pack(std::uint64_t id) { return PackWork{.id = id}; }
std::uint64_t id_of(const std::optional<Work>& work) { return std::get<PackWork>(*work).id; }

}  // namespace

// Runs CALL on a thread of its own, WHILE_IT_RUNS on this one, and gives what CALL returned.
template <class Call, class Other>
auto beside(Call call, Other while_it_runs) {
  decltype(call()) result{};
  std::thread other([&] { result = call(); });
  while_it_runs();
  other.join();
  return result;
}

TEST_CASE("a large file takes one place in the queue and is taken leaf by leaf") {
  auto root = Confined::open("/");
  REQUIRE(root);
  const Source source{"/", *std::move(root), "", true};
  const auto file =
      std::make_shared<SourceFile>(source, Entry{.path = "f", .size = 2 * limits::leaf_bytes + 1});
  WorkQueue queue(1);
  REQUIRE(queue.push(ChunkWork{.file = file, .means_rest = true}, {}));
  queue.close();
  for (std::uint64_t leaf = 0; leaf < 3; ++leaf) {
    const auto work = queue.try_take();
    REQUIRE(work);
    CHECK(std::get<ChunkWork>(*work).offset == leaf * limits::leaf_bytes);
    CHECK_FALSE(std::get<ChunkWork>(*work).means_rest);
  }
  CHECK_FALSE(queue.try_take());
  queue.done(3);
  CHECK_FALSE(queue.take({}));
}

TEST_CASE("of a file that was given up no more is taken") {
  auto root = Confined::open("/");
  REQUIRE(root);
  const Source source{"/", *std::move(root), "", true};
  const auto file =
      std::make_shared<SourceFile>(source, Entry{.path = "f", .size = 9 * limits::leaf_bytes});
  WorkQueue queue(1);
  REQUIRE(queue.push(ChunkWork{.file = file, .means_rest = true}, {}));
  queue.close();
  REQUIRE(queue.try_take());
  REQUIRE(file->give_up());
  REQUIRE(queue.try_take());
  CHECK_FALSE(queue.try_take());
  queue.done(2);
  CHECK_FALSE(queue.take({}));
}

TEST_CASE("work that a stream could not finish goes out by another") {
  WorkQueue queue(4);
  REQUIRE(queue.push(pack(1), {}));
  REQUIRE(queue.push(pack(2), {}));
  queue.close();
  auto held = queue.take({});
  REQUIRE(id_of(held) == 1);
  REQUIRE(id_of(queue.take({})) == 2);
  queue.done(1);
  REQUIRE_FALSE(queue.try_take());
  // The other waits: one piece of work is neither done nor in the queue.
  const auto again =
      beside([&] { return queue.take({}); }, [&] { queue.put_back({*std::move(held)}); });
  CHECK(id_of(again) == 1);
  queue.done(1);
  CHECK_FALSE(queue.take({}));
}

TEST_CASE("a full queue waits until somebody takes, is told to stop, or gives up") {
  WorkQueue queue(1);
  REQUIRE(queue.push(pack(1), {}));
  std::optional<Work> taken;
  CHECK(beside([&] { return queue.push(pack(2), {}); }, [&] { taken = queue.take({}); }));
  CHECK(id_of(taken) == 1);
  std::stop_source stop;
  CHECK_FALSE(
      beside([&] { return queue.push(pack(3), stop.get_token()); }, [&] { stop.request_stop(); }));
  CHECK_FALSE(beside([&] { return queue.push(pack(4), {}); }, [&] { queue.abandon(); }));
  CHECK_FALSE(queue.take({}));
}

TEST_CASE("no more is on its way than a sender can keep in mind") {
  WorkQueue queue(limits::chunks_on_their_way + 2);
  for (std::uint64_t id = 0; id < limits::chunks_on_their_way + 2; ++id) {
    REQUIRE(queue.push(pack(id), {}));
  }
  for (std::uint64_t id = 0; id < limits::chunks_on_their_way; ++id) {
    REQUIRE(queue.try_take());
  }
  CHECK_FALSE(queue.try_take());
  const auto next = beside([&] { return queue.take({}); }, [&] { queue.done(1); });
  REQUIRE(next);
  CHECK(id_of(next) == limits::chunks_on_their_way);
  CHECK_FALSE(queue.try_take());
}

TEST_CASE("who leaves work to others makes them think again") {
  WorkQueue queue(4);
  REQUIRE(queue.push(pack(1), {}));
  queue.close();
  std::atomic<bool> is_hungry = false;
  std::atomic<int> asked = 0;
  std::stop_source late;
  std::optional<Work> taken;
  std::jthread waiting([&] {
    taken = queue.take(late.get_token(), [&](std::size_t /*left*/) {
      ++asked;
      return is_hungry.load();
    });
  });
  while (asked < 2) {
    std::this_thread::yield();
  }
  is_hungry = true;
  std::stop_source soon;
  std::jthread leaving(
      [&] { queue.take(soon.get_token(), [](std::size_t /*left*/) { return false; }); });
  for (int i = 0; i < 500 && asked < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  late.request_stop();
  waiting.join();
  soon.request_stop();
  CHECK(taken);
}
