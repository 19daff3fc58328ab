// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"

#include <array>

namespace cpid {

/// A cp.resource/1 as people see it.
inline constexpr std::array kResourceColumns{
    cp::cli::Column{"ID", "id"},
    cp::cli::Column{"NAME", "alias|name"},
    cp::cli::Column{"KIND", "kind"},
    cp::cli::Column{"NODES", "nodes", cp::cli::Show::count},
    cp::cli::Column{"CPU", "node.cpu.model"},
    cp::cli::Column{"CORES", "node.cpu.cores", cp::cli::Show::count},
    cp::cli::Column{"MEMORY", "node.memory_bytes", cp::cli::Show::bytes},
    cp::cli::Column{"REGION", "place.region|place.country"},
    cp::cli::Column{"SEQ", "seq", cp::cli::Show::count},
    cp::cli::Column{"VALID UNTIL", "valid_until", cp::cli::Show::time},
};

}  // namespace cpid
