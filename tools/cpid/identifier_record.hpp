// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/output.hpp"
#include "identity/identifier.hpp"
#include "model/json_fwd.hpp"

#include <array>
#include <string>

namespace cpid {

inline constexpr std::array kIdentifierColumns{
    cp::cli::Column{"ID", "id"},
    cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"SERIAL", "serial"},
    cp::cli::Column{"CHECK", "check"},
};

/// ID as a cp.identifier/1.
cp::model::Json identifier_record(const cp::identity::Identifier& id);

/// Prints CODE, a canonical identifier that AUTHORITY (a thumbprint) has allocated.
void print_allocated(cp::cli::Output& output, const std::string& code,
                     const std::string& authority);

}  // namespace cpid
