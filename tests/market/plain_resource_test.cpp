// SPDX-License-Identifier: Apache-2.0
#include "market/plain_resource.hpp"

#include "base/text.hpp"
#include "market/resource_rows.hpp"
#include "market/subject.hpp"
#include "model/json.hpp"
#include "row_text.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>
#include <vector>

using cp::market::PlainResources;
using cp::model::Json;

namespace {

constexpr std::string_view kPool =
    R"({"schema":"cp.resource/1","name":"pool","kind":"partition","provider":{"name":"site"},"place":{"country":"CN","region":"cn-sh","lat":31.2,"lon":121.5},"nodes":16,"node":{"cpu":{"arch":"x86_64","vendor":"intel","cores":112,"threads":224},"memory_bytes":2199023255552,"disk_bytes":0,"accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920}]},"prices":[{"terms":"on-demand","unit":"card-hour","price":{"amount":"14.50","currency":"CNY"},"quantum_s":60,"as_of":"2026-11-01T00:00:00Z"}]})";

// What the thorough way makes of LINE, row by row; nothing where it breaks a rule.
std::vector<std::string> thorough(std::string_view line) {
  auto json = cp::model::parse_json(line);
  std::vector<std::string> texts;
  if (!json || cp::model::text_at(*json, "schema") != "cp.resource/1") {
    return texts;
  }
  const auto rows = cp::market::rows_of(*json);
  for (const auto& row : rows.rows) {
    texts.push_back(text_of_row(row));
  }
  return rows.faults.empty() ? texts : std::vector<std::string>{};
}

// Both ways agree about LINE; whether the quick one took it.
bool is_taken(PlainResources& plain, std::string_view line) {
  const PlainResources::Rows quick = plain.read(line);
  if (quick.rows.empty()) {
    return false;
  }
  std::vector<std::string> texts;
  for (const auto& row : quick.rows) {
    texts.push_back(text_of_row(row));
  }
  INFO(line);
  CHECK(texts == thorough(line));
  if (quick.say_all) {
    Json said = *cp::model::parse_json(line);
    said.erase("prices");
    Json again = *cp::model::parse_json(line);
    const auto rows = cp::market::rows_of(again);
    // Members in whatever order.
    CHECK(nlohmann::json::parse(said.dump()) ==
          nlohmann::json::parse(resource_of(rows.rows.front()).dump()));
  }
  return true;
}

std::string with(std::string_view from, std::string_view to) {
  return cp::text::replace_all(kPool, from, to);
}

}  // namespace

TEST_CASE("what programs write is read the quick way, and the row says it all") {
  PlainResources plain;
  CHECK(is_taken(plain, kPool));
  CHECK(plain.read(kPool).say_all);
  CHECK(is_taken(plain, R"({"schema":"cp.resource/1","name":"a","kind":"node"})"));
  CHECK(is_taken(plain, with(R"("count":8)", R"("count":1,"share":0.5)")));
  CHECK(is_taken(
      plain,
      with(
          R"("accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920}])",
          R"("accelerators":[])")));
}

TEST_CASE("what the row does not say needs the document") {
  PlainResources plain;
  const std::string line = GENERATE(
      with(R"("nodes":16)", R"("nodes":16,"x-site":{"rack":7})"),
      with(R"("nodes":16)", R"("limits":{"walltime_s":3600,"nodes_per_job":4})"),
      with(R"("nodes":16)", R"("policy":"demand.nodes <= 2")"),
      with(R"("nodes":16)", R"("id":"cp:86.3101.42/7F3K9Q2M-JB")"),
      with(R"("disk_bytes":0)",
           R"("network":[{"type":"infiniband","rate_bps":400000000000,"rdma":true}])"),
      with(R"("cores":112)", R"("sockets":2)"), with(R"("vendor":"nvidia",)", ""),
      with("H100-SXM-80GB", "h100 sxm 80gb"), with(R"("count":8,)", ""),
      with(R"({"name":"site"})", R"({"prefix":"86.1"})"), with(R"("cn-sh")", "null"),
      with(R"(}]},"prices")", R"(},{"model":"A100-SXM-80GB","count":2}]},"prices")"),
      with(
          R"("prices":[)",
          R"("prices":[{"terms":"reserved","unit":"node-hour","price":{"amount":"1","currency":"CNY"}},)"));
  INFO(line);
  REQUIRE(line != kPool);
  CHECK(is_taken(plain, line));
  CHECK_FALSE(plain.read(line).say_all);
}

TEST_CASE("what is rare or wrong is left to the thorough way") {
  PlainResources plain;
  const std::string line = GENERATE(
      std::string(""), std::string("[]"), std::string("{\"schema\":\"cp.resource/1\""),
      std::string(R"({"schema":"cp.resource/2","name":"a"})"), std::string(R"({"name":"a"})"),
      with(R"("nodes":16)", R"("nodes":16,"nodes":17)"), with(R"("nodes":16)", R"("nodes":0)"),
      with(R"("nodes":16)", R"("nodes":1.5)"), with(R"("nodes":16)", R"("nodes":9999)"),
      with(R"("nodes":16)", R"("nodes":"16")"), with(R"("nodes":16)", R"("nodes":-1)"),
      with(R"("nodes":16)", R"("x":9007199254740993)"), with(R"("nodes":16)", R"("x":1e400)"),
      with(R"("nodes":16)", R"("x":{"a":1,"a":2})"), with(R"("name":"pool")", R"("name":7)"),
      with(R"("name":"pool")", R"("name":"a\u0000b")"), with(R"({"name":"site"})", "[]"),
      with("14.50", "-1"), with("14.50", "700"), with("14.50", "0.12345678901"),
      with("14.50", "nan"), with("CNY", "yuan"), with("card-hour", "hour"),
      with("on-demand", "spot"), with(R"("nodes":16)", R"("id":"cp:86.3101.42/7F3K9Q2M-JC")"),
      std::string(70, '[') + std::string(70, ']'), "\xff" + std::string(kPool));
  INFO(line);
  REQUIRE(line != kPool);
  CHECK(plain.read(line).rows.empty());
}

TEST_CASE("both ways agree about anything that a document may become") {
  PlainResources plain;
  const std::vector<std::string> parts{"null",  "0",  "-1", "9999", "1.5",
                                       "\"x\"", "[]", "{}", "true", "1e3"};
  int taken = 0;
  // Each value in turn as another one.
  for (std::size_t at = 0; at < kPool.size(); ++at) {
    if (kPool[at] != ':') {
      continue;
    }
    const std::size_t end = kPool.find_first_of(",}]", at);
    for (const std::string& part : parts) {
      std::string line(kPool);
      line.replace(at + 1, end - at - 1, part);
      taken += is_taken(plain, line) ? 1 : 0;
    }
  }
  CHECK(taken > 20);
}
