// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::market {

/// From LOW to HIGH, both taken in; an absent end is open.
struct Span {
  std::optional<std::int64_t> low;
  std::optional<std::int64_t> high;
};

enum class SpanOf : std::uint8_t { counts, bytes };

/// The range in TEXT: "16" and "16+" are 16 or more, "16..32", "16..", "..32". usage for anything
/// else, for 0 and for ends in the wrong order.
Result<Span> parse_span(std::string_view text, SpanOf what);

/// What --gpu asks for: VENDOR:NAMES:MEMORY:COUNT, each part optional, in this order.
struct GpuWish {
  std::string vendor;
  std::vector<std::string> names;
  Span memory_bytes;
  Span count;
};

/// The wish in TEXT, e.g. "H100:8", "nvidia:H100,H200:80GB..:8", "4..8". Without a count it is one
/// or more. usage for what fits no part.
Result<GpuWish> parse_gpu_wish(std::string_view text);

}  // namespace cp::market
