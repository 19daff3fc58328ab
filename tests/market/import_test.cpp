// SPDX-License-Identifier: Apache-2.0
#include "market/import.hpp"

#include "catalog_fixture.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using cp::Errc;
using cp::market::ImportRequest;
using cp::market::source_name;

namespace {

Errc import_error(std::string_view text) {
  CatalogFixture fixture;
  const auto result = fixture.import_text("x.csv", text);
  REQUIRE_FALSE(result);
  CHECK(fixture.cache().sources()->empty());
  return result.error().code;
}

}  // namespace

TEST_CASE("a file that is no catalog is refused and nothing changes") {
  CHECK(import_error("") == Errc::bad_data);
  CHECK(import_error("hello world\n") == Errc::bad_data);
  CHECK(import_error("Region,Zone,PricePerVCPU\n,,0.0\n") == Errc::bad_data);
  CHECK(import_error("InstanceType,Price\n") == Errc::bad_data);
  CHECK(import_error("InstanceType,Price\na,-1\nb\n") == Errc::bad_data);
  CHECK(import_error("{\"schema\":\"cp.job/1\"}\n") == Errc::bad_data);
  CHECK(import_error(std::string(1000, '\0')) == Errc::bad_data);
  CatalogFixture fixture;
  ImportRequest request;
  request.file = "/nonexistent/vms.csv";
  CHECK(fixture.import_file(request).error().code == Errc::not_found);
}

TEST_CASE("what the user says of a source is checked") {
  CatalogFixture fixture;
  ImportRequest request;
  request.file = fixture.write("a.csv", "InstanceType,Price\na,1\n");
  request.name = std::string(129, 'x');
  CHECK(fixture.import_file(request).error().code == Errc::usage);
  request.name = "\xff";
  CHECK(fixture.import_file(request).error().code == Errc::usage);
  request.name = "a";
  request.currency = "dollars";
  CHECK(fixture.import_file(request).error().code == Errc::usage);
  request.currency = "USD";
  request.as_of = "yesterday";
  CHECK(fixture.import_file(request).error().code == Errc::usage);
}

TEST_CASE("a strict import takes all or nothing") {
  CatalogFixture fixture;
  ImportRequest request;
  request.is_strict = true;
  request.file = fixture.write("a.csv", "InstanceType,Price\na,1\nb,0\n");
  CHECK(fixture.import_file(request).error().code == Errc::bad_data);
  CHECK(fixture.rows().empty());
  request.file = fixture.write("a.csv", "InstanceType,Price\na,1\nb,2\n");
  CHECK(fixture.import_file(request));
}

TEST_CASE("a source is named after its file") {
  CHECK(source_name("catalogs/azure/vms.csv") == "azure");
  CHECK(source_name("vms.csv") == "vms");
  CHECK(source_name("/vms.csv") == "vms");
  CHECK(source_name("a/b/servers.ndjson") == "servers");
  CHECK(source_name("-") == "stdin");
  CHECK(source_name(".hidden") == ".hidden");
}

TEST_CASE("the source says when it was imported, and when its data are from if somebody said so") {
  CatalogFixture fixture;
  ImportRequest request;
  request.file = fixture.write("a.csv", "InstanceType,Price\na,1\n");
  request.as_of = "2026-05-20T00:00:00Z";
  const auto source = fixture.import_file(request);
  REQUIRE(source);
  CHECK(source->imported_at == "2026-11-22T08:30:00Z");
  CHECK(source->as_of == "2026-05-20T00:00:00Z");
  CHECK(source->kind == "skypilot");
}

TEST_CASE("lint tells each rule once with its rows and its first line") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("a.csv", "InstanceType,Price\na,1\nb,0\nc,0\nd,-1\n"));
  CHECK(fixture.lint.summary() ==
        cp::model::Json::parse(
            R"([{"rule":"bad-price","remedy":"rejected","rows":1,"first_line":5},
                {"rule":"zero-price","remedy":"repaired","rows":2,"first_line":3}])"));
  CHECK(fixture.lint.rejected() == 1);
  CHECK(fixture.lint.repaired() == 2);
  CHECK_FALSE(fixture.lint.is_clean());
}

TEST_CASE("each rule has a name of its own and a sentence") {
  std::set<std::string_view> names;
  for (const auto& rule : cp::market::rules()) {
    CHECK(names.insert(rule.name).second);
    CHECK_FALSE(rule.says.empty());
    CHECK(rule.says.back() != '.');
  }
}
