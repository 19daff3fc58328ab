// SPDX-License-Identifier: Apache-2.0
#include "transfer/path.hpp"

#include "catch.hpp"
#include <string>

using namespace cp::transfer;
using namespace std::string_literals;

TEST_CASE("a path that could leave its root is refused") {
  for (const std::string& path :
       {"/"s, "/etc/passwd"s, ".."s, "a/.."s, "../a"s, "a/../b"s, "a//b"s, "a/"s, "."s, "a/./b"s,
        "a\0b"s, std::string(5000, 'a'), "a/" + std::string(256, 'x'), ".cpxfer"s, "a/.cpxfer/b"s,
        ".cpxfer-01"s}) {
    CAPTURE(path);
    const auto checked = check_path(path);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == cp::Errc::denied);
  }
}

TEST_CASE("names with any other bytes are taken") {
  for (const std::string& path : {""s, "a"s, "a/b"s, "-rf"s, "..."s, ".cpxferrc"s, "a\nb"s,
                                  "\xff\xfe"s, "a b/\x1b[31m"s, std::string(255, 'x')}) {
    CAPTURE(path);
    CHECK(check_path(path));
  }
}

TEST_CASE("a link that may lead out of its root is known by its text") {
  CHECK(leads_out("l", "/etc"));
  CHECK(leads_out("l", ".."));
  CHECK(leads_out("a/l", "../../x"));
  // If b is itself a link, "b/.." is anywhere.
  CHECK(leads_out("a/l", "b/../c"));
  CHECK_FALSE(leads_out("l", "x"));
  CHECK_FALSE(leads_out("a/l", "../x"));
  CHECK_FALSE(leads_out("a/b/l", "../../x/y"));
  CHECK_FALSE(leads_out("l", "./x/./y"));
}
