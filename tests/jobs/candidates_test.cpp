// SPDX-License-Identifier: Apache-2.0
#include "jobs/candidates.hpp"

#include "identity/resolved.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using cp::Errc;
using cp::identity::Resolved;
using cp::jobs::candidates_of;
using cp::jobs::fits_offer;
using cp::jobs::is_resource_name;
using cp::jobs::take_demand;
using cp::model::JobResources;
using cp::model::JobSpec;
using cp::model::Json;

namespace {

Resolved verified(const char* members = "") {
  Resolved out;
  out.record = Json::parse(std::string(R"({"schema":"cp.resource/1","id":"cp:0/7F3K9Q2M-JB","seq":7,
    "provider":{"prefix":"0"},"node":{"accelerators":[{"model":"H100-SXM-80GB","count":8}]},
    "access":[{"role":"data","url":"cpx://x/"},{"role":"launch","url":"local:","workdir":"/scratch"}],
    "limits":{"walltime_s":3600},
    "prices":[{"terms":"spot","unit":"card-hour","price":{"amount":"1","currency":"CNY"}},
      {"terms":"on-demand","unit":"core-hour","price":{"amount":"0.50","currency":"CNY"}},
      {"terms":"on-demand","unit":"card-hour","price":{"amount":"14.50","currency":"CNY"},
       "quantum_s":60,"minimum_s":600}])") +
                           members + "}");
  out.trust = "verified";
  out.own_authority = true;
  return out;
}

Json offer(const char* members) {
  return Json::parse(std::string(R"({"schema":"cp.offer/1")") + members + "}");
}

}  // namespace

TEST_CASE("a record that is not verified gives no place, and the reason is said") {
  for (const auto* const trust : {"failed", "unsigned", "", "verified?"}) {
    Resolved resolved = verified();
    resolved.trust = trust;
    resolved.problem = "bad signature";
    const auto places = candidates_of(resolved, {});
    REQUIRE_FALSE(places);
    CHECK(places.error().code == Errc::denied);
    CHECK(places.error().message.find("bad signature") != std::string::npos);
  }
}

TEST_CASE("a URL that acts on this machine is taken from this machine's own authority only") {
  Resolved resolved = verified();
  resolved.own_authority = false;
  CHECK(candidates_of(resolved, {}).error().message.find("acts on this machine") !=
        std::string::npos);
}

TEST_CASE("a record without a way to launch that we know gives no place") {
  Resolved resolved = verified();
  resolved.record["access"] = Json::parse(R"([{"role":"launch","url":"warp:9"}])");
  CHECK(candidates_of(resolved, {}).error().message.find("warp") != std::string::npos);
  resolved.record["access"] = Json::parse(R"([{"role":"launch"},{"role":"launch","url":7},3])");
  CHECK_FALSE(candidates_of(resolved, {}));
  resolved.record.erase("access");
  CHECK_FALSE(candidates_of(resolved, {}));
}

TEST_CASE("place, sequence, price and limit come from the record") {
  JobResources cards;
  cards.gpus = 8;
  const auto places = candidates_of(verified(), cards);
  REQUIRE(places);
  REQUIRE(places->size() == 1);
  const auto& at = places->front();
  CHECK(at.url == "local:");
  CHECK(at.workdir == "/scratch");
  CHECK(at.resource_seq == 7);
  CHECK(at.walltime_s == 3600);
  CHECK(at.card_model == "H100-SXM-80GB");
  CHECK(at.price->unit == "card-hour");
  CHECK(at.price->per_unit.to_string() == "14.50 CNY");
  CHECK(at.price->minimum_s == 600);
}

TEST_CASE("a job without cards is billed by what it takes") {
  CHECK(candidates_of(verified(), {})->front().price->unit == "core-hour");
}

TEST_CASE("codes and aliases are resources, everything else is a URL") {
  CHECK(is_resource_name("cp:86.3101.42/7F3K9Q2M-JB"));
  CHECK(is_resource_name("@shlab/h100"));
  for (const auto* const url : {"local:", "local", "slurm+ssh://x", "cp:", "cpx://x/"}) {
    CHECK_FALSE(is_resource_name(url));
  }
}

TEST_CASE("an offer's demand fills in what the job does not say") {
  const Json asked = offer(R"(,"demand":{"nodes":2,"cores":16,"memory_bytes":1000,
    "gpu":{"models":["H200"],"count":8},"duration_s":14400,
    "max_price":{"amount":"900","currency":"CNY","per":"job"}})");
  JobSpec spec;
  take_demand(asked, spec);
  CHECK(spec.resources.nodes == 2);
  CHECK(spec.resources.cores_per_process == 16);
  CHECK(spec.resources.gpus == 8);
  CHECK(spec.resources.gpu_models == std::vector<std::string>{"H200"});
  CHECK(spec.duration_s == 14400);
  CHECK(spec.limits.cost->to_string() == "900.00 CNY");
  JobSpec own;
  own.resources.cores_per_process = 4;
  own.resources.gpus = 1;
  own.duration_s = 60;
  take_demand(asked, own);
  CHECK(own.resources.cores_per_process == 4);
  CHECK(own.resources.gpus == 1);
  CHECK(own.duration_s == 60);
  JobSpec none;
  take_demand(offer(R"(,"demand":{"nodes":"many","gpu":3})"), none);
  CHECK(none.resources.nodes == 1);
}

TEST_CASE("more than an offer's units is refused, less is not") {
  JobSpec spec;
  spec.resources.cores_per_process = 8;
  spec.resources.gpus = 2;
  CHECK(fits_offer(offer(R"(,"units":{"nodes":1,"cards":2,"cores":8})"), spec));
  CHECK(fits_offer(offer(""), spec));
  for (const auto* const units : {R"({"cards":1})", R"({"cores":7})", R"({"nodes":0})"}) {
    const auto fits = fits_offer(offer((std::string(",\"units\":") + units).c_str()), spec);
    REQUIRE_FALSE(fits);
    CHECK(fits.error().code == Errc::denied);
  }
}
