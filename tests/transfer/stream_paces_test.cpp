// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_paces.hpp"

#include "catch.hpp"
#include <array>

using namespace cp::transfer;
using namespace std::chrono_literals;

namespace {

// Names of streams.
const std::array<char, 4> kStreams{};
const void* stream(std::size_t i) { return &kStreams.at(i); }

}  // namespace

TEST_CASE("a slow stream leaves the last chunks to faster ones, and takes while there are many") {
  StreamPaces paces;
  paces.took(stream(0), 2s);
  paces.took(stream(1), 200ms);
  paces.took(stream(2), 500ms);
  // In 2 s the others send 9 and 3 beside what they have.
  CHECK_FALSE(paces.should_take(stream(0), 12));
  CHECK(paces.should_take(stream(0), 13));
  CHECK_FALSE(paces.should_take(stream(2), 1));
  CHECK(paces.should_take(stream(1), 1));
}

TEST_CASE("of streams that are about as fast each takes the last chunk") {
  StreamPaces paces;
  for (std::size_t i = 0; i < 4; ++i) {
    paces.took(stream(i), 1s + i * 100ms);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(paces.should_take(stream(i), 1));
  }
}

TEST_CASE("a stream that has sent nothing yet, or is hardly slower, takes what there is") {
  StreamPaces paces;
  CHECK(paces.should_take(stream(0), 1));
  paces.took(stream(1), 1ms);
  CHECK(paces.should_take(stream(0), 1));
  paces.took(stream(0), 90ms);
  CHECK(paces.should_take(stream(0), 1));
}

TEST_CASE("when the faster ones are gone the slow one takes what is left") {
  StreamPaces paces;
  paces.took(stream(0), 2s);
  paces.took(stream(1), 200ms);
  REQUIRE_FALSE(paces.should_take(stream(0), 1));
  paces.remove(stream(1));
  CHECK(paces.should_take(stream(0), 1));
}

TEST_CASE("what a stream took lately counts most") {
  StreamPaces paces;
  paces.took(stream(0), 200ms);
  paces.took(stream(1), 4s);
  for (int i = 0; i < 6; ++i) {
    paces.took(stream(1), 200ms);
  }
  CHECK(paces.should_take(stream(1), 1));
}
