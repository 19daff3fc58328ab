// SPDX-License-Identifier: Apache-2.0
#include "transfer/compression.hpp"

#include "transfer/zstd.hpp"

#include <algorithm>
#include <charconv>

namespace cp::transfer {
namespace {

bool read_level(std::string_view text, int& level) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, level);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace

Compression as_served(Compression wanted) {
  wanted.level = std::min(wanted.level, most_served_level);
  return wanted;
}

std::string to_text(Compression compression) {
  switch (compression.mode) {
    case Compression::Mode::fixed:
      return std::to_string(compression.level);
    case Compression::Mode::automatic:
      return "auto";
    default:
      return "off";
  }
}

Result<Compression> parse_compression(std::string_view text) {
  if (text == "off") {
    return no_compression;
  }
  if (text == "auto") {
    return Compression{Compression::Mode::automatic, 0};
  }
  Compression compression{Compression::Mode::fixed, 0};
  if (!read_level(text, compression.level) || compression.level < zstd_least_level ||
      compression.level > zstd_most_level || compression.level == 0) {
    return fail(Errc::usage, "compression is auto, off or a level from {} to {}, and not 0",
                zstd_least_level, zstd_most_level);
  }
  return compression;
}

}  // namespace cp::transfer
