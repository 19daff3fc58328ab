// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace cp::transfer {

/// How chunks are to be compressed on their way to another end.
struct Compression {
  enum class Mode {
    off,
    fixed,      ///< each chunk that shrinks, at one level
    automatic,  ///< as long as that lets more through, at the level that lets the most
  };
  Mode mode = Mode::automatic;
  int level = 0;  ///< of Mode::fixed: zstd_least_level to zstd_most_level

  bool is_wanted() const { return mode != Mode::off; }

  friend bool operator==(const Compression&, const Compression&) = default;
};

inline constexpr Compression no_compression{Compression::Mode::off, 0};

/// The highest level that a server spends on those it serves: many times the work of the usual
/// one, not a hundred times.
inline constexpr int most_served_level = 9;

/// WANTED, at most_served_level at most.
Compression as_served(Compression wanted);

/// "auto", "off" or the level, as parse_compression takes it.
std::string to_text(Compression compression);

/// usage, with what is allowed, for a text that is none of "auto", "off" and a level that zstd has.
Result<Compression> parse_compression(std::string_view text);

}  // namespace cp::transfer
