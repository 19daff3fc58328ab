// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"
#include "identity/identifier.hpp"

#include <array>

namespace cpid {

inline constexpr std::array kIdentifierColumns{
    cp::cli::Column{"ID", "id"}, cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"SERIAL", "serial"}, cp::cli::Column{"CHECK", "check"}};

inline constexpr std::array kResourceColumns{
    cp::cli::Column{"ID", "id"},
    cp::cli::Column{"NAME", "name"},
    cp::cli::Column{"KIND", "kind"},
    cp::cli::Column{"NODES", "nodes", cp::cli::Show::count},
    cp::cli::Column{"CORES", "node.cpu.cores", cp::cli::Show::count},
    cp::cli::Column{"MEMORY", "node.memory_bytes", cp::cli::Show::bytes},
    cp::cli::Column{"REGION", "place.region"},
    cp::cli::Column{"SEQ", "seq", cp::cli::Show::count}};

/// Prints ID as cp.identifier/1.
void print_identifier(cp::cli::Output& out, const cp::identity::Identifier& id);

}  // namespace cpid
