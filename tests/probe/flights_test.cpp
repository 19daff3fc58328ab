// SPDX-License-Identifier: Apache-2.0
#include "probe/flights.hpp"

#include "catch.hpp"

using cp::probe::Flight;
using cp::probe::Flights;

TEST_CASE("a packet that was never sent is not found") {
  Flights flights(64, 10);
  CHECK(flights.find(10) == nullptr);
  CHECK(flights.find(9) == nullptr);
  flights.next();
  CHECK(flights.find(10) == nullptr);
  flights.launch();
  REQUIRE(flights.find(10) != nullptr);
  CHECK(flights.find(10)->sequence == 10);
  CHECK(flights.find(9) == nullptr);
  CHECK(flights.find(11) == nullptr);
}

TEST_CASE("a packet is forgotten only when its place is needed again") {
  Flights flights(64, 0);
  for (std::uint32_t i = 0; i < 65; ++i) {
    CHECK(flights.next().sequence == i);
    flights.launch();
  }
  CHECK(flights.find(0) == nullptr);
  CHECK(flights.find(1) != nullptr);
  CHECK(flights.find(64) != nullptr);
}

TEST_CASE("sequence numbers wrap") {
  Flights flights(64, 0xfffffffe);
  for (const std::uint32_t expected : {0xfffffffeU, 0xffffffffU, 0U, 1U}) {
    CHECK(flights.next().sequence == expected);
    flights.launch();
  }
  for (const std::uint32_t sequence : {0xfffffffeU, 0xffffffffU, 0U, 1U}) {
    REQUIRE(flights.find(sequence) != nullptr);
    CHECK(flights.find(sequence)->sequence == sequence);
  }
  CHECK(flights.find(0xfffffffd) == nullptr);
  CHECK(flights.find(2) == nullptr);
}

TEST_CASE("flights retire from the oldest on") {
  Flights flights(64, 5);
  for (int i = 0; i < 3; ++i) {
    flights.next();
    flights.launch();
  }
  CHECK(flights.open() == 3);
  CHECK(flights.oldest().sequence == 5);
  flights.retire();
  CHECK(flights.open() == 2);
  CHECK(flights.oldest().sequence == 6);
  CHECK(flights.find(5) != nullptr);
}
