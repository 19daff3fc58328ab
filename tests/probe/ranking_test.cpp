// SPDX-License-Identifier: Apache-2.0
#include "probe/ranking.hpp"

#include "identity/resolved.hpp"
#include "measured.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::model::Json;
using cp::probe::Findings;
using cp::probe::rank_offers;
using cp::test::measured;
using namespace std::chrono_literals;

namespace {

Json score(double value, double weight) {
  return {{"value", value}, {"input", value},    {"worst", 0},
          {"best", 10},     {"scale", "linear"}, {"weight", weight}};
}

Json offer(int rank, const char* resource, double cost) {
  Json out{{"schema", "cp.offer/1"}, {"id", "o" + std::to_string(rank)}, {"rank", rank}};
  if (resource != nullptr) {
    out["resource"] = resource;
  }
  out["scores"] = {{"cost", score(cost, 0.5)}, {"total", cost}};
  return out;
}

std::string order(const std::vector<Json>& offers) {
  std::string out;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    CHECK(offers[i]["rank"] == i + 1);
    out += offers[i]["id"].get<std::string>();
  }
  return out;
}

Findings findings() {
  Findings out;
  out["near"] = {measured("stamp://near:862", 1ms), ""};
  out["far"] = {measured("stamp://far:862", 200ms), ""};
  out["silent"] = {measured("stamp://silent:862", 1ms, 0), ""};
  out["closed"] = {std::nullopt, "unsigned"};
  return out;
}

}  // namespace

TEST_CASE("every offer has a quality afterwards, and what was not measured says why") {
  std::vector<Json> offers{offer(1, nullptr, 9), offer(2, "never-asked", 8), offer(3, "closed", 7),
                           offer(4, "silent", 6), offer(5, "near", 5)};
  offers[2]["quality"] = {{"valid", true}, {"score", 10}, {"rtt_p50_ns", 1}};
  rank_offers(offers, findings(), 0.25);
  std::map<std::string, Json> quality;
  for (const Json& o : offers) {
    quality[o["id"].get<std::string>()] = o["quality"];
  }
  CHECK(quality["o1"] == Json{{"valid", false}, {"reason", "no_probe_access"}});
  CHECK(quality["o2"] == Json{{"valid", false}, {"reason", "unresolved"}});
  CHECK(quality["o3"] == Json{{"valid", false}, {"reason", "unsigned"}});
  CHECK(quality["o4"]["valid"] == false);
  CHECK(quality["o4"]["reason"] == "no_answer");
  CHECK(quality["o5"]["valid"] == true);
  CHECK(quality["o5"]["rtt_p50_ns"] == 1'000'000);
}

TEST_CASE("measured offers stand by their total, with the network's part in it") {
  std::vector<Json> offers{offer(1, "far", 6), offer(2, "near", 5)};
  rank_offers(offers, findings(), 0.25);
  CHECK(order(offers) == "o2o1");
  const Json& scores = offers[0]["scores"];
  CHECK(scores["network"] == Json{{"value", 10.0},
                                  {"input", 10.0},
                                  {"worst", 0},
                                  {"best", 10},
                                  {"scale", "linear"},
                                  {"weight", 0.25}});
  CHECK(scores["total"].get<double>() == Approx(6.67));
  CHECK(scores["cost"] == score(5, 0.5));
}

TEST_CASE("an unknown network counts 0 and is listed as missing") {
  std::vector<Json> offers{offer(1, nullptr, 6)};
  offers[0]["missing"] = {"disk_bytes"};
  rank_offers(offers, findings(), 0.5);
  CHECK(offers[0]["scores"]["network"]["value"].is_null());
  CHECK(offers[0]["scores"]["network"]["input"].is_null());
  CHECK(offers[0]["scores"]["total"].get<double>() == Approx(3.0));
  CHECK(offers[0]["missing"] == Json{"disk_bytes", "network"});
}

TEST_CASE("a network that is known is no longer missing, and keeps the weight that it had") {
  for (const char* name : {"network", "scores.network"}) {
    std::vector<Json> offers{offer(1, "near", 4)};
    offers[0]["missing"] = {name, "disk_bytes"};
    offers[0]["scores"]["network"] = {{"value", nullptr}, {"weight", 1.5}};
    rank_offers(offers, findings(), 0.25);
    CHECK(offers[0]["missing"] == Json{"disk_bytes"});
    CHECK(offers[0]["scores"]["network"]["weight"] == 1.5);
    CHECK(offers[0]["scores"]["total"].get<double>() == Approx(8.5));
  }
  std::vector<Json> alone{offer(1, "near", 4)};
  alone[0]["missing"] = {"network"};
  rank_offers(alone, findings(), 0.25);
  CHECK_FALSE(alone[0].contains("missing"));
}

