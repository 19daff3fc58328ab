// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"
#include "model/json_fwd.hpp"

namespace cpprobe {

/// Prints MEASUREMENT (cp.measurement/1) for people, several lines in the table form of OUTPUT.
void print_summary(cp::cli::Output& output, const cp::model::Json& measurement, bool with_colour);

}  // namespace cpprobe
