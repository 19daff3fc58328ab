// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/transfer.hpp"

namespace cp::cli {
class Context;
}

namespace cpxfer {

/// Puts the data access of the resource in the place of each operand cp:CODE[/PATH] and
/// @LABEL/NAME[/PATH] (an alias) of REQUEST: the URL of its server and the key that the server has
/// to show, from its record alone, which is resolved and verified here (SECURITY §3). Without such
/// an operand nothing is opened or asked. usage for a PATH that leads out, and for a key that the
/// user names as well; denied for a record that is not verified; unavailable when it has no data
/// access of a kind that is spoken here; errors as Resolver has them.
cp::Result<void> resolve_named_places(const cp::cli::Context& context,
                                      cp::transfer::Request& request);

}  // namespace cpxfer
