// SPDX-License-Identifier: Apache-2.0
#include "identity/resource_rules.hpp"

#include "base/file.hpp"
#include "model/json.hpp"
#include "source_tree.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <filesystem>
#include <string>

using cp::identity::check_resource;
using cp::identity::check_usable;
using cp::model::Json;

namespace {

// The example of the contract between the tools.
Json contract_example() {
  return cp::model::parse_json(R"({"schema":"cp.resource/1","id":"cp:86.3101.42/7F3K9Q2M-JB",
 "seq":7,"issued":"2026-11-22T08:00:00Z","valid_until":"2027-11-22T00:00:00Z","name":"h100-pool",
 "alias":["@shlab/h100"],"also_known_as":[{"scheme":"lei","id":"5493001KJTIIGC8Y1R12"}],
 "kind":"partition","part_of":"cp:86.3101.42/C0DE42-1T",
 "provider":{"prefix":"86.3101.42","name":"Shanghai AI Lab"},
 "place":{"country":"CN","region":"cn-sh","city":"Shanghai","lat":31.23,"lon":121.47},"nodes":64,
 "node":{"cpu":{"vendor":"intel","model":"Xeon Platinum 8480+","arch":"x86_64","sockets":2,
   "cores":112,"threads":224,"clock_hz":2000000000},
   "memory_bytes":2199023255552,"disk_bytes":15360000000000,
   "accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","native_name":"h100","count":8,
     "memory_bytes":85899345920,"link":{"type":"nvlink","rate_bps":7200000000000}}],
   "network":[{"type":"infiniband","rate_bps":400000000000,"rdma":true,"count":8}]},
 "performance":[{"what":"flops","format":"bf16","sparse":false,"basis":"nominal",
   "per":"accelerator","value":989000000000000,"source":"vendor data sheet",
   "as_of":"2023-03-01T00:00:00Z"},
   {"what":"flops","format":"fp64","sparse":false,"basis":"measured","per":"node",
   "value":402000000000000,"benchmark":"HPL 2.3","as_of":"2026-10-01T00:00:00Z"}],
 "prices":[{"terms":"on-demand","unit":"card-hour","price":{"amount":"14.50","currency":"CNY"},
   "quantum_s":60,"minimum_s":0,"as_of":"2026-11-01T00:00:00Z"}],
 "egress_per_gb":{"amount":"0.10","currency":"CNY"},
 "limits":{"walltime_s":604800,"nodes_per_job":32},
 "access":[{"role":"launch","url":"slurm+ssh://login.shlab.example",
   "workdir":"/lustre/scratch/cptools","native":{"partition":"gpu","gres":"gpu:h100"}},
   {"role":"probe","url":"stamp://dtn1.shlab.example:862"}],
 "policy":"demand.nodes <= 32 and demand.duration <= 7d","software":["apptainer 1.2"]})")
      .value();
}

}  // namespace

TEST_CASE("a value that its field cannot have is refused, and the message names the place") {
  struct Row {
    const char* pointer;
    const char* value;
    const char* message;
  };
  for (
      const Row& row : {
          Row{"/schema", "\"cp.resource/2\"",
              "cp.resource/2 is of a major version that is not known here (only cp.resource/1 "
              "is)"},
          Row{"/kind", "null", "kind is missing"},
          Row{"/kind", "\"a b\"", "kind is not a word"},
          Row{"/id", "\"cp:86.3101.42/7F3K9Q2M-JC\"", "id is not an identifier"},
          Row{"/alias", "\"@shlab/h100\"", "alias is no array"},
          Row{"/alias/0", "\"h100\"", "alias[0] is not an alias (@label/name)"},
          Row{"/alias/0", R"("@shlab/\u202eh100")", "alias[0] is not an alias (@label/name)"},
          Row{"/alias/0", "\"@ShLab/h100\"", "alias[0] is not an alias (@label/name)"},
          Row{"/also_known_as/0/id", "null", "also_known_as[0].id is missing"},
          Row{"/place/country", "\"China\"", "place.country is not two letters of ISO 3166-1"},
          Row{"/place/lat", "91", "place.lat is not degrees from -90 to 90"},
          Row{"/nodes", "-1", "nodes is not a whole number from 1 on"},
          Row{"/nodes", "1.5", "nodes is not a whole number from 1 on"},
          Row{"/node/memory_bytes", "0", "node.memory_bytes is not a whole number from 1 on"},
          Row{"/node/cpu/clock_hz", "0", "node.cpu.clock_hz is not a number above 0"},
          Row{"/node/accelerators/0", "1", "node.accelerators[0] is not an object"},
          Row{"/node/accelerators/0/count", "null", "node.accelerators[0].count is missing"},
          Row{"/node/network/0/rdma", "1", "node.network[0].rdma is not true or false"},
          Row{"/performance/0/sparse", "null", "performance[0].sparse is missing"},
          Row{"/performance/0/value", "-5", "performance[0].value is not a number above 0"},
          Row{"/performance/1/benchmark", "null", "performance[1].benchmark is missing"},
          Row{"/performance/1/as_of", "\"yesterday\"",
              "performance[1].as_of is not a time in UTC (RFC 3339)"},
          Row{"/prices/0/price", "14.5",
              R"(prices[0].price is not money: {"amount":"14.50","currency":"CNY"})"},
          Row{"/prices/0/price/amount", "\"-1\"",
              R"(prices[0].price is not money: {"amount":"14.50","currency":"CNY"})"},
          Row{"/prices/0/unit", "null", "prices[0].unit is missing"},
          Row{"/access/0/url", "\"no url\"", "access[0].url is not a URL"},
          Row{"/access/0/role", "null", "access[0].role is missing"},
          Row{"/ended", "\"x\"", "ended is not an object"},
          Row{"/ended", R"({"how":"ended","at":"2026-11-22T00:00:00Z"})",
              "ended.how is 'ended', not tombstone, revoked, moved or merged"},
          Row{"/ended", R"({"how":"tombstone"})", "ended.at is missing"},
          Row{"/proof", "[]", "proof has 0 signatures, not 1 or 2"},
          Row{"/proof", R"([{"jws":"a","key":"b"},{"jws":"a"}])", "proof[1].key is missing"},
          Row{"/proof", "5", "proof.jws is missing"},
          Row{"/ended", R"({"how":"moved","at":"2026-11-22T00:00:00Z"})",
              "ended.successor is missing, and ended.how is moved"},
          Row{"/ended",
              R"({"how":"revoked","at":"2026-11-22T00:00:00Z","successor":"cp:86.3101.42/C0DE42-1T"})",
              "ended.successor stands there, and ended.how is revoked"},
          Row{"/policy", "\"\"", "policy is not a condition of at most 4 KiB"},
          Row{"/valid_until", "\"2027-11-22T00:00:00+08:00\"",
              "valid_until is not a time in UTC (RFC 3339)"},
      }) {
    Json record = contract_example();
    record[Json::json_pointer(row.pointer)] = Json::parse(row.value);
    const auto checked = check_resource(record);
    CAPTURE(row.pointer, row.value);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == cp::Errc::bad_data);
    CHECK(checked.error().message == row.message);
  }
  CHECK_FALSE(check_resource(Json("text")));
  CHECK_FALSE(check_resource(Json::object()));
}

