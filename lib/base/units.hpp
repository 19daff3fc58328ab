// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

/// Literals with units, as people write them in flags and expressions, and as tables show them.
/// Inside the documents only base units exist (bytes, bits per second, seconds, nanoseconds).
namespace cp::units {

/// Bytes: "80GB" is 80e9 (SI), "80GiB" is 80 × 2^30; a bare K, M, G, T, P, also in
/// lower case, is binary as in Slurm, rsync and rclone; no unit is bytes. Fractions are taken where
/// the result is whole ("1.5G").
Result<std::uint64_t> parse_bytes(std::string_view text);

/// As parse_bytes, but of a number without a unit only 0 is taken: nobody who writes "64" means 64
/// bytes of memory.
Result<std::uint64_t> parse_size(std::string_view text);

/// Bits per second: "200Gbps", "200Gbit/s", "25GB/s" (bytes: × 8), "1e9"; prefixes are decimal
/// unless written Ki, Mi, Gi.
Result<double> parse_rate_bps(std::string_view text);

/// A duration: "90s", "10m", "4h", "7d", "2w", "500ms", "20us", "3ns", joined "1h30m", Slurm's
/// "30:00", "12:30:00", "1-12", "1-12:30" and "1-12:30:00", or a bare number of seconds. usage
/// error for negative ones, and past 292 years.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// A plain number with an optional decimal prefix: "989T", "1.5G", "2e15"; for FLOP/s and counts.
Result<double> parse_number(std::string_view text);

/// "1.5 GB", "204.7 MB", "17 B": decimal, three digits or so.
std::string show_bytes(double bytes);
/// "9.4 Gbit/s".
std::string show_rate_bps(double bits_per_second);
/// "31 ms", "1.8 us", "4 h 05 m", "2 d 03 h".
std::string show_duration(std::chrono::nanoseconds duration);

}  // namespace cp::units
