// SPDX-License-Identifier: Apache-2.0
#include "model/expression.hpp"

#include "model/expression_text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>
#include <string_view>

using cp::model::evaluate;
using cp::model::Json;
using cp::model::parse_condition;
using cp::model::Truth;

namespace {

const std::string_view kPartition = R"({"schema":"cp.resource/1","kind":"partition","name":"h100",
  "place":{"country":"CN","region":"cn-sh"},"nodes":64,
  "node":{"cpu":{"cores":112,"threads":224,"arch":"x86_64"},"memory_bytes":2199023255552,
    "accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8,"memory_bytes":85899345920},
                    {"vendor":"nvidia","model":"T4","count":1,"memory_bytes":17179869184}],
    "network":[{"type":"ethernet","rate_bps":25e9},{"type":"infiniband","rate_bps":4e11,"rdma":true}]},
  "limits":{"walltime_s":604800},"price":{"hour":{"amount":"116.00","currency":"CNY"}}})";

const std::string_view kCloud = R"({"schema":"cp.resource/1","kind":"instance-type",
  "node":{"cpu":{"cores":8,"threads":16},"memory_bytes":68719476736,"accelerators":[],"network":[]}})";

Truth holds(std::string_view expression, std::string_view resource = kPartition) {
  const Json demand = *cp::model::parse_json(R"({"nodes":4,"duration_s":14400})");
  const auto condition = parse_condition(expression);
  INFO(expression);
  REQUIRE(condition);
  return evaluate(*condition, *cp::model::parse_json(resource), demand);
}

struct Bad {
  std::string_view expression;
  std::string_view message;
  std::string_view hint;
};

}  // namespace

TEST_CASE("a wrong expression is told with its column and what to do") {
  const auto bad = GENERATE(values<Bad>({
      {"", "column 1: the name of a field is missing at the end", ""},
      {"gpu.modle = H100", "column 1: there is no field 'gpu.modle'", "did you mean gpu.model?"},
      {"cpus >= 4 and xyzzy = 1", "column 15: there is no field 'xyzzy'", "cpfind fields"},
      {"cpus", "a comparison of cpus is missing", ""},
      {"cpus >=", "column 8: a value is missing at the end", ""},
      {"cpus >= lots", "column 9: ", ""},
      {"cpus >= 4 memory", "column 11: 'memory' stands where 'and', 'or' or the end", ""},
      {"memory >= 4CNY", "column 11: ", ""},
      {"price.hour <= 15", "column 15: '15' has no currency", "[money]"},
      {"region < cn", "column 10: region is compared with =, !=, in and like only", ""},
      {"cpus like \"4*\"", "cpus is no text", ""},
      {"region like cn-*", "'*' outside of quotes", "in quotes"},
      {"cpus in 4", "column 9: '4' stands where '['", ""},
      {"cpus in [4", "']' is missing at the end", ""},
      {"cpus in []", "column 10: ']' stands where a value", ""},
      {"region in [a..b]", "column 13: '..' stands where ',' or ']'", ""},
      {"(cpus = 4", "')' is missing", ""},
      {"cpus = 4)", "column 9: ')'", ""},
      {"not", "the name of a field is missing", ""},
      {"cpus not 4", "'4' stands where 'in' or 'like'", ""},
      {"region = \"cn", "column 10: the string does not end", ""},
      {"cpus = 4 ; drop", "column 10: ';' has no meaning", ""},
      {"cpus = \x01", "'\\x01' has no meaning", ""},
      {"cpus > memory", "column 8: cpus and memory have different units", ""},
      {"runnable = perhaps", "neither true nor false", ""},
      {"price.hour / cpus <= 4GB", "column 22: ", ""},
      {"price.hour / memory <= 4CNY / 1GBit", "column 31: '1GBit' is no number", ""},
      {"price.hour / memory <= 4CNY / 1h", "column 24: the two sides have different units",
       "TFLOP/s"},
      {"price.hour / cpus <= 4", "'4' has no currency", "[money]"},
      {"price.hour + memory > 1CNY", "column 12: what is added has different units", ""},
      {"cpus + region > 1", "column 8: region is no number", "in quotes"},
      {"cpus * > 1", "column 8: '>' stands where a field or a number", ""},
      {"cpus * 2", "a comparison of what is calculated is missing", ""},
      {"(cpus * 2 > 4", "')' is missing", ""},
      {"cpus * (2 > 4", "column 11: '>' stands where ')'", ""},
      {"cpus * prise > 4", "there is no field 'prise'", ""},
      {"gpu.flops_fp16 >= fast", "column 19: ", ""},
  }));
  CAPTURE(bad.expression);
  const auto result = parse_condition(bad.expression);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == cp::Errc::usage);
  CHECK_THAT(result.error().message, Catch::Contains(std::string(bad.message)));
  CHECK_THAT(result.error().hint, Catch::Contains(std::string(bad.hint)));
}

