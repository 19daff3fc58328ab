// SPDX-License-Identifier: Apache-2.0
#include "market/skypilot.hpp"

#include "catalog_fixture.hpp"

#include <fmt/core.h>

using cp::market::Accelerators;

namespace {

constexpr std::string_view kHeader =
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,"
    "Region\n";

using Faults = std::vector<std::pair<std::int64_t, std::string_view>>;

// What is found wrong with a row that stands below a good one.
std::string_view fault_of(std::string_view row) {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("vms.csv", fmt::format("{}good,,,1,2,,0.5,,r1\n{}\n", kHeader, row)));
  REQUIRE(fixture.faults.size() == 1);
  CHECK(fixture.faults.front().first == 3);
  return fixture.faults.front().second;
}

}  // namespace

TEST_CASE("a faulty row is told with its line and rule") {
  const auto [row, fault] = GENERATE(table<std::string_view, std::string_view>({
      {"a,,,1,2,,0.5,", "short-row"},
      {"a", "short-row"},
      {"a,,,1,2,,0.5,,r1,extra", "long-row"},
      {"\"a,,,1,2,,0.5,,r1", "unclosed-quote"},
      {"\xff\xfe,,,1,2,,0.5,,r1", "not-utf8"},
      {"good,,,1,2,,0.5,,r1", "duplicate-row"},
      {",,,1,2,,0.5,,r1", "no-instance-type"},
      {"a,,,x,2,,0.5,,r1", "bad-number"},
      {"a,,,1,-2,,0.5,,r1", "bad-number"},
      {"a,,,1,nan,,0.5,,r1", "bad-number"},
      {"a,,,1,2,,nan,,r1", "bad-price"},
      {"a,,,1,2,,-0.5,,r1", "bad-price"},
      {"a,,,1,2,,0.5,free,r1", "bad-price"},
      {"a,,,1,2,,0,,r1", "zero-price"},
      {"a,,,1,2,,0.5,0.00,r1", "zero-spot-price"},
      {"a,,,1,2,,700.0,,r1", "sentinel-price"},
      {"a,,,1,2,,999999,,r1", "sentinel-price"},
      {"a,,,1,2,,0.30000000000000004,,r1", "price-places"},
      {"a,,,1,2,,0.5,0.6,r1", "spot-above-on-demand"},
      {"a,,,0,2,,0.5,,r1", "sentinel-number"},
      {"a,,,1,999999999,,0.5,,r1", "sentinel-number"},
      {"a,,,1.5,2,,0.5,,r1", "fractional-cpus"},
      {"a,H100,x,1,2,,0.5,,r1", "bad-number"},
      {"a,,4,1,2,,0.5,,r1", "accelerator-without-name"},
      {"a,NVIDIA,4,1,2,,0.5,,r1", "accelerator-is-vendor"},
      {"a,,,1,137438953472,,0.5,,r1", "memory-is-bytes"},
      {"a,,,1,2097152,,0.5,,r1", "memory-impossible"},
      {"a,,,1,1e300,,0.5,,r1", "memory-impossible"},
  }));
  CAPTURE(row);
  CHECK(fault_of(row) == fault);
}

TEST_CASE("a rejected row is kept out, a repaired one has what is known of it") {
  CatalogFixture fixture;
  const auto source =
      fixture.import_text("vms.csv", fmt::format("{}{}{}{}", kHeader, "bad,,,1,2,,-1,,r1\n",
                                                 "a,,,1,2,,0,0.1,r1\n", "b,,,0,2,,0.5,0.6,r1\n"));
  REQUIRE(source);
  CHECK(source->rejected == 1);
  CHECK(source->repaired == 2);
  const auto rows = fixture.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].row.name == "a");
  CHECK_FALSE(rows[0].row.price);
  CHECK(rows[0].row.spot == 100'000'000);
  CHECK_FALSE(rows[1].row.threads);
  CHECK(rows[1].row.price == 500'000'000);
  CHECK_FALSE(rows[1].row.spot);
}

TEST_CASE("a row says what its columns say and nothing else") {
  CatalogFixture fixture;
  cp::market::ImportRequest request;
  request.file =
      fixture.write("vms.csv",
                    "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,"
                    "Region,AvailabilityZone,Price,SpotPrice,Arch\r\n"
                    "p5,192.0,2048,H100,8.0,,us-east-1,us-east-1a,98.32,,arm64\r\n");
  request.provider = "cloud";
  request.currency = "EUR";
  REQUIRE(fixture.import_file(request));
  CHECK(fixture.faults.empty());
  const auto row = fixture.only_row();
  CHECK(row.name == "p5");
  CHECK(row.kind == "instance-type");
  CHECK(row.provider == "cloud");
  CHECK(row.region == "us-east-1");
  CHECK(row.zone == "us-east-1a");
  CHECK(row.threads == 192);
  CHECK_FALSE(row.cores);
  CHECK(row.cpus() == 192);
  CHECK(row.memory_bytes == 2048LL << 30);
  CHECK(row.arch == "aarch64");
  CHECK(row.accelerators == Accelerators::some);
  CHECK(row.gpu_model == "H100");
  CHECK(row.gpu_vendor == "nvidia");
  CHECK(row.gpu_count == 8);
  CHECK_FALSE(row.gpu_memory_bytes);
  CHECK(row.price == 98'320'000'000);
  CHECK_FALSE(row.spot);
  CHECK(row.currency == "EUR");
  CHECK(row.terms == "on-demand");
  CHECK(row.country.empty());
  CHECK(row.line == 2);
}

TEST_CASE("more fields than names are the last column's, where nobody reads it") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("vms.csv", "InstanceType,vCPUs,Price,Generation\na,4,0.5,V1,V2\n"));
  CHECK(fixture.faults == Faults{{2, "ragged-row"}});
  CHECK(fixture.only_row().price == 500'000'000);
}

TEST_CASE("columns may stand in any order and case") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("vms.csv", "\xEF\xBB\xBFprice,GPUInfo,instancetype\n0.5,,a\n"));
  CHECK(fixture.only_row().name == "a");
}

TEST_CASE("line ends may mix and blank lines count for nothing") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("vms.csv", "InstanceType,Price\r\na,0.5\n\r\nb,0.6"));
  CHECK(fixture.faults.empty());
  CHECK(fixture.rows().size() == 2);
  CHECK(fixture.rows()[1].row.line == 4);
}

TEST_CASE("one type with other hardware elsewhere stays two rows") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text(
      "vms.csv", "InstanceType,MemoryGiB,Price,Region\nn3,1800,19,CANADA-1\nn3,960,19,US-1\n"));
  CHECK(fixture.faults.empty());
  CHECK(fixture.rows().size() == 2);
}

TEST_CASE("each type in each region at one price says nothing of regions") {
  std::string text = "InstanceType,Price,Region\n";
  for (int type = 0; type < 5; ++type) {
    for (int region = 0; region < 6; ++region) {
      text += fmt::format("t{},0.{},r{}\n", type, type + 1, region);
    }
  }
  CatalogFixture fixture;
  const auto source = fixture.import_text("vms.csv", text);
  REQUIRE(source);
  CHECK(source->rows == 5);
  CHECK(source->merged == 25);
  const auto rows = fixture.rows();
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].row.region.empty());
  CHECK(rows[4].row.price == 500'000'000);

  SECTION("but not when one price differs") {
    CatalogFixture other;
    text.replace(text.rfind("0.5"), 3, "0.6");
    REQUIRE(other.import_text("vms.csv", text));
    CHECK(other.rows().size() == 30);
  }
}
