// SPDX-License-Identifier: Apache-2.0
#include "market/resource_rows.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string_view>

using cp::market::Accelerators;
using cp::market::BillingUnit;
using cp::market::Fault;
using cp::market::rows_of;
using cp::model::Json;

namespace {

cp::market::ResourceRows rows(std::string_view members) {
  Json resource = Json::parse(std::string(R"({"schema":"cp.resource/1","kind":"partition",)") +
                              std::string(members) + "}");
  return rows_of(resource);
}

std::string price(std::string_view amount, std::string_view terms = "on-demand",
                  std::string_view unit = "node-hour") {
  return std::string(R"({"unit":")") + std::string(unit) + R"(","terms":")" + std::string(terms) +
         R"(","price":{"amount":")" + std::string(amount) + R"(","currency":"CNY"}})";
}

}  // namespace

TEST_CASE("a member that cannot be what it says keeps the resource out") {
  const auto [members, fault, detail] = GENERATE(table<std::string_view, Fault, std::string_view>({
      {R"("name":7)", Fault::malformed_document, "name is no text"},
      {R"("node":[])", Fault::malformed_document, "node is no object"},
      {R"("node":{"memory_bytes":"80GB"})", Fault::malformed_document,
       "node.memory_bytes is no number"},
      {R"("node":{"memory_bytes":-5})", Fault::malformed_document,
       "node.memory_bytes is out of range"},
      {R"("node":{"cpu":{"cores":1.5}})", Fault::malformed_document,
       "node.cpu.cores is no whole number"},
      {R"("node":{"accelerators":{}})", Fault::malformed_document, "node.accelerators is no list"},
      {R"("nodes":1e30)", Fault::malformed_document, "nodes is out of range"},
      {R"("prices":[{"unit":"month","price":{"amount":"1","currency":"CNY"}}])", Fault::bad_price,
       "no unit"},
      {R"("prices":[{"unit":"node-hour","price":{"amount":"1"}}])", Fault::bad_price,
       "no currency"},
      {R"("prices":[{"unit":"node-hour","price":{"amount":"-1","currency":"CNY"}}])",
       Fault::bad_price, "-1"},
      {R"("prices":[{"unit":"node-hour","price":{"amount":"NaN","currency":"CNY"}}])",
       Fault::bad_price, "NaN"},
      {R"("id":"cp:86.3101.42/7F3K9Q2M-JC")", Fault::malformed_document, "id "},
  }));
  CAPTURE(members);
  const auto result = rows(members);
  CHECK(result.rows.empty());
  REQUIRE(result.faults.size() == 1);
  CHECK(result.faults[0].first == fault);
  CHECK_THAT(result.faults[0].second, Catch::StartsWith(std::string(detail)));
}

TEST_CASE("what stands for unknown becomes unknown") {
  Json resource = Json::parse(
      R"({"nodes":999999999,"node":{"memory_bytes":0,"disk_bytes":0,"cpu":{"cores":-1,"threads":8}}})");
  const auto result = rows_of(resource);
  REQUIRE(result.rows.size() == 1);
  CHECK(result.faults.size() == 3);
  CHECK_FALSE(result.rows[0].nodes);
  CHECK_FALSE(result.rows[0].memory_bytes);
  CHECK_FALSE(result.rows[0].cores);
  CHECK(result.rows[0].disk_bytes == 0);
  CHECK(resource["nodes"].is_null());
  CHECK(resource["node"]["memory_bytes"].is_null());
}

TEST_CASE("unknown accelerators, none and some are told apart") {
  CHECK(rows(R"("name":"x")").rows[0].accelerators == Accelerators::unknown);
  CHECK(rows(R"("node":{"accelerators":[]})").rows[0].accelerators == Accelerators::none);
  const auto some = rows(
      R"("node":{"accelerators":[{"native_name":"RTXA6000","count":4},{"model":"T4","count":1}]})");
  REQUIRE(some.rows.size() == 2);
  CHECK(some.rows[0].gpu_model == "RTX-A6000");
  CHECK(some.rows[0].gpu_vendor == "nvidia");
  CHECK(some.rows[0].gpu_count == 4);
  CHECK(some.rows[1].gpu_model == "T4");
  CHECK(some.rows[0].has_siblings);
}

TEST_CASE("each price is a row, a spot price belongs to its unit's row") {
  const auto result = rows(R"("prices":[)" + price("2") + "," + price("1", "spot") + "," +
                           price("9", "reserved", "card-hour") + "]");
  REQUIRE(result.rows.size() == 2);
  CHECK(result.rows[0].price == 2'000'000'000);
  CHECK(result.rows[0].spot == 1'000'000'000);
  CHECK(result.rows[1].unit == BillingUnit::card_hour);
  CHECK(result.rows[1].terms == "reserved");
  CHECK_FALSE(result.rows[1].spot);

  const auto only_spot = rows(R"("prices":[)" + price("1", "spot") + "]");
  REQUIRE(only_spot.rows.size() == 1);
  CHECK_FALSE(only_spot.rows[0].price);
  CHECK(only_spot.rows[0].spot == 1'000'000'000);
}

TEST_CASE("a site may give its machines away") {
  const auto result = rows(R"("prices":[)" + price("0", "internal") + "]");
  CHECK(result.faults.empty());
  CHECK(result.rows[0].price == 0);
}

TEST_CASE("the fastest network and the fastest with RDMA are kept apart") {
  const auto both = rows(
      R"("node":{"network":[{"type":"ethernet","rate_bps":25e9,"rdma":false},{"type":"infiniband","rate_bps":1e10,"rdma":true}]})");
  CHECK(both.rows[0].network_bps == 25e9);
  CHECK(both.rows[0].rdma_bps == 1e10);
  const auto none =
      rows(R"("node":{"network":[{"type":"ethernet","rate_bps":25e9,"rdma":false}]})");
  CHECK(none.rows[0].rdma_bps == 0);
  const auto unsaid = rows(R"("node":{"network":[{"type":"ethernet","rate_bps":25e9}]})");
  CHECK_FALSE(unsaid.rows[0].rdma_bps);
  const auto slower = rows(
      R"("node":{"network":[{"type":"ethernet","rate_bps":25e9},{"type":"infiniband","rate_bps":1e11,"rdma":true}]})");
  CHECK(slower.rows[0].rdma_bps == 1e11);
  const auto unknown = rows(R"("node":{"network":[{"type":"infiniband","rdma":true}]})");
  CHECK_FALSE(unknown.rows[0].network_bps);
  CHECK_FALSE(unknown.rows[0].rdma_bps);
}

TEST_CASE("an offer becomes a resource without what it says of trust and access") {
  const Json offer = Json::parse(
      R"({"schema":"cp.offer/1","name":"n","provider":"p","units":{"nodes":2},"node":{"memory_bytes":5},
      "price":{"hour":{"amount":"10.00","currency":"CNY"},"terms":"on-demand"},"runnable":true,
      "resource":"cp:86.3101.42/7F3K9Q2M-JB","access":[{"role":"launch","url":"local:"}]})");
  Json resource = cp::market::resource_of_offer(offer);
  CHECK(resource.count("access") == 0);
  CHECK(resource.count("id") == 0);
  const auto result = rows_of(resource);
  REQUIRE(result.rows.size() == 1);
  CHECK(result.rows[0].price == 5'000'000'000);
  CHECK(result.rows[0].unit == BillingUnit::node_hour);
  CHECK(result.rows[0].provider == "p");
}
