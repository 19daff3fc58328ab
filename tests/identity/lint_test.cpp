// SPDX-License-Identifier: Apache-2.0
#include "identity/lint.hpp"

#include "base/file.hpp"
#include "model/json.hpp"
#include "source_tree.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <algorithm>
#include <string>

using cp::identity::Finding;
using cp::identity::lint;
using cp::model::Json;

namespace {

Json example() {
  const std::string path = in_source_tree("tests/model/schema_examples/cp.resource-1.json");
  return cp::model::parse_json(cp::read_file(path, 1U << 20U).value()).value();
}

// "impossible node.cpu.cores", one of the findings.
bool finds(const Json& record, const std::string& wanted) {
  const auto findings = lint(record);
  return std::ranges::any_of(findings, [&](const Finding& finding) {
    return finding.reason + " " + finding.place == wanted;
  });
}

}  // namespace

TEST_CASE("what is no record has that for its only finding") {
  const auto findings = lint({{"schema", "cp.resource/1"}, {"kind", 7}});
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].reason == "malformed");
  CHECK(lint({{"schema", "cp.state/1"}}).size() == 1);
}

TEST_CASE("what a reader needs is missed") {
  const Json bare{{"schema", "cp.resource/1"}, {"kind", "node"}};
  for (const char* place : {"name", "place.country", "nodes", "node.cpu.cores", "node.cpu.arch",
                            "node.memory_bytes", "prices", "access", "limits.walltime_s"}) {
    CAPTURE(place);
    CHECK(finds(bare, "missing " + std::string(place)));
    CHECK_FALSE(finds(example(), "missing " + std::string(place)));
  }
  Json record = example();
  record["node"]["accelerators"][0].erase("memory_bytes");
  CHECK(finds(record, "missing node.accelerators[0].memory_bytes"));
  record["prices"][0].erase("as_of");
  CHECK(finds(record, "missing prices[0].as_of"));
}

TEST_CASE("what cannot be is found") {
  const auto with = [](const std::string& pointer, const Json& value) {
    Json record = example();
    record[Json::json_pointer(pointer)] = value;
    return record;
  };
  struct Row {
    const char* pointer;
    Json value;
    const char* found;
  };
  for (const Row& row : {
           Row{"/nodes", 999999999, "impossible nodes"},
           Row{"/node/cpu/cores", 999999, "impossible node.cpu.cores"},
           Row{"/node/cpu/threads", 1, "impossible node.cpu.threads"},
           Row{"/node/cpu/sockets", 4000, "impossible node.cpu.sockets"},
           Row{"/node/cpu/clock_hz", 2.1, "impossible node.cpu.clock_hz"},
           Row{"/node/memory_bytes", 2048, "impossible node.memory_bytes"},
           Row{"/node/accelerators/0/memory_bytes", 80,
               "impossible node.accelerators[0].memory_bytes"},
           Row{"/node/accelerators/0/memory_bytes", 687194767360,
               "impossible node.accelerators[0].memory_bytes"},
           Row{"/node/accelerators/0/count", 512, "impossible node.accelerators[0].count"},
           Row{"/node/network/0/rate_bps", 400, "impossible node.network[0].rate_bps"},
           Row{"/performance/0/value", 1e30, "impossible performance[0].value"},
           Row{"/performance/0/value", 989.4, "impossible performance[0].value"},
           Row{"/prices/0/price/amount", "0.00", "doubtful prices[0].price"},
           Row{"/prices/0/price/amount", "5000000", "impossible prices[0].price"},
           Row{"/limits/walltime_s", 4444, "impossible limits.walltime_s"},
       }) {
    CAPTURE(row.pointer, row.value.dump());
    CHECK(finds(with(row.pointer, row.value), row.found));
    CHECK_FALSE(finds(example(), row.found));
  }
}
