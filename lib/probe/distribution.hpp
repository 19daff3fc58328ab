// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace cp::probe {

/// The distribution of durations from 0 on, for a run of any length in bounded memory. Up to
/// kExact samples every figure is exact; past that the samples go into buckets of a width of at
/// most 1/128 of their value (as HdrHistogram has them), so that a quantile is off by
/// `quantile_error_ratio` at most, while count, least, greatest, mean and deviation stay exact.
/// `add` does not allocate, but for the one time when kExact is passed.
///
/// A quantile is by nearest rank: the ceil(q × n)-th smallest sample, a value that was seen; none
/// is interpolated, and one that lies beyond what n samples can tell (p99 of fewer than 100) is
/// absent.
class Distribution {
 public:
  using Nanoseconds = std::chrono::nanoseconds;
  static constexpr std::size_t kExact = 65'536;

  /// Makes room for EXPECTED samples (kExact at most), so that `add` need not.
  explicit Distribution(std::size_t expected = 0);

  /// A negative VALUE counts as 0.
  void add(Nanoseconds value);

  std::uint64_t count() const { return count_; }
  bool is_empty() const { return count_ == 0; }
  /// Of the samples seen; 0 when there is none, as all figures below.
  Nanoseconds least() const { return Nanoseconds(least_); }
  Nanoseconds greatest() const { return Nanoseconds(greatest_); }
  Nanoseconds mean() const;
  /// Of the sample (divided by n − 1); nullopt for fewer than two.
  std::optional<Nanoseconds> deviation() const;
  /// 0 while everything is exact, else the most that a quantile can be off, as a ratio.
  double quantile_error_ratio() const { return is_exact() ? 0.0 : 1.0 / 256; }

  /// Gives quantiles of one state of the distribution; holds a sorted copy while it is exact.
  class Quantiles {
   public:
    explicit Quantiles(const Distribution& distribution);
    /// The value at PERMILLE ‰ (500 is the median); nullopt where n × min(q, 1 − q) < 1.
    std::optional<Nanoseconds> at(unsigned permille) const;
    /// A confidence interval of 95 % for the median by order statistics (binomial, normal
    /// approximation); nullopt for fewer than 10 samples.
    std::optional<std::pair<Nanoseconds, Nanoseconds>> median_interval() const;

   private:
    Nanoseconds of_rank(std::uint64_t rank) const;
    const Distribution& distribution_;
    std::vector<std::int64_t> sorted_;
  };

 private:
  bool is_exact() const { return buckets_.empty(); }
  void spill();
  static std::size_t bucket_of(std::int64_t value);
  static std::int64_t middle_of(std::size_t bucket);

  std::vector<std::int64_t> samples_;
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t least_ = 0;
  std::int64_t greatest_ = 0;
  double mean_ = 0;
  double squares_ = 0;  ///< sum of squared distances from the mean (Welford)
};

}  // namespace cp::probe
