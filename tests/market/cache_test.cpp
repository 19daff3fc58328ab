// SPDX-License-Identifier: Apache-2.0
#include "market/cache.hpp"

#include "catalog_fixture.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <thread>

using cp::market::Cache;
using cp::market::CacheImport;
using cp::market::Row;

TEST_CASE("a cache that was never written is not made by a reader") {
  const TemporaryDirectory directory;
  const auto cache = Cache::open_to_read(directory.path() + "/none");
  REQUIRE(cache);
  CHECK_FALSE(*cache);
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/none"));
}

TEST_CASE("only its owner may look into the cache") {
  const CatalogFixture fixture;
  struct stat status {};
  REQUIRE(::stat(fixture.directory().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("an import that is not committed leaves what was there") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("a.csv", "InstanceType,Price\nx,1\n"));
  {
    cp::market::SourceInfo source;
    source.name = "a";
    auto import = CacheImport::begin(fixture.cache(), source);
    REQUIRE(import);
    REQUIRE(import->add(Row{}));
  }
  REQUIRE(fixture.rows().size() == 1);
  CHECK(fixture.rows()[0].row.name == "x");
}

TEST_CASE("an import takes the place of what its source had, and of nothing else") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("a.csv", "InstanceType,Price\nx,1\ny,2\n"));
  REQUIRE(fixture.import_text("b.csv", "InstanceType,Price\nz,3\n"));
  REQUIRE(fixture.import_text("a.csv", "InstanceType,Price\nw,4\n"));
  const auto rows = fixture.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].row.name == "z");
  CHECK(rows[1].row.name == "w");
  const auto sources = fixture.cache().sources();
  REQUIRE(sources);
  REQUIRE(sources->size() == 2);
  CHECK((*sources)[0].name == "a");
  CHECK((*sources)[0].rows == 1);
}

TEST_CASE("a source is removed with all its rows, and an unknown one has a near match") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("azure.csv", "InstanceType,Price\nx,1\n"));
  const auto missing = fixture.cache().remove_source("azur");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == cp::Errc::not_found);
  CHECK(missing.error().hint == "did you mean azure?");
  REQUIRE(fixture.cache().remove_source("azure"));
  CHECK(fixture.rows().empty());
  CHECK(fixture.cache().sources()->empty());
}

TEST_CASE("a row comes back as it went in") {
  Row row;
  row.name = "n";
  row.kind = "instance-type";
  row.provider = "p";
  row.resource = "cp:0/ABCD-XY";
  row.country = "CN";
  row.region = "r";
  row.zone = "z";
  row.city = "c";
  row.latitude = 31.23;
  row.longitude = -121.47;
  row.nodes = 3;
  row.arch = "aarch64";
  row.cpu_vendor = "v";
  row.cpu_model = "m";
  row.cores = 4;
  row.threads = 8;
  row.memory_bytes = 5;
  row.disk_bytes = 0;
  row.accelerators = cp::market::Accelerators::some;
  row.gpu_vendor = "gv";
  row.gpu_model = "H100";
  row.gpu_native = "h100";
  row.gpu_count = 0.5;
  row.gpu_memory_bytes = 7;
  row.network_bps = 1e9;
  row.rdma_bps = 0;
  row.walltime_s = 60.5;
  row.nodes_per_job = 9;
  row.unit = cp::market::BillingUnit::core_hour;
  row.terms = "on-demand";
  row.currency = "CNY";
  row.price = 1;
  row.spot = 0;
  row.quantum_s = 60;
  row.minimum_s = 120;
  row.price_as_of = "2026-01-01T00:00:00Z";
  row.line = 77;
  row.has_policy = true;
  CatalogFixture fixture;
  cp::market::SourceInfo source;
  source.name = "s";
  auto import = CacheImport::begin(fixture.cache(), source);
  REQUIRE(import);
  REQUIRE(import->add(row));
  REQUIRE(import->commit(cp::market::Lint()));
  const Row back = fixture.only_row();
  CHECK(back.name == row.name);
  CHECK(back.kind == row.kind);
  CHECK(back.provider == row.provider);
  CHECK(back.resource == row.resource);
  CHECK(back.country + back.region + back.zone + back.city == "CNrzc");
  CHECK(back.latitude == row.latitude);
  CHECK(back.longitude == row.longitude);
  CHECK(back.nodes == row.nodes);
  CHECK(back.arch + back.cpu_vendor + back.cpu_model == "aarch64vm");
  CHECK(back.cores == row.cores);
  CHECK(back.threads == row.threads);
  CHECK(back.memory_bytes == row.memory_bytes);
  CHECK(back.disk_bytes == row.disk_bytes);
  CHECK(back.accelerators == row.accelerators);
  CHECK(back.gpu_vendor + back.gpu_model + back.gpu_native == "gvH100h100");
  CHECK(back.gpu_count == row.gpu_count);
  CHECK(back.gpu_memory_bytes == row.gpu_memory_bytes);
  CHECK(back.network_bps == row.network_bps);
  CHECK(back.rdma_bps == row.rdma_bps);
  CHECK(back.walltime_s == row.walltime_s);
  CHECK(back.nodes_per_job == row.nodes_per_job);
  CHECK(back.unit == row.unit);
  CHECK(back.terms + back.currency == "on-demandCNY");
  CHECK(back.price == row.price);
  CHECK(back.spot == row.spot);
  CHECK(back.quantum_s == row.quantum_s);
  CHECK(back.minimum_s == row.minimum_s);
  CHECK(back.price_as_of == row.price_as_of);
  CHECK(back.line == row.line);
  CHECK(back.has_policy);
  CHECK_FALSE(back.has_siblings);
  CHECK(fixture.cache().models() == std::vector<std::string>{"H100"});
}

TEST_CASE("two imports at once both arrive whole") {
  CatalogFixture fixture;
  std::string text = "InstanceType,Price\n";
  for (int i = 0; i < 2000; ++i) {
    text += "t" + std::to_string(i) + ",1\n";
  }
  const std::string first = fixture.write("first.csv", text);
  const std::string second = fixture.write("second.csv", text);
  std::vector<std::thread> threads;
  for (const std::string& file : {first, second}) {
    threads.emplace_back([&fixture, file] {
      auto cache = Cache::open(fixture.directory());
      cp::market::Lint lint;
      cp::market::ImportRequest request;
      request.file = file;
      CHECK((cache && import_catalog(*cache, request, fixture.clock, lint)));
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(fixture.rows().size() == 4000);
}

TEST_CASE("the age of a source counts from what its data say, else from the import") {
  CatalogFixture fixture;
  cp::market::SourceInfo source;
  source.name = "s";
  source.imported_at = "2026-11-22T08:29:00Z";
  CHECK(to_json(source, fixture.clock.now())["age_s"] == 60);
  source.as_of = "2026-11-21T08:30:00Z";
  CHECK(to_json(source, fixture.clock.now())["age_s"] == 86400);
  source.as_of = "2027-01-01T00:00:00Z";
  CHECK(to_json(source, fixture.clock.now()).count("age_s") == 0);
}
