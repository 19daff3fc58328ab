// SPDX-License-Identifier: Apache-2.0
#include "probe/distribution.hpp"

#include "catch.hpp"
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using cp::probe::Distribution;
using namespace std::chrono_literals;

namespace {

// The ceil(permille/1000 × n)-th smallest.
std::int64_t nearest_rank(std::vector<std::int64_t> values, unsigned permille) {
  std::ranges::sort(values);
  const auto rank = static_cast<std::size_t>(
      std::ceil(static_cast<double>(values.size()) * permille / 1000.0 - 1e-9));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

TEST_CASE("a distribution of nothing has no quantiles") {
  const Distribution empty;
  CHECK(empty.is_empty());
  CHECK(empty.least() == 0ns);
  CHECK(empty.mean() == 0ns);
  CHECK_FALSE(empty.deviation());
  const Distribution::Quantiles quantiles(empty);
  CHECK_FALSE(quantiles.at(500));
  CHECK_FALSE(quantiles.median_interval());
}

TEST_CASE("a quantile that so few samples cannot tell is absent") {
  Distribution d;
  for (int i = 1; i <= 99; ++i) {
    d.add(std::chrono::nanoseconds(i));
  }
  CHECK_FALSE(Distribution::Quantiles(d).at(990));
  CHECK_FALSE(Distribution::Quantiles(d).at(10));
  CHECK_FALSE(Distribution::Quantiles(d).at(1001));
  d.add(100ns);
  CHECK(Distribution::Quantiles(d).at(990) == 99ns);
  CHECK(Distribution::Quantiles(d).at(10) == 1ns);
  CHECK_FALSE(Distribution::Quantiles(d).at(999));
}

TEST_CASE("one sample is its own median") {
  Distribution d;
  d.add(7ns);
  CHECK_FALSE(Distribution::Quantiles(d).at(500));
  d.add(9ns);
  CHECK(Distribution::Quantiles(d).at(500) == 7ns);
}

TEST_CASE("a negative duration counts as none") {
  Distribution d;
  d.add(-5ns);
  CHECK(d.least() == 0ns);
  CHECK(d.greatest() == 0ns);
}

TEST_CASE("quantiles, mean and deviation are those of a brute-force computation") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> values(9.0, 1.5);
  for (const std::size_t n : {2U, 3U, 10U, 100U, 999U, 1000U, 5000U}) {
    Distribution d(n);
    std::vector<std::int64_t> all;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      all.push_back(static_cast<std::int64_t>(values(random)));
      d.add(std::chrono::nanoseconds(all.back()));
      sum += static_cast<double>(all.back());
    }
    const double mean = sum / static_cast<double>(n);
    double squares = 0;
    for (const auto value : all) {
      squares += std::pow(static_cast<double>(value) - mean, 2);
    }
    INFO(n);
    CHECK(d.count() == n);
    CHECK(d.least().count() == *std::ranges::min_element(all));
    CHECK(d.greatest().count() == *std::ranges::max_element(all));
    CHECK(std::abs(static_cast<double>(d.mean().count()) - mean) <= 0.51);
    CHECK(std::abs(static_cast<double>(d.deviation()->count()) -
                   std::sqrt(squares / static_cast<double>(n - 1))) <= 0.51);
    CHECK(d.quantile_error_ratio() == 0.0);
    const Distribution::Quantiles quantiles(d);
    for (const unsigned permille : {10U, 100U, 500U, 900U, 950U, 990U, 999U}) {
      if (const auto value = quantiles.at(permille)) {
        INFO(permille);
        CHECK(value->count() == nearest_rank(all, permille));
      }
    }
  }
}

TEST_CASE("a long run keeps its quantiles within the stated error") {
  std::mt19937_64 random(8);
  std::lognormal_distribution<double> values(11.0, 2.0);
  Distribution d;
  std::vector<std::int64_t> all;
  for (std::size_t i = 0; i < 3 * Distribution::kExact; ++i) {
    all.push_back(static_cast<std::int64_t>(values(random)));
    d.add(std::chrono::nanoseconds(all.back()));
  }
  CHECK(d.count() == all.size());
  CHECK(d.least().count() == *std::ranges::min_element(all));
  CHECK(d.greatest().count() == *std::ranges::max_element(all));
  REQUIRE(d.quantile_error_ratio() > 0);
  CHECK(d.quantile_error_ratio() <= 0.008);
  const Distribution::Quantiles quantiles(d);
  for (const unsigned permille : {1U, 10U, 100U, 500U, 900U, 990U, 999U}) {
    const auto exact = static_cast<double>(nearest_rank(all, permille));
    INFO(permille << " " << exact);
    CHECK(std::abs(static_cast<double>(quantiles.at(permille)->count()) - exact) <=
          exact * d.quantile_error_ratio() + 1);
  }
}

TEST_CASE("values at the edges of the buckets keep their size") {
  for (int shift = 0; shift < 62; ++shift) {
    for (const std::int64_t offset : {-1, 0, 1}) {
      const std::int64_t value = std::max<std::int64_t>((std::int64_t{1} << shift) + offset, 0);
      Distribution d;
      for (std::size_t i = 0; i < Distribution::kExact; ++i) {
        d.add(std::chrono::nanoseconds(value));
      }
      d.add(std::chrono::nanoseconds(value));
      const auto median = Distribution::Quantiles(d).at(500);
      REQUIRE(median);
      REQUIRE(median->count() == value);  // clamped between least and greatest
    }
  }
}

TEST_CASE("the interval of the median holds the median and narrows with the samples") {
  Distribution few;
  Distribution many;
  for (int i = 1; i <= 10'000; ++i) {
    many.add(std::chrono::nanoseconds(i));
    if (i % 100 == 0) {
      few.add(std::chrono::nanoseconds(i));
    }
  }
  const auto wide = Distribution::Quantiles(few).median_interval();
  const auto narrow = Distribution::Quantiles(many).median_interval();
  REQUIRE(wide);
  REQUIRE(narrow);
  CHECK(wide->first <= 5000ns);
  CHECK(wide->second >= 5000ns);
  CHECK(narrow->first <= 5000ns);
  CHECK(narrow->second >= 5000ns);
  CHECK(narrow->second - narrow->first < (wide->second - wide->first) / 5);
}
