// SPDX-License-Identifier: Apache-2.0
#include "market/ndjson.hpp"

#include "catalog_fixture.hpp"

#include <fmt/core.h>

namespace {

using Faults = std::vector<std::pair<std::int64_t, std::string_view>>;
constexpr std::string_view kGood =
    R"({"schema":"cp.resource/1","kind":"node","name":"good","x-site":{"rack":7}})";

}  // namespace

TEST_CASE("another major version ends the import and changes nothing") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("a.ndjson", kGood));
  const auto result = fixture.import_text(
      "a.ndjson", fmt::format("{}\n{}\n", kGood, R"({"schema":"cp.resource/2"})"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == cp::Errc::bad_data);
  CHECK(fixture.rows().size() == 1);
}

TEST_CASE("malformed lines are told with line and column and kept out") {
  CatalogFixture fixture;
  std::string said;
  fixture.lint = cp::market::Lint();
  const std::string path = fixture.write(
      "a.ndjson", fmt::format("{}\n{}\n\n{}\n{}\n", R"({"schema":"cp.resource/1","kind")",
                              R"({"schema":"cp.job/1"})", "{\"a\":\"\xff\"}", kGood));
  cp::market::Lint lint(
      [&](std::int64_t line, const cp::market::Rule& rule, std::string_view detail) {
        said += fmt::format("{} {} {}\n", line, rule.name, detail);
      });
  cp::market::ImportRequest request;
  request.file = path;
  REQUIRE(import_catalog(fixture.cache(), request, fixture.clock, lint));
  CHECK_THAT(said, Catch::Contains("1 malformed-json " + path + ":1:32: malformed JSON"));
  CHECK_THAT(said, Catch::Contains("2 wrong-schema cp.job/1\n"));
  CHECK_THAT(said, Catch::Contains("4 not-utf8 "));
  CHECK(fixture.only_row().name == "good");
  CHECK(fixture.only_row().line == 5);
}

TEST_CASE("a document is kept whole, with what nobody here knows") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("a.ndjson", kGood));
  const auto rows = fixture.rows();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].document == kGood);
}

TEST_CASE("documents over many lines, and one array, are read as they are") {
  for (const std::string_view text :
       {"{\n  \"schema\": \"cp.resource/1\",\n  \"kind\": \"node\", \"name\": "
        "\"a\"\n}\n{\"schema\":\"cp."
        "resource/1\",\"kind\":\"node\"}\n",
        "[{\"schema\":\"cp.resource/1\",\"kind\":\"node\"},\n{\"schema\":\"cp.resource/"
        "1\",\"kind\":"
        "\"node\"}]\n"}) {
    CatalogFixture fixture;
    REQUIRE(fixture.import_text("a.json", text));
    CHECK(fixture.rows().size() == 2);
  }
  CatalogFixture fixture;
  const auto broken = fixture.import_text("a.json", "{\n  \"schema\": oops\n}\n");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == cp::Errc::bad_data);
  CHECK_THAT(broken.error().message, Catch::Contains(":2:13"));
}

TEST_CASE("offers are imported, and the answer behind them is passed over") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text(
      "offers.ndjson",
      R"({"schema":"cp.offer/1","id":"o-1","runnable":true,"name":"o","units":{"nodes":1},"price":{"card_hour":{"amount":"2.00","currency":"CNY"}}})"
      "\n"
      R"({"schema":"cp.answer/1","matched":1,"shown":1,"sources":[]})"
      "\n"));
  CHECK(fixture.faults.empty());
  CHECK(fixture.only_row().price == 2'000'000'000);
  CHECK(fixture.only_row().unit == cp::market::BillingUnit::card_hour);
}

TEST_CASE("two accelerators of one node share its document") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text(
      "a.ndjson",
      R"({"schema":"cp.resource/1","kind":"node","node":{"accelerators":[{"model":"H100","count":8},{"model":"T4","count":1}]}})"));
  const auto rows = fixture.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].row.document == rows[1].row.document);
  CHECK(rows[0].row.has_siblings);
}
