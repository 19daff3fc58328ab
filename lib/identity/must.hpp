// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace cp::identity {

/// Ends the program when DONE is false: for calls of libcrypto that fail only when it, or memory,
/// is broken.
inline void must(bool done) {
  if (!done) {
    std::abort();
  }
}

}  // namespace cp::identity
