// SPDX-License-Identifier: Apache-2.0
#include "transfer/work.hpp"

#include "catch.hpp"
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
