// SPDX-License-Identifier: Apache-2.0
#include "demand_flags.hpp"

#include "base/text.hpp"
#include "market/search.hpp"

namespace cpfind {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Arguments;
using cp::market::DemandFlags;
using cp::market::Span;
using cp::market::SpanOf;

Result<Span> span_of(const Arguments& given, std::string_view flag, SpanOf what) {
  const auto text = given.text(flag);
  if (!text) {
    return Span{};
  }
  auto span = cp::market::parse_span(*text, what);
  if (!span) {
    span.error().message = fmt::format("--{}: {}", flag, span.error().message);
  }
  return span;
}

std::vector<std::string> patterns_of(const Arguments& given) {
  std::vector<std::string> patterns;
  for (const std::string& list : given.texts("region")) {
    for (const std::string_view pattern : cp::text::split(list, ',')) {
      patterns.emplace_back(cp::text::trim(pattern));
    }
  }
  return patterns;
}

Result<void> read_time(const Arguments& given, DemandFlags& flags) {
  const auto hours = given.number("hours");
  constexpr double most = 24 * 366 * 100;
  if (hours && (*hours <= 0 || *hours > most)) {
    return cp::fail(Errc::usage, "--hours: it runs for more than 0 and at most {} hours", most);
  }
  if (hours) {
    flags.duration_s = *hours * 3600;
  }
  return {};
}

}  // namespace

Result<cp::market::Demand> demand_of(const cp::cli::Context& context) {
  const Arguments& given = context.arguments();
  DemandFlags flags;
  if (const auto gpu = given.text("gpu")) {
    auto wish = cp::market::parse_gpu_wish(*gpu);
    if (!wish) {
      return given.blame("gpu", std::move(wish).error());
    }
    flags.gpu = *std::move(wish);
  }
  CP_TRY_ASSIGN(flags.cpus, span_of(given, "cpus", SpanOf::counts));
  CP_TRY_ASSIGN(flags.memory_bytes, span_of(given, "memory", SpanOf::bytes));
  CP_TRY_ASSIGN(flags.disk_bytes, span_of(given, "disk", SpanOf::bytes));
  flags.nodes = *given.integer("nodes");
  if (flags.nodes < 1 || flags.nodes > 1'000'000) {
    return cp::fail(Errc::usage, "--nodes: between 1 and 1000000 nodes can be asked for");
  }
  flags.regions = patterns_of(given);
  flags.where = given.texts("where");
  CP_TRY(read_time(given, flags));
  if (const auto price = given.price("max-price")) {
    flags.max_price = {price->money, price->unit.empty() ? "hour" : price->unit};
  }
  flags.currency = context.setting("money.currency");
  return cp::market::Demand::from_flags(flags);
}

void set_common(const cp::cli::Context& context, cp::market::SearchOptions& options) {
  const Arguments& given = context.arguments();
  options.terms = given.has("spot") ? cp::market::Terms::spot : cp::market::Terms::firm;
  options.runnable_only = given.has("runnable");
  const auto price = given.price("max-price");
  options.currency = price ? price->money.currency : context.setting("money.currency");
  options.max_age = std::chrono::duration_cast<std::chrono::seconds>(*given.duration("max-age"));
}

}  // namespace cpfind
