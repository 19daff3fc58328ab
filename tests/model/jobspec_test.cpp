// SPDX-License-Identifier: Apache-2.0
#include "model/jobspec.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::model::file_url;
using cp::model::JobSpec;
using cp::model::Json;
using cp::model::parse_jobspec;
using cp::model::path_of_file_url;

namespace {

Json spec_with(const std::string& members) {
  return Json::parse(R"({"schema":"cp.jobspec/1","executable":"true")" + members + "}");
}

}  // namespace

TEST_CASE("a jobspec that says anything but what the schema has is refused by name") {
  struct Case {
    const char* members;
    const char* named;
  };
  const Case test = GENERATE(
      Case{R"(,"argumnets":[])", "argumnets"}, Case{R"(,"arguments":"x")", "arguments"},
      Case{R"(,"arguments":[1])", "arguments[0]"},
      Case{R"(,"arguments":["\u0000"])", "arguments[0]"},
      Case{R"(,"arguments":[{"base64":"!"}])", "arguments[0]"}, Case{R"(,"name":1)", "name"},
      Case{R"(,"environment":{"A=B":"x"})", "environment.A=B"},
      Case{R"(,"environment":{"":"x"})", "environment."},
      Case{R"(,"environment":["A"])", "environment"}, Case{R"(,"resources":3)", "resources"},
      Case{R"(,"resources":{"nodes":0})", "resources.nodes"},
      Case{R"(,"resources":{"nodes":1.5})", "resources.nodes"},
      Case{R"(,"resources":{"cards":1})", "resources.cards"},
      Case{R"(,"resources":{"gpus":{"count":0}})", "resources.gpus.count"},
      Case{R"(,"resources":{"gpus":{"models":"H100"}})", "resources.gpus.models"},
      Case{R"(,"attributes":{"duration_s":0})", "attributes.duration_s"},
      Case{R"(,"attributes":{"duration":5})", "attributes.duration"},
      Case{R"(,"inputs":[{"url":"file:a"}])", "inputs[0].path"},
      Case{R"(,"inputs":[{"path":"a"}])", "inputs[0].url"},
      Case{R"(,"inputs":[{"url":"file:a","path":"../a"}])", "inputs[0].path"},
      Case{R"(,"inputs":[{"url":"file:a","path":"/etc/passwd"}])", "inputs[0].path"},
      Case{R"(,"outputs":[{"path":"a","url":"file:a","when":"sometimes"}])", "outputs[0].when"},
      Case{R"(,"after":[{"when":"ended"}])", "after[0].job"},
      Case{R"(,"retry":{"on":"lost"})", "retry.on"},
      Case{R"(,"limits":{"cost":{"amount":"x","currency":"CNY"}})", "limits.cost"},
      Case{R"(,"limits":{"cost":{"amount":"-1","currency":"CNY"}})", "limits.cost"},
      Case{R"(,"array":{"from":3,"to":1})", "array"}, Case{R"(,"array":{"to":1})", "array"},
      Case{R"(,"array":{"from":0,"to":100000000})", "array"}, Case{R"(,"tags":{"a":1})", "tags"});
  INFO(test.members);
  const auto spec = parse_jobspec(spec_with(test.members));
  REQUIRE_FALSE(spec);
  CHECK(spec.error().code == cp::Errc::bad_data);
  CHECK(spec.error().message.find(test.named) != std::string::npos);
}

TEST_CASE("a jobspec without an executable, or of another major version, is refused") {
  CHECK(parse_jobspec(Json::parse(R"({"schema":"cp.jobspec/1"})")).error().code ==
        cp::Errc::bad_data);
  CHECK(parse_jobspec(Json::parse(R"({"schema":"cp.jobspec/1","executable":""})")).error().code ==
        cp::Errc::bad_data);
  CHECK(
      parse_jobspec(Json::parse(R"({"schema":"cp.jobspec/2","executable":"true"})")).error().code ==
      cp::Errc::bad_data);
  CHECK(parse_jobspec(Json::parse("[]")).error().code == cp::Errc::bad_data);
}

TEST_CASE("a mistyped field gets the near match as its hint") {
  const auto spec = parse_jobspec(spec_with(R"(,"argumnets":[])"));
  REQUIRE_FALSE(spec);
  CHECK(spec.error().hint.find("arguments") != std::string::npos);
}

TEST_CASE("a whole jobspec is read, and written as it was") {
  const Json document = Json::parse(R"({"schema":"cp.jobspec/1","name":"train",
    "executable":"./train.sh","arguments":["--epochs","3",{"base64":"//4="},""],"directory":"work",
    "environment":{"OMP_NUM_THREADS":"8"},"inherit_environment":false,
    "image":"docker://pytorch/pytorch:2.4","stdin_path":"in","stdout_path":"out","stderr_path":"err",
    "resources":{"nodes":2,"processes_per_node":4,"cores_per_process":16,"memory_bytes":137438953472,
      "gpus":{"models":["H100-SXM-80GB"],"vendor":"nvidia","memory_bytes":85899345920,"count":8}},
    "select":"gpu.count >= 8","attributes":{"duration_s":14400,"queue":"gpu","account":"p123",
      "custom":{"slurm.qos":"high"}},
    "inputs":[{"url":"file:data/","path":"data/"}],
    "outputs":[{"path":"results/","url":"file:results/","when":"always"}],
    "retry":{"on":["no_capacity","preempted"],"max":3,"max_wait_s":600},
    "limits":{"cost":{"amount":"900.00","currency":"CNY"},
      "price_per_hour":{"amount":"120.00","currency":"CNY"}},
    "after":[{"job":"j-01JDABCDEFGHJKMNPQRSTVWXYZ","when":"completed"}],
    "array":{"from":0,"to":99,"step":1,"at_once":10},"tags":{"project":"weather"}})");
  const auto spec = parse_jobspec(document);
  REQUIRE(spec);
  CHECK(spec->arguments == std::vector<std::string>{"--epochs", "3", "\xff\xfe", ""});
  CHECK(spec->resources.total_cards() == 16);
  CHECK(spec->resources.total_cores() == 128);
  CHECK(spec->array->size() == 100);
  CHECK(Json::parse(cp::model::to_line(to_json(*spec))) ==
        Json::parse(cp::model::to_line(to_json(*parse_jobspec(to_json(*spec))))));
  CHECK(nlohmann::json::parse(cp::model::to_line(to_json(*spec))) ==
        nlohmann::json::parse(cp::model::to_line(document)));
}

TEST_CASE("file URLs carry any path") {
  for (const std::string path : {"data/", "/a b/%2f", "a\xff", "ü", "#?", "./x:y"}) {
    INFO(path);
    CHECK(path_of_file_url(file_url(path)) == path);
  }
  CHECK(file_url("a b") == "file:a%20b");
  CHECK(path_of_file_url("file:///etc/hosts") == "/etc/hosts");
  CHECK(path_of_file_url("file://localhost/x") == "/x");
  for (const auto* const url :
       {"http://x/", "file://host/x", "file:%zz", "file:%0", "file:a%00b", "file://host"}) {
    INFO(url);
    CHECK_FALSE(path_of_file_url(url));
  }
}
