// SPDX-License-Identifier: Apache-2.0
#include "market/osg.hpp"

#include "catalog_fixture.hpp"

#include <filesystem>
#include <sys/stat.h>

namespace {

constexpr std::string_view kSite =
    "City: Tempe\nCountry: United States\nID: 10\nLatitude: 33.4\nLongitude: -111.9\nState: AZ\n";
constexpr std::string_view kGroup =
    "Production: true\nResources:\n"
    "  SOL-CE1:\n    Active: true\n    ID: 1459\n    FQDN: sol.example.org\n"
    "    Services:\n      CE:\n        Description: Hosted CE\n"
    "  SOL-CACHE:\n    Services:\n      Pelican cache:\n        Description: Cache\n"
    "  SOL-SQUID:\n    Services:\n      Squid:\n        Description: Squid\n"
    "  SOL-OLD:\n    Active: false\n    Services:\n      CE:\n        Description: old\n";

// A topology of one facility and site in a directory of its own.
class TopologyFixture {
 public:
  TopologyFixture() { std::filesystem::create_directories(root() + "/State University/Sol"); }

  std::string root() const { return directory_.path() + "/topology"; }
  std::string site() const { return root() + "/State University/Sol"; }
  void put(const std::string& name, std::string_view text) const {
    REQUIRE(cp::write_file(site() + "/" + name, text, 0600));
  }
  cp::Result<cp::market::SourceInfo> import_from(const std::string& path) {
    cp::market::ImportRequest request;
    request.file = path;
    return catalog.import_file(request);
  }

  CatalogFixture catalog;

 private:
  TemporaryDirectory directory_;
};

}  // namespace

TEST_CASE("a topology's resources have the place of their site and the name of their facility") {
  TopologyFixture fixture;
  fixture.put("SITE.yaml", kSite);
  fixture.put("SOL.yaml", kGroup);
  const auto source = fixture.import_from(fixture.root());
  REQUIRE(source);
  CHECK(source->kind == "osg");
  CHECK(source->name == "topology");
  CHECK(source->rows == 3);
  CHECK(source->rejected == 1);
  const auto rows = fixture.catalog.rows();
  const auto& ce = rows.front().row;
  CHECK(ce.name == "SOL-CE1");
  CHECK(ce.kind == "cluster");
  CHECK(ce.provider == "State University");
  CHECK(ce.country == "US");
  CHECK(ce.region == "AZ");
  CHECK(ce.city == "Tempe");
  CHECK(ce.latitude == 33.4);
  CHECK(ce.line == 3);
  CHECK(rows.front().document.find("sol.example.org") != std::string::npos);
  CHECK(rows[1].row.kind == "storage");
  CHECK(rows[2].row.kind == "service");
}

TEST_CASE("one file of a topology finds its site beside it") {
  TopologyFixture fixture;
  fixture.put("SITE.yaml", kSite);
  fixture.put("SOL.yaml", kGroup);
  REQUIRE(fixture.import_from(fixture.site() + "/SOL.yaml"));
  const auto row = fixture.catalog.rows().front().row;
  CHECK(row.country == "US");
  CHECK(row.provider == "State University");
}

TEST_CASE("a group from a server has no facility and no site in the directory where it was put") {
  TopologyFixture fixture;
  fixture.put("SITE.yaml", kSite);
  fixture.put("sol.catalog", kGroup);
  cp::market::ImportRequest request;
  request.file = fixture.site() + "/sol.catalog";
  request.name = "sol";
  for (const std::string provider : {"", "OSG"}) {
    request.provider = provider;
    for (const std::string_view url :
         {"https://osg.example/State/Sol.yaml", "http://osg.example/x.yml?raw=1"}) {
      request.origin = url;
      const auto source = fixture.catalog.import_file(request);
      REQUIRE(source);
      CHECK(source->kind == "osg");
      CHECK(source->file == url);
      CHECK(fixture.catalog.lint.file() == url);
      const auto row = fixture.catalog.rows().front().row;
      CHECK(row.provider == (provider.empty() ? "sol" : provider));
      CHECK(row.country.empty());
    }
  }
}

TEST_CASE("the URL of a catalog is no path, whatever lies there") {
  CatalogFixture fixture;
  cp::market::ImportRequest request;
  request.file = fixture.write("a.catalog", "InstanceType,Price\na,1\n");
  request.name = "a";
  request.origin = fixture.directory();  // a directory, which would be a topology
  const auto source = fixture.import_file(request);
  REQUIRE(source);
  CHECK(source->kind == "skypilot");
}

TEST_CASE("a faulty file keeps the others in, and is told with its line") {
  TopologyFixture fixture;
  fixture.put("SITE.yaml", "Country: Atlantis\nLatitude: 91\nLongitude: west\n");
  fixture.put("A.yaml", "Resources:\n  a:\n   b: [\n");
  fixture.put("B.yaml", "GroupID: 1\n");
  fixture.put("C.yaml", kGroup);
  fixture.put("D.yaml", "Resources:\n  d: 1\n");
  fixture.put("E.yaml", std::string(2'000'000, ' '));
  const auto source = fixture.import_from(fixture.root());
  REQUIRE(source);
  CHECK(source->rows == 3);
  using Found = std::pair<std::int64_t, std::string_view>;
  CHECK(fixture.catalog.faults == std::vector<Found>{{1, "unknown-country"},
                                                     {2, "bad-place"},
                                                     {3, "bad-place"},
                                                     {1, "not-yaml"},
                                                     {1, "wrong-schema"},
                                                     {18, "inactive"},
                                                     {2, "malformed-document"},
                                                     {1, "not-yaml"}});
  // Two files with a fault on their first line are two faults.
  CHECK(source->rejected == 5);
  CHECK(fixture.catalog.lint.file().ends_with("/E.yaml"));
  CHECK_FALSE(fixture.catalog.rows().front().row.latitude);
}

TEST_CASE("links, pipes and deep directories of a topology are not followed") {
  TopologyFixture fixture;
  fixture.put("SOL.yaml", kGroup);
  std::filesystem::create_directory_symlink(fixture.root(), fixture.site() + "/loop");
  std::filesystem::create_symlink("/dev/zero", fixture.site() + "/Z.yaml");
  REQUIRE(::mkfifo((fixture.site() + "/P.yaml").c_str(), 0600) == 0);
  const auto source = fixture.import_from(fixture.root());
  REQUIRE(source);
  CHECK(source->rows == 3);
}

TEST_CASE("what is no topology is an error of the whole import") {
  TopologyFixture fixture;
  CHECK(fixture.import_from(fixture.root()).error().code == cp::Errc::bad_data);
  CHECK(fixture.import_from(fixture.root() + "/none.yaml").error().code == cp::Errc::not_found);
}
