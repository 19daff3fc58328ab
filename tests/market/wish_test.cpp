// SPDX-License-Identifier: Apache-2.0
#include "market/wish.hpp"

#include "catch.hpp"
#include <string>
#include <string_view>

using cp::market::parse_gpu_wish;
using cp::market::parse_span;
using cp::market::SpanOf;

TEST_CASE("what is no range is refused") {
  for (const std::string_view text : {"", "x", "0", "-1", "..", "16..8", "1.5", "16++", "1..2..3",
                                      "+", "1..x", "99999999999999999999"}) {
    CAPTURE(text);
    const auto span = parse_span(text, SpanOf::counts);
    REQUIRE_FALSE(span);
    CHECK(span.error().code == cp::Errc::usage);
    CHECK_FALSE(span.error().hint.empty());
  }
  CHECK_FALSE(parse_span("64CNY", SpanOf::bytes));
  CHECK_FALSE(parse_span("0GB+", SpanOf::bytes));
}

TEST_CASE("a range may be open at either end") {
  const auto ends = [](std::string_view text) {
    const auto span = *parse_span(text, SpanOf::counts);
    return std::pair(span.low.value_or(-1), span.high.value_or(-1));
  };
  CHECK(ends("16") == std::pair<std::int64_t, std::int64_t>(16, -1));
  CHECK(ends("16+") == std::pair<std::int64_t, std::int64_t>(16, -1));
  CHECK(ends("16..") == std::pair<std::int64_t, std::int64_t>(16, -1));
  CHECK(ends("..32") == std::pair<std::int64_t, std::int64_t>(-1, 32));
  CHECK(ends(" 16..32 ") == std::pair<std::int64_t, std::int64_t>(16, 32));
  const auto bytes = *parse_span("64GB..1TiB", SpanOf::bytes);
  CHECK(bytes.low == 64'000'000'000);
  CHECK(bytes.high == 1LL << 40);
}

TEST_CASE("what fits no part of a wish is refused") {
  for (const std::string_view text :
       {"H100:nvidia", "8:H100", "80GB:H100", "H100:A100", "8:8", "nvidia:nvidia", "H100:80GB:40GB",
        "H100:0", "H100:8..4", ":", "H100,:8", ",", "H100:-8"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_gpu_wish(text));
  }
}

TEST_CASE("each part of a wish may be left out") {
  const auto full = *parse_gpu_wish("NVIDIA:H100,H200:80GB..:4..8");
  CHECK(full.vendor == "nvidia");
  CHECK(full.names == std::vector<std::string>{"H100", "H200"});
  CHECK(full.memory_bytes.low == 80'000'000'000);
  CHECK_FALSE(full.memory_bytes.high);
  CHECK(full.count.low == 4);
  CHECK(full.count.high == 8);

  const auto usual = *parse_gpu_wish("H100:8");
  CHECK(usual.vendor.empty());
  CHECK(usual.names == std::vector<std::string>{"H100"});
  CHECK(usual.count.low == 8);

  CHECK(parse_gpu_wish("H100")->count.low == 1);
  CHECK(parse_gpu_wish("8")->names.empty());
  CHECK(parse_gpu_wish("8")->count.low == 8);
  CHECK(parse_gpu_wish("..4")->count.low == 1);
  CHECK(parse_gpu_wish("..4")->count.high == 4);
  CHECK(parse_gpu_wish("24GB..80GB")->memory_bytes.high == 80'000'000'000);
  CHECK(parse_gpu_wish("amd:192GB+:4+")->memory_bytes.low == 192'000'000'000);
  CHECK(parse_gpu_wish("huawei:2")->vendor == "huawei");
  CHECK(parse_gpu_wish("A100-SXM-80GB:8")->names == std::vector<std::string>{"A100-SXM-80GB"});
}