TEST_CASE("an expression is bounded in length, depth and work") {
  CHECK_FALSE(parse_condition(std::string(5000, ' ')));
  CHECK_FALSE(parse_condition(std::string(100, '(') + "cpus = 1" + std::string(100, ')')));
  std::string nots;
  for (int i = 0; i < 100; ++i) {
    nots += "not ";
  }
  CHECK_FALSE(parse_condition(nots + "cpus = 1"));
  Json many = *cp::model::parse_json(kPartition);
  many["node"]["accelerators"] = Json(20'000, Json{{"count", 1}});
  CHECK(evaluate(*parse_condition("gpu.count = 2"), many, Json::object()) == Truth::unknown);
}

TEST_CASE("price.job is refused where no duration is known") {
  cp::model::ParseOptions options;
  options.knows_duration = false;
  REQUIRE_FALSE(parse_condition("price.job <= 5CNY", options));
  CHECK(parse_condition("price.job <= 5CNY", options).error().hint == "say --hours N");
  options.currency = "CNY";
  CHECK(parse_condition("price.hour <= 5", options));
}

TEST_CASE("literals have units") {
  CHECK(holds("memory >= 2TiB") == Truth::yes);
  CHECK(holds("memory >= 2199GB and memory < 2200GB") == Truth::yes);
  CHECK(holds("limit.walltime >= 7d") == Truth::yes);
  CHECK(holds("limit.walltime > 7d") == Truth::no);
  CHECK(holds("network = 400Gbps") == Truth::yes);
  CHECK(holds("rdma >= \"50GB/s\"") == Truth::yes);
  CHECK(holds("price.hour <= 116CNY") == Truth::yes);
  CHECK(holds("price.hour < 116 CNY", kPartition) == Truth::no);
}

TEST_CASE("text is compared without case, patterns have stars") {
  CHECK(holds("country = cn") == Truth::yes);
  CHECK(holds("country != cn") == Truth::no);
  CHECK(holds("region like \"CN-*\"") == Truth::yes);
  CHECK(holds("region not like \"*-sh\"") == Truth::no);
  CHECK(holds("country in [SG, CN]") == Truth::yes);
  CHECK(holds("country not in [SG, US]") == Truth::yes);
  CHECK(holds("name = h100") == Truth::yes);
}

TEST_CASE("lists and ranges") {
  CHECK(holds("cpus in [1, 2, 112]") == Truth::yes);
  CHECK(holds("cpus in [64..128]") == Truth::yes);
  CHECK(holds("cpus in [1..64, 200]") == Truth::no);
  CHECK(holds("gpu.memory in [80GB..90GB]") == Truth::yes);
}

TEST_CASE("and, or, not and parentheses bind as people expect") {
  CHECK(holds("cpus = 1 and cpus = 1 or country = CN") == Truth::yes);
  CHECK(holds("cpus = 1 and (cpus = 1 or country = CN)") == Truth::no);
  CHECK(holds("not cpus = 1 and country = CN") == Truth::yes);
  CHECK(holds("NOT (cpus = 1 OR country = CN)") == Truth::no);
}

TEST_CASE("what is not known is neither true nor false") {
  CHECK(holds("city = Shanghai") == Truth::unknown);
  CHECK(holds("not city = Shanghai") == Truth::unknown);
  CHECK(holds("city = Shanghai and country = CN") == Truth::unknown);
  CHECK(holds("city = Shanghai and country = US") == Truth::no);
  CHECK(holds("city = Shanghai or country = CN") == Truth::yes);
  CHECK(holds("city = Shanghai or country = US") == Truth::unknown);
  CHECK(holds("disk >= 1TB") == Truth::unknown);
  CHECK(holds("city like \"S*\"") == Truth::unknown);
}

TEST_CASE("two currencies have no common measure") {
  CHECK(holds("price.hour <= 1000USD") == Truth::unknown);
  CHECK(holds("price.hour > 1USD") == Truth::unknown);
}

TEST_CASE("conditions on gpu hold for one and the same accelerator") {
  CHECK(holds("gpu.model = H100 and gpu.count >= 8") == Truth::yes);
  CHECK(holds("gpu.model = T4 and gpu.count >= 8") == Truth::no);
  CHECK(holds("gpu.model = T4 and gpu.memory >= 80GB") == Truth::no);
}

TEST_CASE("a family's name means its members, an exact name itself") {
  CHECK(holds("gpu.model = H100-SXM") == Truth::yes);
  CHECK(holds("gpu.model = H100-NVL") == Truth::no);
  CHECK(holds("gpu.model in [A100, H200]") == Truth::no);
  CHECK(holds("gpu.model like \"H100-*\"") == Truth::yes);
  const std::string_view family = R"({"node":{"accelerators":[{"model":"H100","count":8}]}})";
  CHECK(holds("gpu.model = H100", family) == Truth::yes);
  CHECK(holds("gpu.model = H100-NVL", family) == Truth::unknown);
  CHECK(holds("gpu.model != H100-NVL", family) == Truth::unknown);
}

TEST_CASE("no accelerator is not an unknown one") {
  CHECK(holds("gpu.model = H100", kCloud) == Truth::no);
  CHECK(holds("gpu.model != H100", kCloud) == Truth::no);
  CHECK(holds("not gpu.model = H100", kCloud) == Truth::yes);
  CHECK(holds("gpu.memory < 80GB", kCloud) == Truth::no);
  CHECK(holds("gpu.count = 0", kCloud) == Truth::yes);
  CHECK(holds("gpu.model = H100", "{}") == Truth::unknown);
  CHECK(holds("gpu.count = 0", "{}") == Truth::unknown);
  CHECK(holds("rdma >= 100Gbps", kCloud) == Truth::no);
  CHECK(holds("rdma >= 100Gbps", "{}") == Truth::unknown);
}

TEST_CASE("a share of a card is no card") {
  const std::string_view sixth =
      R"({"node":{"accelerators":[{"model":"A10","count":1,"share":0.167}]}})";
  CHECK(holds("gpu.model = A10 and gpu.count >= 1", sixth) == Truth::no);
  CHECK(holds("gpu.model = A10 and gpu.count > 0.1", sixth) == Truth::yes);
}

TEST_CASE("the CPUs of an instance type are its threads, elsewhere the cores") {
  CHECK(holds("cpus = 16", kCloud) == Truth::yes);
  CHECK(holds("cpus = 112") == Truth::yes);
  CHECK(holds("cpus = 32", R"({"kind":"instance-type","node":{"cpu":{"threads":32}}})") ==
        Truth::yes);
}

TEST_CASE("a policy speaks of the demand") {
  CHECK(holds("demand.nodes <= 32 and demand.duration <= 7d") == Truth::yes);
  CHECK(holds("demand.nodes <= nodes") == Truth::yes);
  CHECK(holds("demand.duration <= limit.walltime") == Truth::yes);
  CHECK(holds("demand.nodes > nodes") == Truth::no);
  CHECK(holds("demand.gpus <= 8") == Truth::unknown);
}

TEST_CASE("the fields of a condition are told once each") {
  const auto fields =
      fields_of(*parse_condition("cpus > 4 and (memory > 1GB or cpus < demand.cpus)"));
  REQUIRE(fields.size() == 3);
  CHECK(fields[0]->name == "cpus");
  CHECK(fields[1]->name == "memory");
  CHECK(fields[2]->name == "demand.cpus");
}

TEST_CASE("a field is read as it would be compared") {
  const Json resource = *cp::model::parse_json(kPartition);
  const auto read = [&](std::string_view name) {
    return read_field(*cp::model::find_field(name), resource, Json::object());
  };
  CHECK(std::get<double>(read("cpus")) == 112);
  CHECK(std::get<std::string>(read("gpu.model")) == "H100-SXM-80GB");
  CHECK(std::get<cp::Money>(read("price.hour")).currency == "CNY");
  CHECK(std::holds_alternative<std::monostate>(read("city")));
  CHECK(std::holds_alternative<std::monostate>(read("demand.nodes")));
}

TEST_CASE("a quoted text stays itself") {
  for (const std::string text : {"a", "a\"b", "a\\", "\\\"", "ü*", ""}) {
    CAPTURE(text);
    const auto condition = parse_condition("name = " + cp::model::quoted(text));
    REQUIRE(condition);
    CHECK(std::get<std::string>(condition->ranges.front().low) == text);
  }
}

TEST_CASE("arithmetic has the usual order, units and three truth values") {
  const Json resource = *cp::model::parse_json(
      R"({"schema":"cp.resource/1","node":{"cpu":{"cores":16},"memory_bytes":64000000000,"disk_bytes":0,
          "network":[{"rate_bps":80000000000}],
          "accelerators":[{"model":"A100-SXM-80GB","count":8,"memory_bytes":85899345920}]},
          "limits":{"walltime_s":7200},
          "price":{"hour":{"amount":"16.00","currency":"CNY"},"card_hour":{"amount":"2.00","currency":"CNY"}}})");
  const auto [expression, truth] = GENERATE(table<const char*, Truth>({
      {"cores + 2 * 3 = 22", Truth::yes},
      {"(cores + 2) * 3 = 54", Truth::yes},
      {"cores - 6 - 2 = 8", Truth::yes},
      {"cores - (6 - 2) = 12", Truth::yes},
      {"cores / 4 / 2 = 2", Truth::yes},
      {"2 * 8 = cores * 1", Truth::yes},
      {"((cores)) * 1 = 16", Truth::yes},
      {"(cores * 2 = 32) and ((cores + 1) * 2 = 34)", Truth::yes},
      {"not (cores * 2 = 33)", Truth::yes},
      {"price.hour / cores <= 1CNY", Truth::yes},
      {"price.hour / cores < 1CNY", Truth::no},
      {"price.hour / price.card_hour = 8", Truth::yes},
      {"price.hour / price.card_hour = gpu.count * 1", Truth::yes},
      {"price.hour / cores <= 1USD", Truth::unknown},
      {"price.hour + 1USD <= 100CNY", Truth::unknown},
      {"price.hour + 1CNY = 17CNY", Truth::yes},
      {"price.card_hour / gpu.flops_fp16 <= 0.01CNY", Truth::yes},
      {"price.card_hour / gpu.flops_fp16 <= 2CNY / 312TFLOPS", Truth::yes},
      {"price.card_hour / gpu.flops_fp16 < 2CNY / 312TFLOPS", Truth::no},
      {"memory / gpu.count >= 8GB", Truth::yes},
      {"memory / cores = 4GB", Truth::yes},
      {"memory / network <= 6.4s", Truth::yes},
      {"memory / network < 6.4s", Truth::no},
      {"network * limit.walltime >= 72TB", Truth::yes},
      {"network / 2 = 40Gbps", Truth::yes},
      {"network / 2 = 5GB/s", Truth::yes},
      {"network = 10GB/s", Truth::yes},
      {"limit.walltime * 2 = 4h", Truth::yes},
      {"limit.walltime - 30 m = 90m", Truth::yes},
      {"memory / disk >= 0", Truth::unknown},
      {"disk / memory >= 0", Truth::yes},
      {"memory / (cores - 16) >= 0", Truth::unknown},
      {"memory / nodes >= 0", Truth::unknown},
      {"nodes * 0 = 0", Truth::unknown},
      {"memory * memory * memory * memory * memory * memory * memory * memory * memory * memory * "
       "memory * memory * "
       "memory * memory * memory * memory * memory * memory * memory * memory * memory * memory * "
       "memory * memory * "
       "memory * memory * memory * memory * memory * memory > 0",
       Truth::unknown},
      {"gpu.flops_fp16 >= 300", Truth::yes},
      {"gpu.flops_fp16 = 312TFLOPS", Truth::yes},
      {"gpu.flops_fp16 = 312T", Truth::yes},
      {"gpu.flops_fp16 < 0.3PFLOP/s", Truth::no},
      {"gpu.flops_fp8 >= 1", Truth::unknown},
  }));
  CAPTURE(expression);
  const auto condition = parse_condition(expression);
  REQUIRE(condition);
  CHECK(static_cast<int>(evaluate(*condition, resource, Json::object())) ==
        static_cast<int>(truth));
  const auto again = parse_condition(cp::model::to_text(*condition));
  CAPTURE(cp::model::to_text(*condition));
  REQUIRE(again);
  CHECK(static_cast<int>(evaluate(*again, resource, Json::object())) == static_cast<int>(truth));
}

TEST_CASE("a node without accelerators fulfils nothing that is calculated of them") {
  const Json none = *cp::model::parse_json(R"({"node":{"cpu":{"cores":4},"accelerators":[]}})");
  for (const char* text :
       {"gpu.memory / 2 > 0", "gpu.memory / 2 <= 0", "gpu.flops_fp32 * disk >= 0",
        "gpu.flops_fp16 > 0", "nodes / gpu.flops_fp16 > 0"}) {
    CAPTURE(text);
    CHECK(evaluate(*parse_condition(text), none, Json::object()) == Truth::no);
  }
  CHECK(evaluate(*parse_condition("gpu.count * 2 = 0"), none, Json::object()) == Truth::yes);
}

TEST_CASE("the rate of a family is known where all its members have it") {
  const auto rate = [](const char* name) {
    return cp::model::AcceleratorName::recognise(name).tera_flops("fp16");
  };
  CHECK(rate("A100-SXM-80GB") == 312);
  CHECK(rate("H100-SXM-80GB").value_or(0) > 900);
  CHECK_FALSE(rate("H100"));
  CHECK_FALSE(rate("nobody's"));
}