TEST_CASE("unmeasured offers keep their order among themselves whatever their totals") {
  // As after cpfind --sort: ranks that do not follow the totals.
  std::vector<Json> offers{offer(1, nullptr, 2), offer(2, nullptr, 9), offer(3, "near", 5),
                           offer(4, nullptr, 4), offer(5, "far", 5)};
  rank_offers(offers, findings(), 0.25);
  const std::string ids = order(offers);
  CHECK(ids.find("o1") < ids.find("o2"));
  CHECK(ids.find("o2") < ids.find("o4"));
  CHECK(ids.find("o3") < ids.find("o5"));
  CHECK(ids == "o3o5o1o2o4");
}

TEST_CASE("an unmeasured offer that is better on all else stays before a measured one") {
  std::vector<Json> offers{offer(1, nullptr, 10), offer(2, "far", 2)};
  rank_offers(offers, findings(), 0.25);
  CHECK(order(offers) == "o1o2");
}

TEST_CASE("equal totals keep the order of the old ranks, not of the stream") {
  std::vector<Json> offers{offer(3, "near", 5), offer(1, "near", 5), offer(2, "near", 5)};
  Json unranked = offer(9, "near", 5);
  unranked.erase("rank");
  offers.insert(offers.begin(), unranked);
  rank_offers(offers, findings(), 0.25);
  CHECK(order(offers) == "o1o2o3o9");
}

TEST_CASE("the same offers get the same ranks, and a second pass changes nothing") {
  std::vector<Json> once{offer(1, nullptr, 2), offer(2, "near", 9), offer(3, "far", 5),
                         offer(4, "silent", 4)};
  rank_offers(once, findings(), 0.25);
  auto twice = once;
  rank_offers(twice, findings(), 0.25);
  CHECK(once == twice);
}

TEST_CASE("what an offer holds beside is kept, and what it holds of other types does no harm") {
  std::vector<Json> offers{offer(1, "near", 5)};
  offers[0]["x-vendor"] = {{"deep", {1, 2, 3}}};
  offers[0]["scores"]["x-green"] = score(2, 0.25);
  offers[0]["scores"]["x-note"] = "words";
  rank_offers(offers, findings(), 0.25);
  CHECK(offers[0]["x-vendor"] == Json{{"deep", {1, 2, 3}}});
  CHECK(offers[0]["scores"]["x-note"] == "words");
  CHECK(offers[0]["scores"]["total"].get<double>() == Approx(5.5));

  for (const Json& odd : {Json(nullptr), Json(7), Json("x"), Json::array()}) {
    std::vector<Json> strange{offer(1, "near", 5)};
    strange[0]["scores"] = odd;
    strange[0]["missing"] = odd;
    strange[0]["rank"] = odd;
    rank_offers(strange, findings(), 0.25);
    CHECK(strange[0]["scores"]["total"] == 10.0);
    CHECK(strange[0]["rank"] == 1);
    strange[0]["resource"] = odd;
    rank_offers(strange, findings(), 0.25);
    CHECK(strange[0]["quality"]["valid"] == false);
  }
}

namespace {

// A finding whose record is VERDICT and costs AMOUNT a node and hour; "" is no price.
cp::probe::Finding resolved(const std::string& verdict, const std::string& amount) {
  cp::identity::Resolved resource;
  resource.trust = verdict;
  resource.record = {{"schema", "cp.resource/1"}, {"node", {{"accelerators", {{{"count", 4}}}}}}};
  if (!amount.empty()) {
    resource.record["prices"] = {{{"terms", "on-demand"},
                                  {"unit", "node-hour"},
                                  {"price", {{"amount", amount}, {"currency", "CNY"}}},
                                  {"quantum_s", 3600}}};
  }
  return {measured("stamp://near:862", 1ms), "",
          std::make_shared<const cp::identity::Resolved>(resource)};
}

// Says that it costs next to nothing, and that it is verified.
Json forged() {
  Json out = offer(1, "r", 10);
  out["units"] = {{"nodes", 2}};
  out["demand"] = {{"schema", "cp.demand/1"}, {"duration_s", 5400}};
  out["price"] = {{"hour", {{"amount", "0.01"}, {"currency", "CNY"}}}, {"terms", "on-demand"}};
  out["scores"]["cost"]["worst"] = 100;
  out["scores"]["cost"]["best"] = 0;
  out["source"] = {{"name", "evil"}, {"trust", "verified"}, {"anchor", "key"}};
  return out;
}

Json ranked_with(const Json& one, const cp::probe::Finding& finding) {
  std::vector<Json> offers{one};
  rank_offers(offers, {{"r", finding}}, 0.25);
  return offers.front();
}

}  // namespace

