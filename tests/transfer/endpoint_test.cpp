// SPDX-License-Identifier: Apache-2.0
#include "transfer/endpoint.hpp"

#include "catch.hpp"

using cp::Errc;
using cp::transfer::Location;
using cp::transfer::parse_location;
using cp::transfer::Place;

TEST_CASE("a location that names nothing is refused") {
  for (const char* text :
       {"", "cpx://", "cpx:///x", "cpx://-oProxyCommand=x/y", "cpx://h:0/x", "cpx://h:99999/x",
        "cpx://h/%", "cpx://h/%4", "cpx://h/%zz", "cpx://h/a%00b", "cpx://user@h/x",
        "-oProxyCommand=touch pwned:x", "user@:x", "a b:c", "[::1:x", "u@[nonsense]:x", "-x@h:y"}) {
    CAPTURE(text);
    const auto location = parse_location(text);
    REQUIRE_FALSE(location);
    CHECK(location.error().code == Errc::usage);
  }
}

TEST_CASE("kinds that are not there say so") {
  for (const char* text : {"https://h/x", "s3://bucket/x", "cp:0/7F3K9Q2M-JB/data",
                           "CP:0/7F3K9Q2M-JB", "host::module/x"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_location(text));
    CHECK(parse_location(text).error().code == Errc::unavailable);
  }
}

TEST_CASE("a hyphen alone is a stream, and nothing else is") {
  CHECK(parse_location("-")->kind == Place::stream);
  CHECK_FALSE(parse_location("-")->is_remote());
  for (const char* text : {"./-", "--", "-f", "-/"}) {
    CHECK(parse_location(text)->kind == Place::here);
  }
}

TEST_CASE("a path is taken as it is written") {
  for (const char* text :
       {"a", "/a:b", "./a:b", "./-", "a/b:c", "\xff", "list", ":", ":a", "[a/b:c"}) {
    CAPTURE(text);
    CHECK(parse_location(text) == Location{Place::here, "", 0, text});
  }
}

TEST_CASE("a colon before the first slash ends a host") {
  const auto far = [](const char* user, const char* host, const char* path) {
    return Location{Place::ssh, "", 0, path, {user, host}};
  };
  CHECK(parse_location("host:a/b:c") == far("", "host", "a/b:c"));
  CHECK(parse_location("me@host:/a") == far("me", "host", "/a"));
  CHECK(parse_location("host:") == far("", "host", "."));
  CHECK(parse_location("host:~") == far("", "host", "."));
  CHECK(parse_location("host:~//a/") == far("", "host", "a/"));
  CHECK(parse_location("host:~me/a") == far("", "host", "~me/a"));
  CHECK(parse_location("host:-rf") == far("", "host", "-rf"));
  CHECK(parse_location("[::1]:a:b") == far("", "::1", "a:b"));
  CHECK(parse_location("me@[::1]:")->server() == "me@[::1]");
  CHECK(parse_location("me@host:a")->prefix() == "me@host:");
}

TEST_CASE("a URL names a server and a decoded path") {
  CHECK(parse_location("cpx://127.0.0.1/a%20b%2fc") ==
        Location{Place::daemon, "127.0.0.1", 7031, "/a b/c"});
  CHECK(parse_location("cpx://[::1]:9")->port == 9);
  CHECK(parse_location("cpx://[::1]:9")->path == "/");
  CHECK(parse_location("cpx://[::1]:9/x/")->server() == "cpx://[::1]:9");
  CHECK(parse_location("cpx://dtn.example/%25%ff")->path == "/%\xff");
}
