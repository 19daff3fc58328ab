// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"
#include "transfer/rail_bench.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cp::transfer {

/// The cp.bench/1 record of STAGE ("hash", "seal", "compress", "disk-write", "disk-read"), done by
/// THREADS.
model::Json stage_record(std::string_view stage, const Effort& effort, int threads);

/// The record of a rail to FAR ("" for this process).
model::Json rail_record(const std::string& far, const RailCase& which, const RailFigure& figure);

/// All that decides what holds a direction up.
struct VerdictParts {
  std::optional<Effort> disk;  ///< of the end that is this machine, in that direction
  RailFigure figure;
  bool by_ssh = false;
  bool is_here = false;         ///< both ends share the processors
  double bytes_per_second = 0;  ///< that were asked for; 0: no limit
  unsigned cores = 1;           ///< of this machine
};

/// "source-disk", "destination-disk", "rate-limit", "cpu", "ssh" (or what lies under it) or
/// "network".
std::string_view verdict_of(const VerdictParts& parts, Direction direction);

/// The record of the verdict on WHICH rail's direction.
model::Json verdict_record(const std::string& far, const RailCase& which,
                           const VerdictParts& parts);

}  // namespace cp::transfer
