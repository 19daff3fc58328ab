// SPDX-License-Identifier: Apache-2.0
#include "probe/access.hpp"

#include "identity/resolved.hpp"

#include "catch.hpp"

using cp::identity::Resolved;
using cp::net::HostPort;
using cp::net::IpAddress;
using cp::probe::access_of;
using Json = nlohmann::ordered_json;

namespace {

Resolved resource(const char* trust, bool is_own, Json access) {
  return {
      {{"schema", "cp.resource/1"}, {"access", std::move(access)}}, trust, "", is_own, "anchor"};
}

const Json kProbe{{"role", "probe"}, {"url", "stamp://dtn1.example:862"}};
const Json kLocal{{"role", "launch"}, {"url", "local:"}};

}  // namespace

TEST_CASE(
    "a record that failed to verify gives no access, an unsigned one only when it is allowed") {
  CHECK(access_of(resource("failed", false, Json::array({kProbe})), true).reason ==
        "verification_failed");
  CHECK(access_of(resource("failed", false, Json::array({kProbe})), true).reflectors.empty());
  CHECK(access_of(resource("nonsense", false, Json::array({kProbe})), true).reason ==
        "verification_failed");
  CHECK(access_of(resource("unsigned", false, Json::array({kProbe})), false).reason == "unsigned");
  CHECK(access_of(resource("unsigned", false, Json::array({kProbe})), true).reason.empty());
  CHECK(access_of(resource("verified", false, Json::array({kProbe})), false).reason.empty());
}

TEST_CASE("local: is this machine only in a record of its own authority") {
  CHECK(access_of(resource("verified", true, Json::array({kLocal})), false).is_this_machine);
  const auto foreign = access_of(resource("verified", false, Json::array({kLocal})), true);
  CHECK_FALSE(foreign.is_this_machine);
  CHECK(foreign.reason == "no_probe_access");
  CHECK_FALSE(access_of(resource("unsigned", true, Json::array({kLocal})), true).is_this_machine);
}

TEST_CASE("probe access that is no reflector, or malformed, is passed over") {
  const Json entries{{{"role", "probe"}, {"url", "iperf3://host"}},
                     {{"role", "probe"}, {"url", "stamp://-x"}},
                     {{"role", "probe"}},
                     {{"role", "data"}, {"url", "stamp://dtn2.example"}},
                     7,
                     nullptr,
                     {{"role", "probe"}, {"url", "stamp://dtn3.example"}}};
  const auto access = access_of(resource("verified", false, entries), false);
  REQUIRE(access.reflectors.size() == 1);
  CHECK(access.reflectors[0] == HostPort{"dtn3.example", 862});
  for (const Json& odd : {Json(nullptr), Json(7), Json::object(), Json::array()}) {
    CHECK(access_of(resource("verified", true, odd), false).reason == "no_probe_access");
  }
}

TEST_CASE("a foreign record may not name loopback, and none what is no unicast address") {
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    CHECK_FALSE(cp::probe::may_probe(*IpAddress::parse(address), false));
    CHECK(cp::probe::may_probe(*IpAddress::parse(address), true));
  }
  for (const char* address : {"0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"}) {
    CHECK_FALSE(cp::probe::may_probe(*IpAddress::parse(address), true));
  }
  CHECK(cp::probe::may_probe(*IpAddress::parse("192.0.2.1"), false));
}
