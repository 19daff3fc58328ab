// SPDX-License-Identifier: Apache-2.0
#include "transfer/compression.hpp"

#include "transfer/zstd.hpp"

#include <charconv>

namespace cp::transfer {
namespace {

bool read_level(std::string_view text, int& level) {
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, level);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace

std::string to_text(Compression compression) {
  return compression.is_wanted() ? std::to_string(compression.level) : "off";
}

Result<Compression> parse_compression(std::string_view text) {
  if (text == "off") {
    return Compression{};
  }
  Compression compression{Compression::Mode::fixed, 0};
  if (!read_level(text, compression.level) || compression.level < zstd_least_level ||
      compression.level > zstd_most_level || compression.level == 0) {
    return fail(Errc::usage, "compression is off or a level from {} to {}, and not 0",
                zstd_least_level, zstd_most_level);
  }
  return compression;
}

}  // namespace cp::transfer
