// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"
#include "cli/context.hpp"
#include "identity/resolver.hpp"
#include "model/offer_set.hpp"
#include "probe/network.hpp"
#include "probe/ranking.hpp"
#include "resolving.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <optional>
#include <vector>

namespace cpprobe {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Show;
using cp::model::Json;
using cp::probe::Findings;
using cp::probe::Plan;

constexpr std::array kRankColumns{Column{"RANK", "rank", Show::count},
                                  Column{"NAME", "name|resource|id", Show::id},
                                  Column{"PROVIDER", "provider"},
                                  Column{"PRICE/H", "price.hour", Show::money},
                                  Column{"RTT P50", "quality.rtt_p50_ns", Show::nanoseconds},
                                  Column{"P99", "quality.rtt_p99_ns", Show::nanoseconds},
                                  Column{"LOSS", "quality.loss_ratio", Show::count},
                                  Column{"NETWORK", "quality.score", Show::bar},
                                  Column{"TOTAL", "scores.total", Show::bar},
                                  Column{"NOT MEASURED", "quality.reason"}};

Result<Plan> checked_plan_of(const cp::cli::Arguments& given) {
  Plan plan;
  plan.count = static_cast<std::uint64_t>(*given.integer("count"));
  plan.interval = *given.duration("interval");
  plan.timeout = *given.duration("timeout");
  if (plan.count == 0 || plan.interval.count() == 0) {
    return fail(Errc::usage, "--count and --interval must be greater than 0 here");
  }
  CP_TRY(cp::probe::check_plan(plan));
  return plan;
}

std::vector<std::string> resources_of(const std::vector<Json>& offers) {
  std::vector<std::string> names;
  for (const Json& offer : offers) {
    if (auto name = cp::probe::resource_of(offer)) {
      names.push_back(std::move(*name));
    }
  }
  return names;
}

Findings measure(Context& context, const std::vector<std::string>& names,
                 const cp::identity::Resolves* registry, const Plan& plan,
                 const std::stop_token& stop) {
  const cp::cli::Arguments& given = context.arguments();
  cp::probe::Network network(registry, given.has("allow-unsigned"), plan,
                             {context.clock(), context.random(), stop});
  return cp::probe::survey(names, network, static_cast<std::size_t>(*given.integer("jobs")));
}

// The registry, when there is one and an offer needs it.
Result<std::unique_ptr<cp::identity::Resolver>> resolver_for(
    Context& context, const std::vector<std::string>& names) {
  if (names.empty()) {
    return nullptr;
  }
  auto resolver = open_resolver(context);
  if (resolver || resolver.error().code != Errc::not_found) {
    return resolver;
  }
  context.warn(resolver.error());
  return nullptr;
}

Result<void> keep_measurements(const std::string& file, const Findings& findings) {
  std::string lines;
  for (const auto& [name, finding] : findings) {
    if (finding.measurement) {
      Json record = cp::probe::to_json(*finding.measurement);
      record["resource"] = name;
      lines += cp::model::to_line(record) + "\n";
    }
  }
  CP_TRY_ASSIGN(auto output, cp::AtomicFile::create_output(file, 0666));
  CP_TRY(output.write(lines));
  return output.commit();
}

}  // namespace

Result<int> rank(Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  CP_TRY_ASSIGN(const Plan plan, checked_plan_of(given));
  auto reader = context.open_documents(given.operands());
  CP_TRY_ASSIGN(cp::model::OfferSet set,
                cp::model::read_offers(reader, given.has("allow-partial")));
  const std::vector<std::string> names = resources_of(set.offers);
  CP_TRY_ASSIGN(const auto resolver, resolver_for(context, names));
  const std::stop_token stop = context.stop_on_signals();
  const Findings findings = measure(context, names, resolver.get(), plan, stop);
  if (context.stop_signal() != 0) {
    return 128 + context.stop_signal();
  }
  cp::probe::rank_offers(set.offers, findings, *given.number("weight"));

  cp::cli::Output& output = context.output(kRankColumns);
  for (const auto& records : {&set.offers, &set.others}) {
    for (const Json& record : *records) {
      output.record(record);
    }
  }
  if (set.answer) {
    output.record(*set.answer);
  }
  if (const auto file = given.text("measurements")) {
    CP_TRY(keep_measurements(*file, findings));
  }
  return 0;
}

}  // namespace cpprobe
