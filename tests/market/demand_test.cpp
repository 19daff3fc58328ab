// SPDX-License-Identifier: Apache-2.0
#include "market/demand.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::Money;
using cp::market::Demand;
using cp::market::DemandFlags;
using cp::model::Json;

namespace {

Demand demand(const DemandFlags& flags) {
  auto result = Demand::from_flags(flags);
  REQUIRE(result);
  return std::move(*result);
}

}  // namespace

TEST_CASE("an expression is wrong where the user wrote it, whatever stands before") {
  DemandFlags flags;
  flags.cpus.low = 16;
  flags.where = {"cpus > 1", "gpu.modle = H100"};
  const auto result = Demand::from_flags(flags);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == cp::Errc::usage);
  CHECK(result.error().message == "--where: column 1: there is no field 'gpu.modle'");
  CHECK(result.error().hint == "did you mean gpu.model?");
}

TEST_CASE("no expression can close a parenthesis of ours") {
  DemandFlags flags;
  flags.where = {"cpus = 1) or (cpus = 2"};
  CHECK_FALSE(Demand::from_flags(flags));
  flags.where = {""};
  CHECK_FALSE(Demand::from_flags(flags));
}

TEST_CASE("a price for the job needs its duration") {
  DemandFlags flags;
  flags.max_price = {*Money::parse("900CNY"), "job"};
  REQUIRE_FALSE(Demand::from_flags(flags));
  CHECK(Demand::from_flags(flags).error().hint == "say --hours N");
  flags.duration_s = 3600;
  CHECK(demand(flags).text() == "price.job <= 900.00CNY");
  flags.max_price->per = "month";
  CHECK(Demand::from_flags(flags).error().code == cp::Errc::usage);
}

TEST_CASE("nothing asked is fulfilled by everything") {
  const Demand empty = demand({});
  CHECK(empty.text().empty());
  CHECK(cp::model::evaluate(empty.condition(), Json::object(), empty.document()) ==
        cp::model::Truth::yes);
  CHECK(empty.document() == Json::parse(R"({"schema":"cp.demand/1","nodes":1})"));
}

TEST_CASE("a demand says in its document what its flags say") {
  DemandFlags flags;
  flags.gpu = *cp::market::parse_gpu_wish("nvidia:H100,H200:80GB..:4..8");
  flags.cpus = {16, 64};
  flags.memory_bytes.low = 128'000'000'000;
  flags.nodes = 2;
  flags.regions = {"cn-*", "eu\"x"};
  flags.where = {"country = CN or country = SG"};
  flags.duration_s = 14400;
  flags.max_price = {*Money::parse("15CNY"), "card-hour"};
  const Demand given = demand(flags);
  CHECK(given.document() == Json::parse(R"json({
      "schema":"cp.demand/1","nodes":2,"cores":16,"memory_bytes":128000000000,
      "gpu":{"vendor":"nvidia","models":["H100","H200"],"count":4,"memory_bytes":80000000000},
      "duration_s":14400.0,
      "where":"(region like \"cn-*\" or region like \"eu\\\"x\") and cpus <= 64 and gpu.count <= 8 and (country = CN or country = SG)",
      "max_price":{"amount":"15.00","currency":"CNY","per":"card-hour"}})json"));
  CHECK(given.text() ==
        R"((kind = "instance-type" or nodes >= 2) and gpu.vendor = "nvidia" and )"
        R"(gpu.model in ["H100", "H200"] and gpu.count >= 4 and gpu.count <= 8 and )"
        R"(gpu.memory >= 80000000000 and cpus >= 16 and cpus <= 64 and memory >= 128000000000 and )"
        R"((region like "cn-*" or region like "eu\"x") and price.card_hour <= 15.00CNY and )"
        R"((country = CN or country = SG))");
  CHECK(given.cards() == 4);
  CHECK(given.cpus() == 16);
  CHECK(given.nodes() == 2);
}

TEST_CASE("what stands in the document means no more than what was asked") {
  DemandFlags flags;
  flags.where = {"cpus >= 4"};
  CHECK(demand(flags).document()["where"] == "cpus >= 4");
}
