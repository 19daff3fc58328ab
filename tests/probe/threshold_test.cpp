// SPDX-License-Identifier: Apache-2.0
#include "probe/threshold.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::Errc;
using cp::model::Json;
using cp::probe::Threshold;

TEST_CASE("what is no condition is refused") {
  for (const char* text :
       {"", "rtt.p99", "rtt.p99=5ms", "rtt.p98>5ms", "rtt>5ms", "loss>5ms", "loss>", "rtt.p99>",
        "rtt.p99>-1ms", "rtt.p99>>5ms", ">5ms", "nets.p50>1us", "rtt.p99>5ms and loss>1%"}) {
    INFO(text);
    const auto threshold = Threshold::parse(text);
    REQUIRE_FALSE(threshold);
    CHECK(threshold.error().code == Errc::usage);
  }
  CHECK(Threshold::parse("rtt.p9>5ms").error().hint.find("did you mean rtt.p") == 0);
}

TEST_CASE("a condition holds on its own side of the bound alone") {
  const Json measurement{{"loss_ratio", 0.01},
                         {"duplicates", 3},
                         {"rtt", {{"p99_ns", 5'000'000}}},
                         {"split", {{"net", {{"p50_ns", 1500}}}}},
                         {"score", {{"value", 7.5}}}};
  struct Case {
    const char* text;
    bool fails;
  };
  for (const Case& c :
       {Case{"rtt.p99>5ms", false}, Case{"rtt.p99>=5ms", true}, Case{"rtt.p99 > 4.9ms", true},
        Case{"rtt.p99<5ms", false}, Case{"rtt.p99<=5ms", true}, Case{"loss>1%", false},
        Case{"loss>=1%", true}, Case{"loss>0.5 %", true}, Case{"loss>0.009", true},
        Case{"net.p50>1us", true}, Case{"score<7", false}, Case{"score<8", true},
        Case{"duplicates>2", true}}) {
    INFO(c.text);
    const auto threshold = Threshold::parse(c.text);
    REQUIRE(threshold);
    CHECK(threshold->failure(measurement).has_value() == c.fails);
  }
  CHECK(*Threshold::parse("rtt.p99>1ms")->failure(measurement) == "rtt.p99>1ms: it is 5 ms");
}

TEST_CASE("a figure that is not known fails") {
  const Json measurement{{"rtt", {{"p99_ns", nullptr}}}};
  CHECK(Threshold::parse("rtt.p99>5ms")->failure(measurement) == "rtt.p99>5ms: it is not known");
  CHECK(Threshold::parse("loss>1%")->failure(measurement));
}
