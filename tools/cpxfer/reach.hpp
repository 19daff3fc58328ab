// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/arguments.hpp"
#include "transfer/transfer.hpp"

namespace cpxfer {

/// Of REQUEST how far ends are reached and known, as ARGUMENTS say it; nothing of what carries
/// data.
cp::Result<void> read_far(const cp::cli::Arguments& arguments, cp::transfer::Request& request);

/// Puts into REQUEST how other ends are reached, as ARGUMENTS have it: trust, token, ssh, the
/// cpxfer there, encryption, rail, streams, rate and patience. usage for what contradicts itself;
/// errors of open(2), and bad_config, for the file of a token.
cp::Result<void> read_reach(const cp::cli::Arguments& arguments, cp::transfer::Request& request);

/// The same of where streams beside ssh come in: --port-range, --data-host and --reverse.
cp::Result<void> read_data_way(const cp::cli::Arguments& arguments, cp::transfer::Request& request);

}  // namespace cpxfer
