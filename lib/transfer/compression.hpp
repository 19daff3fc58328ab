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
    fixed,  ///< each chunk that shrinks, at one level
  };
  Mode mode = Mode::off;
  int level = 0;  ///< of Mode::fixed: zstd_least_level to zstd_most_level

  bool is_wanted() const { return mode != Mode::off; }

  friend bool operator==(const Compression&, const Compression&) = default;
};

/// "off" or the level, as parse_compression takes it.
std::string to_text(Compression compression);

/// usage, with what is allowed, for a text that is neither "off" nor a level that zstd has.
Result<Compression> parse_compression(std::string_view text);

}  // namespace cp::transfer
