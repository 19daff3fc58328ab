// SPDX-License-Identifier: Apache-2.0
#include "transfer/endpoint.hpp"

#include "catch.hpp"

using cp::Errc;
using cp::transfer::Location;
using cp::transfer::parse_location;

TEST_CASE("a location that names nothing is refused") {
  for (const char* text :
       {"", "cpx://", "cpx:///x", "cpx://-oProxyCommand=x/y", "cpx://h:0/x", "cpx://h:99999/x",
        "cpx://h/%", "cpx://h/%4", "cpx://h/%zz", "cpx://h/a%00b", "cpx://user@h/x"}) {
    CAPTURE(text);
    const auto location = parse_location(text);
    REQUIRE_FALSE(location);
    CHECK(location.error().code == Errc::usage);
  }
}

TEST_CASE("kinds that are not there say so") {
  for (const char* text :
       {"host:path", "user@host:", "https://h/x", "s3://bucket/x", "cp:0/7F3K9Q2M-JB/data"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_location(text));
    CHECK(parse_location(text).error().code == Errc::unavailable);
  }
}

TEST_CASE("a path is taken as it is written") {
  for (const char* text : {"a", "/a:b", "./a:b", "-", "a/b:c", "\xff", "list", ":"}) {
    CAPTURE(text);
    CHECK(parse_location(text) == Location{false, "", 0, text});
  }
}

TEST_CASE("a URL names a server and a decoded path") {
  CHECK(parse_location("cpx://127.0.0.1/a%20b%2fc") == Location{true, "127.0.0.1", 7031, "/a b/c"});
  CHECK(parse_location("cpx://[::1]:9")->port == 9);
  CHECK(parse_location("cpx://[::1]:9")->path == "/");
  CHECK(parse_location("cpx://[::1]:9/x/")->server() == "cpx://[::1]:9");
  CHECK(parse_location("cpx://dtn.example/%25%ff")->path == "/%\xff");
}
