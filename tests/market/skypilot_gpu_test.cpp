// SPDX-License-Identifier: Apache-2.0
#include "market/skypilot_gpu.hpp"

#include <fmt/core.h>

#include "catch.hpp"
#include <string>
#include <string_view>
#include <vector>

using cp::market::Accelerators;
using cp::market::Fault;
using cp::market::read_skypilot_gpu;
using cp::market::SkypilotGpu;

namespace {

constexpr std::int64_t kGib = 1 << 30;

std::string info(std::string_view name, std::string_view count, int size, int total) {
  return fmt::format(
      "{{'Gpus': [{{'Name': '{}', 'Manufacturer': 'NVIDIA', 'Count': {}, 'MemoryInfo': "
      "{{'SizeInMiB': {}}}}}], 'TotalGpuMemoryInMiB': {}}}",
      name, count, size, total);
}

}  // namespace

TEST_CASE("nothing said is no accelerator, half of it said is an unknown one") {
  CHECK(read_skypilot_gpu("", "", "").accelerators == Accelerators::none);
  CHECK(read_skypilot_gpu("", "0", "").accelerators == Accelerators::none);
  const SkypilotGpu unnamed = read_skypilot_gpu("", "4", "");
  CHECK(unnamed.accelerators == Accelerators::some);
  CHECK(unnamed.count == 4);
  CHECK(unnamed.model.empty());
  CHECK(unnamed.faults == std::vector{Fault::accelerator_without_name});
  const SkypilotGpu uncounted = read_skypilot_gpu("A100", "", "");
  CHECK(uncounted.accelerators == Accelerators::unknown);
  CHECK(uncounted.faults == std::vector{Fault::accelerator_without_count});
  CHECK(read_skypilot_gpu("A100", "many", "").faults == std::vector{Fault::bad_number});
  CHECK(read_skypilot_gpu("A100", "-1", "").faults == std::vector{Fault::bad_number});
  CHECK(read_skypilot_gpu("A100", "8.5", "").faults == std::vector{Fault::bad_number});
}

TEST_CASE("what cannot be read of an accelerator is left out, not guessed") {
  for (const std::string_view text : {"{'Gpus': ", "{}", "{'Gpus': []}", "{'Gpus': 3}", "[1]",
                                      "{'Gpus': [{'Count': 1}, {'Count': 2}]}"}) {
    CAPTURE(text);
    const SkypilotGpu gpu = read_skypilot_gpu("H100", "8", text);
    CHECK(gpu.model == "H100");
    CHECK_FALSE(gpu.memory_bytes);
    CHECK(gpu.faults == std::vector{Fault::gpu_info_unreadable});
  }
  CHECK(read_skypilot_gpu("H100", "8", info("H100", "4", 81920, 0)).faults ==
        std::vector{Fault::gpu_info_other_count});
}

TEST_CASE("a bare word only says the name again") {
  const SkypilotGpu gpu = read_skypilot_gpu("MI25", "1", "MI25");
  CHECK(gpu.model == "MI25");
  CHECK(gpu.vendor == "amd");
  CHECK(gpu.memory_bytes == 16 * kGib);
  CHECK(gpu.faults.empty());
}

TEST_CASE("where the catalog is silent the model's own memory counts") {
  CHECK(read_skypilot_gpu("T4", "4", "T4").memory_bytes == 16 * kGib);
  CHECK_FALSE(read_skypilot_gpu("A100", "4", "A100").memory_bytes);
}

TEST_CASE("a share of a card stays a share") {
  const SkypilotGpu gpu = read_skypilot_gpu("A10", "0.167", "A10");
  CHECK(gpu.count == 0.167);
  CHECK(gpu.accelerators == Accelerators::some);
}

TEST_CASE("memory of one card narrows the model") {
  const SkypilotGpu gpu = read_skypilot_gpu("A100", "8.0", info("A100", "8.0", 40960, 40960 * 8));
  CHECK(gpu.model == "A100-40GB");
  CHECK(gpu.native == "A100");
  CHECK(gpu.memory_bytes == 40 * kGib);
  CHECK(gpu.faults.empty());
}

TEST_CASE("the total given as the memory of one card is divided") {
  const SkypilotGpu gpu =
      read_skypilot_gpu("A100-80GB-320GB", "4.0", info("A100-80GB-320GB", "4", 327680, 1310720));
  CHECK(gpu.model == "A100-80GB");
  CHECK(gpu.native == "A100-80GB-320GB");
  CHECK(gpu.memory_bytes == 80 * kGib);
  CHECK(gpu.faults == std::vector{Fault::gpu_name_carries_total, Fault::gpu_memory_is_total});
}

TEST_CASE("a name with two sizes that are no total is left alone") {
  const SkypilotGpu gpu = read_skypilot_gpu("X1-80GB-100GB", "4", "");
  CHECK(gpu.model == "X1-80GB-100GB");
  CHECK(gpu.faults.empty());
}

TEST_CASE("GiB in place of MiB are seen by the model's memory") {
  const SkypilotGpu gpu = read_skypilot_gpu("A100-80GB", "1", info("A100-80GB", "1", 80, 80));
  CHECK(gpu.memory_bytes == 80 * kGib);
  CHECK(gpu.faults == std::vector{Fault::gpu_memory_is_gib});
}

TEST_CASE("a memory that the model does not have is left out") {
  const SkypilotGpu gpu = read_skypilot_gpu("H100", "1", info("H100", "1", 12345, 12345));
  CHECK_FALSE(gpu.memory_bytes);
  CHECK(gpu.faults == std::vector{Fault::gpu_memory_wrong});
}

TEST_CASE("the total of one card in place of all is told") {
  const SkypilotGpu gpu = read_skypilot_gpu("V100", "8.0", info("V100", "8.0", 16384, 16384));
  CHECK(gpu.model == "V100-16GB");
  CHECK(gpu.memory_bytes == 16 * kGib);
  CHECK(gpu.faults == std::vector{Fault::gpu_total_is_one_card});
}

TEST_CASE("what one card has tells the total where the table knows no figure") {
  cp::market::SkypilotGpuCache cache;
  CHECK(cache.read("RTX-A4000", "1", info("RTX-A4000", "1", 16384, 16384)).faults.empty());
  const SkypilotGpu& two = cache.read("RTX-A4000", "2", info("RTX-A4000", "2", 32768, 65536));
  CHECK(two.memory_bytes == 16 * kGib);
  CHECK(two.faults == std::vector{Fault::gpu_memory_is_total});
}
