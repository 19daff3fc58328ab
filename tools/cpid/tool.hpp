// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace cpid {

/// cpid as data.
const cp::cli::Tool& tool();

/// One function a sub-command, each in a file of its own.
cp::Result<int> init(cp::cli::Context& context);
cp::Result<int> mint(cp::cli::Context& context);
cp::Result<int> keygen(cp::cli::Context& context);
cp::Result<int> delegate(cp::cli::Context& context);
cp::Result<int> accept(cp::cli::Context& context);
cp::Result<int> sign(cp::cli::Context& context);
cp::Result<int> verify(cp::cli::Context& context);
cp::Result<int> trust(cp::cli::Context& context);
cp::Result<int> token(cp::cli::Context& context);
cp::Result<int> bundle(cp::cli::Context& context);
cp::Result<int> head(cp::cli::Context& context);
cp::Result<int> revoke(cp::cli::Context& context);
cp::Result<int> rekey(cp::cli::Context& context);
cp::Result<int> renew_authority(cp::cli::Context& context);
cp::Result<int> tombstone(cp::cli::Context& context);
cp::Result<int> move(cp::cli::Context& context);
cp::Result<int> merge_records(cp::cli::Context& context);
cp::Result<int> lint(cp::cli::Context& context);
cp::Result<int> alias(cp::cli::Context& context);
cp::Result<int> check(cp::cli::Context& context);
cp::Result<int> parse(cp::cli::Context& context);
cp::Result<int> describe(cp::cli::Context& context);
cp::Result<int> register_records(cp::cli::Context& context);
cp::Result<int> resolve(cp::cli::Context& context);
cp::Result<int> publish(cp::cli::Context& context);
cp::Result<int> sync(cp::cli::Context& context);
cp::Result<int> list(cp::cli::Context& context);
cp::Result<int> serve(cp::cli::Context& context);

}  // namespace cpid
