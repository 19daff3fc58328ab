// SPDX-License-Identifier: Apache-2.0
#include "market/wish.hpp"

#include "base/escape.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>

namespace cp::market {
namespace {

constexpr std::array<std::string_view, 13> kVendors{
    "nvidia", "amd",       "intel",        "google",  "aws",      "huawei", "cambricon",
    "hygon",  "kunlunxin", "moorethreads", "enflame", "iluvatar", "metax"};

std::optional<std::int64_t> parse_amount(std::string_view text, SpanOf what) {
  if (what == SpanOf::counts) {
    return text::to_int(text);
  }
  const auto bytes = units::parse_size(text);
  return bytes && *bytes <= INT64_MAX ? std::optional(static_cast<std::int64_t>(*bytes))
                                      : std::nullopt;
}

bool is_amount(std::string_view text) {
  return !text.empty() && (text.starts_with("..") || (text[0] >= '0' && text[0] <= '9'));
}

// "8", "4..8" and "4+" are counts; what has a unit is memory. Names such as "4090" are not known
// here: write RTX-4090.
bool is_count(std::string_view text) {
  return is_amount(text) && text.find_first_not_of("0123456789.+") == std::string_view::npos;
}

bool is_memory(std::string_view text) {
  const auto cut = text.find("..");
  const std::string_view end = cut == std::string_view::npos || cut + 2 == text.size()
                                   ? text.substr(0, cut)
                                   : text.substr(cut + 2);
  std::string_view amount = end;
  if (amount.ends_with('+')) {
    amount.remove_suffix(1);
  }
  return is_amount(text) && units::parse_size(amount).has_value();
}

bool is_vendor(std::string_view text) {
  return std::any_of(kVendors.begin(), kVendors.end(), [&](std::string_view vendor) {
    return text::equal_ignoring_case(vendor, text);
  });
}

tl::unexpected<Error> no_part(std::string_view part, std::string_view whole) {
  return with_hint(
      fail(Errc::usage, "'{}' fits no part of '{}'", escape::terminal(part),
           escape::terminal(whole)),
      "--gpu takes VENDOR:NAMES:MEMORY:COUNT, e.g. H100:8 or nvidia:H100,H200:80GB..:8");
}

Result<void> take_names(std::string_view part, GpuWish& wish) {
  for (const std::string_view name : text::split(part, ',')) {
    if (text::trim(name).empty()) {
      return fail(Errc::usage, "an accelerator's name is missing in '{}'", escape::terminal(part));
    }
    wish.names.emplace_back(text::trim(name));
  }
  return {};
}

}  // namespace

Result<Span> parse_span(std::string_view text, SpanOf what) {
  const auto bad = [&](std::string_view why) {
    return with_hint(fail(Errc::usage, "'{}' {}", escape::terminal(text), why),
                     what == SpanOf::bytes ? "write e.g. 64GB+, 64GB..128GB or ..128GB"
                                           : "write e.g. 16+, 16..32 or ..32");
  };
  const std::string_view no_amount =
      what == SpanOf::bytes ? "is no amount with a unit" : "is no amount";
  std::string_view low = text::trim(text);
  std::string_view high;
  const auto dots = low.find("..");
  if (dots != std::string_view::npos) {
    high = low.substr(dots + 2);
    low = low.substr(0, dots);
  } else if (low.ends_with('+')) {
    low.remove_suffix(1);
  }
  Span span;
  if (!low.empty() && !(span.low = parse_amount(low, what))) {
    return bad(no_amount);
  }
  if (!high.empty() && !(span.high = parse_amount(high, what))) {
    return bad(no_amount);
  }
  if (!span.low && !span.high) {
    return bad(no_amount);
  }
  if (span.low.value_or(1) < 1 || span.high.value_or(1) < 1) {
    return bad("is less than one");
  }
  if (span.low && span.high && *span.low > *span.high) {
    return bad("begins above its end");
  }
  return span;
}

Result<GpuWish> parse_gpu_wish(std::string_view text) {
  GpuWish wish;
  int next = 0;  // the first part that may still come: vendor, names, memory, count
  for (const std::string_view part : text::split(text, ':')) {
    if (next <= 0 && is_vendor(part)) {
      wish.vendor = text::lower(part);
      next = 1;
    } else if (next <= 3 && is_count(part)) {
      CP_TRY_ASSIGN(wish.count, parse_span(part, SpanOf::counts));
      next = 4;
    } else if (next <= 2 && is_memory(part)) {
      CP_TRY_ASSIGN(wish.memory_bytes, parse_span(part, SpanOf::bytes));
      next = 3;
    } else if (next <= 1 && !is_amount(part) && !is_vendor(part)) {
      CP_TRY(take_names(part, wish));
      next = 2;
    } else {
      return no_part(part, text);
    }
  }
  if (!wish.count.low) {
    wish.count.low = 1;
  }
  return wish;
}

}  // namespace cp::market
