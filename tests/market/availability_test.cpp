// SPDX-License-Identifier: Apache-2.0
#include "market/availability.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string_view>

using cp::market::Availability;
using cp::market::Demand;
using cp::market::DemandFlags;
using cp::model::Json;

namespace {

const cp::UnixTime kNow = *cp::parse_time("2026-11-22T08:30:20Z");

Json state(std::string_view more = "{}") {
  Json state = Json::parse(R"({"schema":"cp.state/1","observed_at":"2026-11-22T08:30:05Z",
    "valid_for_s":120,"health":"ok","cards":{"total":512,"free":27},"cores":{"total":7168,"free":400},
    "shapes":[{"nodes":3,"cards":8,"cores":112,"memory_bytes":2000},{"nodes":1,"cards":3,"cores":64,"memory_bytes":600}]})");
  state.update(Json::parse(more));
  return state;
}

Availability judged(const Json& state, std::int64_t cards, std::int64_t nodes = 1,
                    std::int64_t cpus = 0, std::int64_t memory = 0) {
  DemandFlags flags;
  flags.gpu = cp::market::GpuWish{};
  flags.gpu->count.low = cards;
  flags.nodes = nodes;
  if (cpus > 0) {
    flags.cpus.low = cpus;
  }
  if (memory > 0) {
    flags.memory_bytes.low = memory;
  }
  return judge(state, *Demand::from_flags(flags), kNow);
}

}  // namespace

TEST_CASE("an old state, one from the future and one without a time tell nothing") {
  for (const std::string_view more :
       {R"({"observed_at":"2026-11-22T08:00:00Z"})", R"({"observed_at":"2026-11-22T09:00:00Z"})",
        R"({"observed_at":"yesterday"})", R"({"observed_at":null})"}) {
    CAPTURE(more);
    CHECK(judged(state(more), 1).verdict == "unknown");
    CHECK_FALSE(judged(state(more), 1).cards_free);
  }
}

TEST_CASE("free means a whole piece of the asked shape, not that enough cards are") {
  CHECK(judged(state(), 8).verdict == "free");
  CHECK(judged(state(), 8, 3).verdict == "free");
  CHECK(judged(state(), 8, 4).verdict == "busy");
  CHECK(judged(state(), 9).verdict == "busy");
  CHECK(judged(state(), 3, 4).verdict == "free");
  CHECK(judged(state(), 8, 1, 113).verdict == "busy");
  CHECK(judged(state(), 3, 1, 1, 2001).verdict == "busy");
}

TEST_CASE("with a queue one waits, with a resource down there is none") {
  const Availability queued = judged(state(R"({"queue":{"wait_s":1800}})"), 9);
  CHECK(queued.verdict == "queued");
  CHECK(queued.wait_s == 1800);
  CHECK(judged(state(R"({"health":"down"})"), 1).verdict == "none");
  CHECK(judged(state(R"({"shapes":null})"), 1).verdict == "unknown");
}

TEST_CASE("an availability says what is free, since when and until when") {
  const Availability free = judged(state(), 8);
  CHECK(free.cards_free == 27);
  CHECK(free.cores_free == 400);
  CHECK(free.memory_free_bytes == 6600);
  CHECK(free.wait_s == 0);
  CHECK(free.age_s == 15);
  CHECK(free.expires_at == "2026-11-22T08:32:05Z");
  const Json json = to_json(free);
  CHECK(json["verdict"] == "free");
  CHECK(json["observed_at"] == "2026-11-22T08:30:05Z");
  CHECK(to_json(Availability{}) == Json{{"verdict", "unknown"}});
}
