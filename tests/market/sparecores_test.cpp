// SPDX-License-Identifier: Apache-2.0
#include "market/sparecores.hpp"

#include "catalog_fixture.hpp"

#include <fmt/core.h>

using cp::market::Accelerators;

namespace {

std::string server(std::string_view members) {
  return fmt::format(
      R"({{"vendor_id":"aws","server_id":"s","name":"m5","status":"ACTIVE","vcpus":16,"cpu_cores":8,"cpu_architecture":"X86_64","cpu_manufacturer":"Intel","memory_amount":65536,"storage_size":0,"network_speed":10.0,"gpu_count":0,"gpu_model":null{}{}}})",
      members.empty() ? "" : ",", members);
}

// The same with MEMBERS in place of what is said of accelerators.
std::string with_gpu(std::string_view members) {
  return fmt::format(R"({{"vendor_id":"v","server_id":"s","name":"g","status":"ACTIVE",{}}})",
                     members);
}

}  // namespace

TEST_CASE("a server that is offered no more, or is none, is kept out") {
  CatalogFixture fixture;
  const auto source = fixture.import_text(
      "servers.ndjson",
      server("") + "\n" + R"({"vendor_id":"v","server_id":"s","name":"old","status":"INACTIVE"})" +
          "\n" + R"({"vendor_id":"v","server_id":"s","status":"ACTIVE"})" + "\n{\"server_id\":\n" +
          with_gpu(R"("vcpus":-1)") + "\n");
  REQUIRE(source);
  CHECK(source->rows == 1);
  CHECK(source->rejected == 4);
  CHECK(source->kind == "sparecores");
}

TEST_CASE("a server says vCPUs, cores, memory and network, and no price or place") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("servers.ndjson", server("")));
  const auto row = fixture.only_row();
  CHECK(row.provider == "aws");
  CHECK(row.threads == 16);
  CHECK(row.cores == 8);
  CHECK(row.cpus() == 16);
  CHECK(row.memory_bytes == 64LL << 30);
  CHECK(row.network_bps == 10e9);
  CHECK(row.arch == "x86_64");
  CHECK(row.cpu_vendor == "intel");
  CHECK(row.accelerators == Accelerators::none);
  CHECK_FALSE(row.price);
  CHECK(row.region.empty());
  CHECK_FALSE(row.disk_bytes);
}

TEST_CASE("accelerators are named canonically and told from their slices") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text(
      "servers.ndjson",
      with_gpu(
          R"("gpu_count":8,"gpu_model":"H100","gpu_manufacturer":"NVIDIA","gpu_memory_min":95830)") +
          "\n" + with_gpu(R"("gpu_count":1,"gpu_model":"L4","gpu_memory_min":2861)") + "\n" +
          with_gpu(R"("gpu_count":1,"gpu_model":"VG1000","gpu_memory_min":65536)") + "\n" +
          with_gpu(R"("gpu_count":0,"gpu_model":"vGPU8")") + "\n" + with_gpu(R"("gpu_count":2)") +
          "\n"));
  const auto rows = fixture.rows();
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].row.gpu_model == "H100-94GB");
  CHECK(rows[1].row.gpu_model == "L4");
  CHECK(rows[1].row.gpu_count == 0.125);
  CHECK(rows[2].row.gpu_model == "VG1000");
  CHECK(rows[2].row.gpu_memory_bytes == 64LL << 30);
  CHECK(rows[3].row.accelerators == Accelerators::unknown);
  CHECK(rows[4].row.gpu_model.empty());
  CHECK(rows[4].row.gpu_count == 2);
}
