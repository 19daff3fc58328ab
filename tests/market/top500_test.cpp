// SPDX-License-Identifier: Apache-2.0
#include "market/top500.hpp"

#include "catalog_fixture.hpp"
#include "model/json.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace {

constexpr std::string_view kHeader =
    "Rank,First Appearance,Name,Computer,Site,Country,Rmax [TFlop/s],Rpeak [TFlop/s],"
    "HPCG [TFlop/s],Processor,Processor Speed (MHz),Accelerator/Co-Processor,Interconnect Family,"
    "System ID\n";

std::string list(std::string_view rows) { return fmt::format("{}{}", kHeader, rows); }

}  // namespace

TEST_CASE("a system of the TOP500 is a cluster with its measured and nominal rates") {
  CatalogFixture fixture;
  const auto source = fixture.import_text(
      "TOP500.csv",
      list("1,67,Big,\"HPE, H100\",Lab,United States,1809000,2821104.5,17406,EPYC 24C,"
           "1800,NVIDIA H100 SXM5 80GB,Gigabit Ethernet,180307\n"));
  REQUIRE(source);
  CHECK(source->kind == "top500");
  CHECK(fixture.faults.empty());
  const auto stored = fixture.rows().front();
  CHECK(stored.row.name == "Big");
  CHECK(stored.row.kind == "cluster");
  CHECK(stored.row.provider == "Lab");
  CHECK(stored.row.country == "US");
  CHECK(stored.row.cpu_model == "EPYC 24C");
  CHECK_FALSE(stored.row.cores);
  CHECK(stored.row.accelerators == cp::market::Accelerators::some);
  CHECK(stored.row.gpu_vendor == "nvidia");
  CHECK_FALSE(stored.row.gpu_count);
  const auto document = cp::model::parse_json(stored.document);
  REQUIRE(document);
  const auto& figures = (*document)["performance"];
  REQUIRE(figures.size() == 3);
  CHECK(figures[0]["benchmark"] == "HPL");
  CHECK(figures[0]["value"] == 1809000e12);
  CHECK(figures[0]["as_of"] == "2026-06-01T00:00:00Z");
  CHECK(figures[1]["benchmark"] == "HPCG");
  CHECK(figures[2]["basis"] == "nominal");
}

TEST_CASE("a list is from when the user says, else from its newest entries") {
  CatalogFixture fixture;
  cp::market::ImportRequest request;
  request.file = fixture.write("top.csv", list("1,66,A,c,Lab,China,1,2,,,,None,,1\n"));
  REQUIRE(fixture.import_file(request));
  CHECK(fixture.rows().front().document.find("2025-11-01T00:00:00Z") != std::string::npos);
  request.as_of = "2026-11-20T00:00:00Z";
  REQUIRE(fixture.import_file(request));
  CHECK(fixture.rows().front().document.find("2026-11-20T00:00:00Z") != std::string::npos);
}

TEST_CASE("without a date no measured figure is kept") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("top.csv", list("1,,A,c,Lab,China,1,2,,,,None,,1\n")));
  CHECK(fixture.rows().front().document.find("HPL") == std::string::npos);
  CHECK(fixture.rows().front().document.find("nominal") != std::string::npos);
}

TEST_CASE("what is wrong with a system is told by its rule") {
  const auto [row, fault] = GENERATE(table<std::string_view, std::string_view>({
      {"1,67,,,Lab,China,1,2,,,,None,,1", "no-name"},
      {"1,67,A,c,Lab,Atlantis,1,2,,,,None,,1", "unknown-country"},
      {"1,67,A,c,Lab,China,3,2,,,,None,,1", "measured-above-nominal"},
      {"1,67,A,c,Lab,China,x,2,,,,None,,1", "bad-number"},
      {"1,67,A,c,Lab,China,nan,2,,,,None,,1", "bad-number"},
      {"1,67,A,c,Lab,China,-1,2,,,,None,,1", "bad-number"},
      {"1,67,A,c,Lab,China,0,2,,,,None,,1", "sentinel-number"},
      {"1,67,A,c,Lab", "short-row"},
      {"1,67,A,c,Lab,China,1,2,,,,None,,1,2", "long-row"},
      {"1,67,\"A,c,Lab,China,1,2,,,,None,,1", "unclosed-quote"},
      {"9,67,Z,c,Lab,China,1,2,,,,None,,9", "duplicate-row"},
  }));
  CAPTURE(row);
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("top.csv",
                              list(fmt::format("9,67,Z,c,Lab,China,1,2,,,,None,,9\n{}\n", row))));
  REQUIRE(fixture.faults.size() == 1);
  CHECK(fixture.faults.front() == std::pair<std::int64_t, std::string_view>(3, fault));
}

TEST_CASE("a header that is none, or names a column twice, is refused") {
  CatalogFixture fixture;
  cp::market::ImportRequest request;
  request.format = cp::market::Format::top500;
  for (const std::string_view text : {"", "a,b\n1,2\n", "Site,Rmax [TFlop/s],Site\n", "\"Site\n"}) {
    request.file = fixture.write("top.csv", text);
    const auto source = fixture.import_file(request);
    REQUIRE_FALSE(source);
    CHECK(source.error().code == cp::Errc::bad_data);
  }
}
