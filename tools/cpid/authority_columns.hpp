// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"

#include <array>

namespace cpid {

/// A cp.delegation/1 as people see it.
inline constexpr std::array kDelegationColumns{
    cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"NAME", "name"},
    cp::cli::Column{"LEVEL", "level"},
    cp::cli::Column{"SEQ", "seq", cp::cli::Show::count},
    cp::cli::Column{"VALID UNTIL", "not_after", cp::cli::Show::time},
    cp::cli::Column{"SIGNED BY", "proof.key|proof.0.key", cp::cli::Show::id},
};

/// A cp.head/1 as people see it.
inline constexpr std::array kHeadColumns{
    cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"SEQ", "seq", cp::cli::Show::count},
    cp::cli::Column{"ISSUED", "issued", cp::cli::Show::time},
    cp::cli::Column{"VALID UNTIL", "valid_until", cp::cli::Show::time},
    cp::cli::Column{"HASH", "hash"},
};

}  // namespace cpid
