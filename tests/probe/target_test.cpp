// SPDX-License-Identifier: Apache-2.0
#include "probe/target.hpp"

#include "catch.hpp"

using cp::Errc;
using cp::net::HostPort;
using cp::probe::parse_stamp_url;
using cp::probe::parse_target;
using cp::probe::ResourceName;

TEST_CASE("what is no target is refused") {
  for (const char* text :
       {"", "stamp://", "stamp://host/path", "stamp://user@host", "stamp://host:0", "host:0",
        "stamp://-x", "http://host", "a b", "stamp:host", "host:99999", "Stamp://host"}) {
    INFO(text);
    const auto target = parse_target(text);
    REQUIRE_FALSE(target);
    CHECK(target.error().code == Errc::usage);
  }
  CHECK_FALSE(parse_stamp_url("host"));
  CHECK_FALSE(parse_stamp_url("cp:0/7F3K"));
}

TEST_CASE("a port that is not said is STAMP's in a URL and our own beside a bare host") {
  CHECK(std::get<HostPort>(*parse_target("stamp://dtn1.example")) == HostPort{"dtn1.example", 862});
  CHECK(std::get<HostPort>(*parse_target("dtn1.example")) == HostPort{"dtn1.example", 7032});
  CHECK(std::get<HostPort>(*parse_target("stamp://[::1]:99")) == HostPort{"::1", 99});
  CHECK(cp::probe::to_url({"::1", 99}) == "stamp://[::1]:99");
}

TEST_CASE("a code or an alias is a resource, never a host") {
  for (const char* text : {"cp:86.3101.42/7F3K9Q2M-JB", "cp:7032", "@shlab/h100"}) {
    const auto target = parse_target(text);
    REQUIRE(target);
    CHECK(std::get<ResourceName>(*target).name == text);
  }
}
