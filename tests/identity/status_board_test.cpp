// SPDX-License-Identifier: Apache-2.0
#include "identity/status_board.hpp"

#include "fixed_clock.hpp"
#include "identity/registry.hpp"
#include "model/json.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <thread>

using namespace cp::identity;

TEST_CASE(
    "whoever looks at a registry's status gets what is there at once, and the next one the new") {
  const TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:00:00Z"};
  cp::KernelRandom random;
  auto registry = Registry::init(directory.path(), "0", "test", clock, random);
  REQUIRE(registry);
  const auto board = StatusBoard::open(Estate::open(directory.path(), clock, random).value());
  REQUIRE(board);
  REQUIRE(registry->register_resource({{"schema", "cp.resource/1"}, {"kind", "node"}}, random));
  CHECK((*board)->look()->own.records == 0);
  std::int64_t records = 0;
  for (int i = 0; records == 0 && i < 600; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    records = (*board)->look()->own.records;
  }
  CHECK(records == 1);
}
