// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>

namespace cp::transfer {

/// Puts the file or link STAGED of the directory FROM under NAME in the directory TO, which lies on
/// another file system, as rename(2) would: a temporary beside it, synced, then renamed; mode and
/// time come along. STAGED stays.
Result<void> copy_across(int from, const std::string& staged, int to, const std::string& name);

}  // namespace cp::transfer
