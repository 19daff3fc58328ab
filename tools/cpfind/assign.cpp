// SPDX-License-Identifier: Apache-2.0
#include "market/assign.hpp"

#include "base/escape.hpp"
#include "base/text.hpp"
#include "cli/context.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cpfind {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Column;
using cp::cli::Context;
using cp::cli::Show;
using cp::market::AssignDemand;
using cp::market::Assigned;
using cp::market::AssignOptions;
using cp::market::Pool;
using cp::market::Pools;
using cp::model::Json;

constexpr std::array kAssignColumns{Column{"DEMAND", "demand.name|demand"},
                                    Column{"RESOURCE", "pieces.0.name"},
                                    Column{"PROVIDER", "pieces.0.provider"},
                                    Column{"NODES", "nodes", Show::count},
                                    Column{"HOUR", "price.hour", Show::money},
                                    Column{"JOB", "price.job", Show::money},
                                    Column{"REASON", "reason"}};

constexpr std::size_t kMostDemands = 1'000'000;
constexpr std::int64_t kMostResources = 10'000'000;

Result<std::vector<AssignDemand>> read_demands(Context& context, const std::string& currency) {
  std::vector<AssignDemand> demands;
  auto reader = context.open_documents(context.arguments().operands());
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      return demands;
    }
    if (demands.size() == kMostDemands) {
      return cp::fail(Errc::bad_data, "there are more than {} demands", kMostDemands);
    }
    CP_TRY_ASSIGN(auto demand,
                  cp::market::assign_demand(*std::move(document), demands.size() + 1, currency));
    demands.push_back(std::move(demand));
  }
}

Result<Pools> read_resources(Context& context, const std::vector<AssignDemand>& demands) {
  Pools pools(demands);
  std::int64_t faulty = 0;
  const std::vector<std::string> files = context.arguments().texts("resources");
  auto reader = context.open_documents(files);
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      break;
    }
    if (cp::model::is_a(*document, "cp.answer") || cp::model::is_a(*document, "cp.error")) {
      continue;
    }
    const auto added = pools.add(*std::move(document));
    if (!added) {
      return cp::fail(Errc::bad_data, "{}, line {}: {}", reader.origin().name, reader.origin().line,
                      added.error().message);
    }
    faulty += *added ? 0 : 1;
    if (pools.resources() > kMostResources) {
      return cp::fail(Errc::bad_data, "there are more than {} resources", kMostResources);
    }
  }
  if (faulty > 0) {
    context.warn(
        fmt::format("{} resources are faulty and were left out: cpfind import tells why", faulty));
  }
  return pools;
}

// "physics=3": OWNER=WEIGHT.
Result<std::map<std::string, double>> shares_of(const std::vector<std::string>& texts) {
  std::map<std::string, double> shares;
  for (const std::string& text : texts) {
    const auto cut = cp::text::cut_last(text, '=');
    const auto weight = cut ? cp::text::to_double(cut->after) : std::nullopt;
    if (!weight || *weight < 0 || *weight > 1e9) {
      return cp::fail(Errc::usage, "--share: '{}' is not OWNER=WEIGHT", cp::escape::terminal(text));
    }
    shares[std::string(cut->before)] = *weight;
  }
  return shares;
}

Json pieces_of(const Assigned& got, const std::vector<Pool>& pools) {
  Json pieces = Json::array();
  for (const Assigned::Piece& piece : got.pieces) {
    const Pool::Member& member = pools[piece.pool].members[piece.member];
    Json json{{"name", member.name}, {"nodes", piece.nodes}};
    if (!member.provider.empty()) {
      json["provider"] = member.provider;
    }
    if (!member.resource.empty()) {
      json["resource"] = member.resource;
    }
    pieces.push_back(std::move(json));
  }
  return pieces;
}

Json document_of(const AssignDemand& demand, const Assigned& got, const std::vector<Pool>& pools) {
  Json json{{"schema", "cp.assignment/1"}};
  json["demand"] = demand.name.empty() ? demand.document : Json(demand.name);
  if (got.pieces.empty()) {
    json["reason"] = got.reason;
    return json;
  }
  json["nodes"] = demand.nodes;
  json["pieces"] = pieces_of(got, pools);
  if (got.pieces.size() == 1 && json["pieces"][0].contains("resource")) {
    json["resource"] = json["pieces"][0]["resource"];
  }
  if (got.hour) {
    json["price"]["hour"] = cp::model::to_json(*got.hour);
  }
  if (got.job) {
    json["price"]["job"] = cp::model::to_json(*got.job);
    json["cost"] = cp::model::to_json(*got.job);
  }
  return json;
}

Json answer_of(const std::vector<Assigned>& all, const Pools& pools) {
  std::int64_t served = 0, unpriced = 0;
  std::optional<cp::Money> hour;
  for (const Assigned& got : all) {
    served += got.pieces.empty() ? 0 : 1;
    unpriced += got.pieces.empty() || got.hour ? 0 : 1;
    if (got.hour) {
      hour = hour ? cp::Money{hour->amount + got.hour->amount, hour->currency} : *got.hour;
    }
  }
  Json json{
      {"schema", "cp.answer/1"},       {"matched", served},       {"shown", served},
      {"demands", all.size()},         {"unpriced", unpriced},    {"resources", pools.resources()},
      {"classes", pools.all().size()}, {"sources", Json::array()}};
  if (hour) {
    json["price"]["hour"] = cp::model::to_json(*hour);
  }
  return json;
}

}  // namespace

Result<int> assign(Context& context) {
  const cp::cli::Arguments& arguments = context.arguments();
  const auto& operands = arguments.operands();
  const std::vector<std::string> files = arguments.texts("resources");
  if (files.empty()) {
    return cp::with_hint(cp::fail(Errc::usage, "--resources is missing"),
                         "cpfind --limit 0 >offers.ndjson makes one of all that is known");
  }
  const auto is_stdin = [](const std::string& file) { return file == "-"; };
  if (std::any_of(files.begin(), files.end(), is_stdin) &&
      (operands.empty() || std::any_of(operands.begin(), operands.end(), is_stdin))) {
    return cp::fail(Errc::usage, "demands and resources cannot both be on standard input");
  }
  AssignOptions options;
  options.currency = arguments.text("currency").value_or(context.setting("money.currency"));
  options.classes = cp::text::to_uint(arguments.text("classes").value_or("64")).value_or(64);
  options.with_priorities = !arguments.has("no-priorities");
  CP_TRY_ASSIGN(options.shares, shares_of(arguments.texts("share")));
  CP_TRY_ASSIGN(const auto demands, read_demands(context, options.currency));
  CP_TRY_ASSIGN(const Pools pools, read_resources(context, demands));
  CP_TRY_ASSIGN(const auto all, cp::market::assign(demands, pools.all(), options));
  cp::cli::Output& output = context.output(kAssignColumns);
  for (std::size_t i = 0; i < all.size(); ++i) {
    output.record(document_of(demands[i], all[i], pools.all()));
  }
  const Json answer = answer_of(all, pools);
  output.record(answer);
  output.line(fmt::format("{} of {} demands are served", answer["matched"].get<std::int64_t>(),
                          all.size()));
  return answer["matched"] == answer["demands"] ? 0 : 1;
}

}  // namespace cpfind
