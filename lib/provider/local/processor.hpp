// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>

namespace cp::provider::local {

/// What is known of the kind of processor, without how many there are.
struct Processor {
  std::optional<std::string> vendor;  ///< "intel", "amd", "arm", …
  std::optional<std::string> model;   ///< "Xeon Platinum 8480+"
  std::string arch;                   ///< "x86_64", "aarch64"
  std::optional<double> clock_hz;     ///< the nominal (base) clock
  /// Floating-point operations of 64 bits that one core ends in one cycle at best.
  std::optional<int> flops_per_cycle;
  std::string flops_source;  ///< how that is known: "AVX-512, two FMA units (Ice Lake-SP)"
};

/// The processor of the machine whose /proc and /sys lie below ROOT; ARCH as uname(2) says it.
Processor read_processor(const std::string& root, std::string arch);

}  // namespace cp::provider::local
