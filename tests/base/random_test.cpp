// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include "catch.hpp"
#include <algorithm>
#include <array>
#include <set>
#include <string>

using namespace std::chrono_literals;

namespace {

class Fixed final : public cp::Random {
 public:
  explicit Fixed(std::byte value) : value_(value) {}
  void fill(std::span<std::byte> out) override { std::ranges::fill(out, value_); }

 private:
  std::byte value_;
};

cp::UnixTime at(std::int64_t milliseconds) {
  return cp::UnixTime{std::chrono::milliseconds(milliseconds)};
}

}  // namespace

TEST_CASE("a ULID holds the milliseconds and then the random bits") {
  Fixed zeros{std::byte{0}};
  Fixed ones{std::byte{0xFF}};
  // The time of the example in the ULID specification.
  CHECK(cp::make_ulid(at(1469918176385), zeros) == "01ARYZ6S410000000000000000");
  CHECK(cp::make_ulid(at(1469918176385), ones) == "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
  CHECK(cp::make_ulid(at(0), zeros) == std::string(26, '0'));
}

TEST_CASE("ULIDs sort by the time they were made") {
  Fixed zeros{std::byte{0}};
  Fixed ones{std::byte{0xFF}};
  for (const std::int64_t time : {0LL, 31LL, 32LL, 1023LL, 1795336205000LL}) {
    CHECK(cp::make_ulid(at(time), ones) < cp::make_ulid(at(time + 1), zeros));
  }
}

TEST_CASE("the kernel's random bytes fill all of the span and differ") {
  cp::KernelRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(cp::make_ulid(at(0), random));
  }
  CHECK(seen.size() == 1000);
  std::array<std::byte, 4096> bytes{};
  random.fill(bytes);
  std::array<int, 256> counts{};
  for (const std::byte b : bytes) {
    ++counts[std::to_integer<std::size_t>(b)];
  }
  CHECK(*std::ranges::max_element(counts) < 64);  // 16 is expected of each
  random.fill({});
}
