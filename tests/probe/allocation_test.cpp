// SPDX-License-Identifier: Apache-2.0
// A program of its own, since it counts every allocation of the process.
#include "base/random.hpp"
#include "probe/reflector.hpp"
#include "probe/session.hpp"
#include "probe/udp_wire.hpp"

#include "catch.hpp"
#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

namespace {
std::atomic<std::uint64_t> allocations{0};
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) {
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

using namespace cp;
using namespace std::chrono_literals;

namespace {

// How often sender and reflector allocate for a session of COUNT packets.
std::uint64_t allocations_of(std::uint64_t count, probe::Reflector& reflector) {
  const SystemClock clock;
  auto wire = probe::UdpWire::open(reflector.local(), clock, {});
  REQUIRE(wire);
  probe::Plan plan;
  plan.count = count;
  plan.interval = 0ns;
  const std::uint64_t before = allocations;
  const auto outcome = probe::Session(plan, 1, *wire, clock).run({});
  const std::uint64_t after = allocations;
  CHECK(outcome.received == count);
  return after - before;
}

}  // namespace

TEST_CASE("neither a sender nor a reflector allocates for a packet") {
  const SystemClock clock;
  KernelRandom random;
  const auto reflector =
      probe::Reflector::open({net::IpAddress::loopback(net::Family::ipv4), 0}, {}, clock, random);
  REQUIRE(reflector);
  const std::jthread thread([&](const std::stop_token& stop) { (void)(*reflector)->run(stop); });
  allocations_of(10, **reflector);
  CHECK(allocations_of(2000, **reflector) == allocations_of(200, **reflector));
}