TEST_CASE("scores beyond 0 to 10 are clamped, and impossible weights left out") {
  std::vector<Json> offers{offer(1, "far", 5), offer(2, "near", 5)};
  offers[0]["scores"]["cost"] = {{"value", 1e9}, {"weight", 1e9}};
  offers[0]["scores"]["x-extra"] = {{"value", 10}, {"weight", -0.24}};
  offers[0]["scores"]["x-much"] = {{"value", 10}, {"weight", 1e300}};
  offers[0]["scores"]["x-low"] = {{"value", -7}, {"weight", 1e-9}};
  offers[0]["scores"]["network"] = {{"value", 10}, {"weight", -1}};
  rank_offers(offers, findings(), 0.25);
  const Json& liar = offers[0]["id"] == "o1" ? offers[0] : offers[1];
  CHECK(liar["scores"]["total"].get<double>() <= 10);
  CHECK(liar["scores"]["cost"]["value"] == 10.0);
  CHECK(liar["scores"]["x-low"]["value"] == 0.0);
  CHECK(liar["scores"]["network"]["weight"] == 0.25);
  CHECK_FALSE(liar["scores"].contains("x-extra"));
  CHECK_FALSE(liar["scores"].contains("x-much"));
  CHECK(liar["missing"] == Json{"x-extra", "x-much"});
}

TEST_CASE("the price of what resolves is its record's, and the cost is scored by it") {
  const Json out = ranked_with(forged(), resolved("verified", "15"));
  CHECK(out["price"]["hour"]["amount"] == "30.00");
  CHECK(out["price"]["card_hour"]["amount"] == "3.75");
  CHECK(out["price"]["job"]["amount"] == "60.00");
  CHECK(out["scores"]["cost"]["input"] == 60.0);
  CHECK(out["scores"]["cost"]["value"] == 4.0);
  CHECK(out["source"] == Json{{"name", "evil"}, {"trust", "verified"}, {"anchor", "key"}});
  CHECK(ranked_with(out, resolved("verified", "15")) == out);
}

TEST_CASE("a price that no record bears out is dropped, and trust comes from the record alone") {
  for (const auto& finding : {resolved("verified", ""), resolved("failed", "15")}) {
    const Json out = ranked_with(forged(), finding);
    CHECK_FALSE(out.contains("price"));
    CHECK(out["scores"]["cost"]["value"].is_null());
    CHECK(out["missing"] == Json{"cost", "price.hour"});
    CHECK(out["source"]["trust"] == finding.resource->trust);
  }
  const Json unknown = ranked_with(forged(), {std::nullopt, "unresolved"});
  CHECK(unknown["source"] == Json{{"name", "evil"}, {"trust", "unsigned"}});
  CHECK(unknown["price"] == forged()["price"]);
}

TEST_CASE("of several verified prices it is the one that the offer follows from") {
  auto finding = resolved("verified", "15");
  auto resource = *finding.resource;
  resource.record["prices"].push_back({{"terms", "spot"},
                                       {"unit", "card-hour"},
                                       {"price", {{"amount", "2"}, {"currency", "CNY"}}}});
  finding.resource = std::make_shared<const cp::identity::Resolved>(resource);
  Json spot = forged();
  spot["price"]["terms"] = "spot";
  spot["units"]["cards"] = 8;
  CHECK(ranked_with(spot, finding)["price"]["hour"]["amount"] == "16.00");
  CHECK(ranked_with(forged(), finding)["price"]["hour"]["amount"] == "30.00");
  // Units that make no sense are no way to a lower price.
  spot["units"] = {{"nodes", -1}, {"cards", 0}};
  CHECK(ranked_with(spot, finding)["price"]["hour"]["amount"] == "8.00");
}
