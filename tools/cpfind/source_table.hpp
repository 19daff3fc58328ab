// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"

#include <span>

namespace cpfind {

/// The columns in which sources are shown.
std::span<const cp::cli::Column> source_columns();

}  // namespace cpfind
