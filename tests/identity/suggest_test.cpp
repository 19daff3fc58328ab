// SPDX-License-Identifier: Apache-2.0
#include "identity/suggest.hpp"

#include "identity/serials.hpp"

#include "catch.hpp"
#include <algorithm>
#include <string>

using namespace cp::identity;

namespace {

bool suggests(std::string_view wrong, std::string_view right) {
  const auto found = suggestions(wrong);
  return std::ranges::any_of(found, [&](const Identifier& id) { return id.text() == right; });
}

}  // namespace

TEST_CASE("nothing is suggested for what is far from every identifier") {
  CHECK(suggestions("").empty());
  CHECK(suggestions("hello").empty());
  CHECK(suggestions(std::string(1'000'000, '7')).empty());
  CHECK(suggestions(std::string(kMaxIdentifier, '\0')).empty());
}

TEST_CASE("whatever one error made of a code, the code is among the suggestions") {
  const std::string right = "cp:86.3101.42/7F3K9Q2M-JB";
  for (const std::string_view wrong :
       {"cp:86.3101.42/7F3K9Q2N-JB", "cp:86.3101.42/7F3KQ92M-JB", "cp:86.3101.42/7F3Q9K2M-JB",
        "cp:86.3101.42/7F3K9Q2-JB", "cp:86.3101.42/7F3K9QQ2M-JB", "cp:86.3101.427/F3K9Q2M-JB",
        "cp:86.3101.42/7F3K9Q2MJ-B", "cp:86.3101.427F3K9Q2M-JB", "cp:86.3101.42/7F3K9Q2MJB",
        "cp:863.101.42/7F3K9Q2M-JB", "86.3101.42/7F3K9Q2M-JB", "cq:86.3101.42/7F3K9Q2M-JB",
        "cp86.3101.42/7f3k9q2m-jb", "cp:86.3101.42/UF3K9Q2M-JB", "cp:86.3101.42/7F3K9Q2M-BJ",
        "cp:86.3101.42/7F3K9Q2M-J"}) {
    CAPTURE(wrong);
    REQUIRE(flaw_in(wrong) != Flaw::none);
    CHECK(suggests(wrong, right));
  }
  const std::string twin = Identifier::parse("cp:86.1101.7/AAAA22-30")->text();
  CHECK(suggests(std::string(twin).replace(twin.find("22"), 2, "44"), twin));
}

TEST_CASE("every suggestion is an identifier, and none is given twice") {
  cp::KernelRandom random;
  std::size_t given = 0;
  for (const std::string& serial : draw_serials("86.3101", 200, 8, random)) {
    const std::string right = Identifier::make("86.3101", serial)->text();
    std::string wrong = right;
    wrong[12] = wrong[12] == '7' ? '8' : '7';
    auto found = suggestions(wrong);
    given += found.size();
    CHECK(suggests(wrong, right) == (wrong != right));
    std::ranges::sort(found, {}, &Identifier::text);
    CHECK(std::ranges::adjacent_find(found) == found.end());
    for (const Identifier& id : found) {
      CHECK(Identifier::parse(id.text()) == id);
    }
  }
  CHECK(given < 200 * 8);
}