TEST_CASE("a record has so many other names and no more") {
  Json record = contract_example();
  const auto fill = [&record](const char* list, std::size_t count) {
    const Json one = record[list][0];
    record[list] = Json::array();
    record[list].get_ref<Json::array_t&>().assign(count, one);
  };
  fill("alias", 64);
  fill("also_known_as", 256);
  CHECK(check_resource(record));
  fill("alias", 65);
  CHECK(check_resource(record).error().message == "alias has 65 entries, and at most 64 are taken");
  fill("alias", 1);
  fill("also_known_as", 257);
  CHECK(check_resource(record).error().code == cp::Errc::bad_data);
}

TEST_CASE("a sound record passes, with fields that nobody knows and unknown values") {
  CHECK(check_resource(contract_example()));
  Json record = contract_example();
  record["colour"] = {{"paint", 1}};
  record["node"]["cpu"]["model"] = nullptr;
  record["node"]["accelerators"] = nullptr;
  record["place"] = nullptr;
  CHECK(check_resource(record));
}

TEST_CASE("the rules judge the examples of the JSON Schema as the schema does") {
  const std::filesystem::path folder = in_source_tree("tests/model/schema_examples");
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("cp.resource-1")) {
      continue;
    }
    const auto record = cp::model::parse_json(cp::read_file(entry.path(), 1U << 20U).value());
    REQUIRE(record);
    CAPTURE(name);
    const bool valid = entry.path().parent_path() == folder;
    CHECK(check_resource(*record).has_value() == valid);
    ++(valid ? accepted : refused);
  }
  CHECK(accepted >= 3);
  CHECK(refused >= 9);
}

TEST_CASE("what could not be used is not signed, and the message says what is wrong") {
  struct Row {
    const char* pointer;
    const char* value;
    const char* message;
  };
  for (const auto& row : {
           Row{"/prices/0/unit", "fortnight",
               "prices[0].unit is 'fortnight', and nobody bills by that"},
           Row{"/policy", "demand.nodez < 3", "policy: column 1: there is no field 'demand.nodez'"},
           Row{"/policy", "nodes >", "policy: column 8: a value is missing at the end"},
           Row{"/access/0/url", "javascript:x",
               "access[0].url: nothing is launched by 'javascript:'"},
           Row{"/access/1/url", "JavaScript:x", "access[1].url: 'JavaScript:' names no place"},
           Row{"/access/0/url", "ssh://-oProxyCommand=x",
               "access[0].url: '-oProxyCommand=x' is no host"},
           Row{"/access/0/url", "ssh:-oProxyCommand=x",
               "access[0].url: 'ssh:-oProxyCommand=x' names no host behind //"},
           Row{"/access/0/url", "slurm+ssh://-x@host", "access[0].url: '-x' is no user's name"},
           Row{"/access/0/url", "ssh://host:99999", "access[0].url: '99999' is no port"},
           Row{"/access/0/url", "tes+https:///x", "access[0].url: '' is no host"},
           Row{"/access/1/url", "stamp://-h:862", "access[1].url: '-h' is no host"},
       }) {
    Json record = contract_example();
    record[Json::json_pointer(row.pointer)] = row.value;
    CAPTURE(row.pointer, row.value);
    REQUIRE(check_resource(record));
    const auto checked = check_usable(record);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == cp::Errc::bad_data);
    CHECK(checked.error().message == row.message);
  }
}

TEST_CASE("all that providers of this design are called by can be signed") {
  CHECK(check_usable(contract_example()));
  for (const char* url :
       {"local:", "slurm:", "exec:site-x", "ssh://me@host-1.example:2222", "ssh://[2001:db8::1]:22",
        "slurmrestd+unix:///run/s.sock", "k8s:CONTEXT/NAMESPACE", "tes+https://gw.example/v1"}) {
    Json record = contract_example();
    record["access"][0]["url"] = url;
    CAPTURE(url);
    CHECK(check_usable(record));
  }
}
