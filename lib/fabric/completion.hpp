// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace cp::fabric {

/// One operation that is over.
struct Completion {
  std::size_t operation = 0;  ///< the number that it was posted with
  std::size_t bytes = 0;      ///< of a receive: what came
  bool is_receive = false;
  /// The peer has written into exposed memory; no number and no bytes, only what it said.
  bool is_remote_write = false;
  std::uint64_t immediate = 0;
};

}  // namespace cp::fabric
