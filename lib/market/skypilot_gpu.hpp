// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/lint.hpp"
#include "market/row.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cp::market {

/// What the accelerator columns of one row of a SkyPilot catalog say.
struct SkypilotGpu {
  Accelerators accelerators = Accelerators::none;
  std::string vendor, model, native;
  std::optional<double> count;
  std::optional<std::int64_t> memory_bytes;
  std::vector<Fault> faults;
};

/// The accelerator of a row with these three columns: AcceleratorName, AcceleratorCount, GpuInfo.
/// ONE_CARD is what the same source says of the memory of a single such card, for models of which
/// the table of accelerators knows no size.
SkypilotGpu read_skypilot_gpu(std::string_view name, std::string_view count, std::string_view info,
                              std::optional<std::int64_t> one_card = {});

/// As `read_skypilot_gpu` for the rows of one source in turn; the same columns are read once.
class SkypilotGpuCache {
 public:
  const SkypilotGpu& read(std::string_view name, std::string_view count, std::string_view info);

 private:
  std::unordered_map<std::string, SkypilotGpu> known_;
  std::unordered_map<std::string, std::int64_t> one_card_bytes_;  ///< by the source's own name
  std::string key_;
};

}  // namespace cp::market
