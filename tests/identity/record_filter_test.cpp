// SPDX-License-Identifier: Apache-2.0
#include "identity/record_filter.hpp"

#include "../fixed_clock.hpp"
#include "../temporary_directory.hpp"
#include "base/random.hpp"
#include "identity/record_scan.hpp"
#include "identity/registry.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <set>
#include <string>
#include <vector>

using namespace cp::identity;
using cp::model::Condition;
using cp::model::Json;
using cp::model::Truth;

namespace {

const std::vector<const char*> kRecords{
    R"({"name":"bare"})",
    R"({"name":"","place":{"country":"CN"}})",
    R"({"name":"One","nodes":4,"place":{"region":"CN-sh"},"node":{"cpu":{"cores":64,"threads":128},"accelerators":[]}})",
    R"({"name":"two","nodes":1,"place":{"region":"cn-bj","country":"CN"},"node":{"cpu":{"threads":8},"memory_bytes":8000000000}})",
    R"({"name":"three","node":{"cpu":{"cores":112,"arch":"x86_64"},"memory_bytes":2199023255552,"accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920}]},"limits":{"walltime_s":604800}})",
    R"({"name":"four","node":{"accelerators":[{"model":"A100-PCIE-40GB","count":2},{"vendor":"huawei","model":"Ascend-910B","count":8,"memory_bytes":68719476736}],"network":[{"type":"infiniband","rate_bps":400000000000,"rdma":true}]}})",
    R"({"name":"fünf %_*","nodes":2,"provider":{"name":"A \"quoted\" lab"},"node":{"cpu":{"cores":2}}})",
};

const std::vector<const char*> kExpressions{
    "cores >= 64",
    "cores = 64",
    "cores != 64",
    "not cores < 64",
    "cpus > 7",
    "cpus in [1..8, 112]",
    "memory >= 8GB",
    "memory < 1TB",
    "nodes in [1, 2]",
    "nodes not in [1, 2]",
    "nodes = 0",
    "region = cn-sh",
    "region = CN-BJ",
    "region in [cn-sh, cn-bj] and nodes >= 1",
    "region = cn-sh or country = cn",
    "region = cn-sh or name like \"t*\"",

    "not (region = cn-sh or country = cn)",
    "name like \"f*%_*\"",
    "name = two",
    "arch = X86_64",
    "gpu.model = H100",
    "gpu.model != H100",
    "gpu.model in [H100, A100] and gpu.count >= 2",
    "gpu.count = 0",
    "gpu.count < 8",
    "gpu.memory >= 64GB and gpu.vendor = huawei",
    "not gpu.model = H100",
    "gpu.model = H100 or cores = 64",
    "limit.walltime >= 7d",
    "network >= 100Gbps",
    "rdma >= 100Gbps",
    "nodes <= cores",
    "price.hour <= 3CNY",
    "provider = 'A \"quoted\" lab'",
    "country like \"c*\" and not nodes > 3",
    "(cores > 1 and (memory > 1GB or nodes = 2)) or name = bare"};

struct World {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:30:10Z"};
  cp::KernelRandom random;
  std::unique_ptr<Estate> estate;

  World() {
    auto registry = Registry::init(directory.path(), "0", "test", clock, random);
    REQUIRE(registry);
    for (const char* text : kRecords) {
      Json record = cp::model::parse_json(text).value();
      record["schema"] = "cp.resource/1";
      record["kind"] = "node";
      const auto registered = registry->register_resource(record, random);
      INFO((registered ? "" : registered.error().message));
      REQUIRE(registered);
    }
    estate = Estate::open(directory.path(), clock, random).value();
  }

  std::vector<Json> records(RecordFilter filter = {}) const {
    RegistryView view(*estate);
    RecordScan scan(view, std::move(filter));
    std::vector<Json> all;
    while (!scan.is_at_end()) {
      const auto page = scan.page();
      REQUIRE(page);
      for (const StoredDocument& record : *page) {
        all.push_back(cp::model::parse_json(record.text).value());
      }
    }
    return all;
  }
};

std::set<std::string> names_of(const std::vector<Json>& records, const Condition& condition) {
  std::set<std::string> names;
  for (const Json& record : records) {
    if (cp::model::evaluate(condition, record, Json::object()) == Truth::yes) {
      names.insert(record["id"].get<std::string>());
    }
  }
  return names;
}

}  // namespace

TEST_CASE("a filter lets through all that fulfils its condition, and keeps much of the rest out") {
  const World world;
  const auto all = world.records();
  REQUIRE(all.size() == kRecords.size());
  std::size_t kept_out = 0;
  for (const char* text : kExpressions) {
    INFO(text);
    const auto condition = cp::model::parse_condition(text);
    REQUIRE(condition);
    const auto through = world.records(filter_for(*condition));
    CHECK(names_of(through, *condition) == names_of(all, *condition));
    kept_out += all.size() - through.size();
  }
  CHECK(kept_out > kExpressions.size() * 2);
}

TEST_CASE("a condition of any width and depth has a filter that SQLite takes") {
  const World world;
  std::string wide = "cores = 0";
  std::string deep = "cores = 64";
  for (int i = 1; i < 200; ++i) {
    wide += " or cores = " + std::to_string(i);
  }
  for (int i = 0; i < 40; ++i) {
    deep = "(" + deep + " and (nodes = 4 or nodes = 5))";
  }
  for (const std::string& text : {wide, deep}) {
    const auto condition = cp::model::parse_condition(text);
    REQUIRE(condition);
    CHECK_FALSE(names_of(world.records(filter_for(*condition)), *condition).empty());
  }
}
