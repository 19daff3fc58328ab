// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/context.hpp"
#include "model/jobspec.hpp"

#include <string>

namespace cprun {

/// The jobspec that the command line describes: the file of -f if there is one, its executable and
/// arguments replaced by the job's command line if there is one, and what the flags say. Paths mean
/// what they mean here. usage, bad_data, not_found (a missing input).
cp::Result<cp::model::JobSpec> read_spec(cp::cli::Context& context);

/// `--array 0-99:2%10`: from 0 to 99 by 2, at most 10 at a time.
cp::Result<cp::model::JobArray> parse_array(std::string_view text);

/// `--gpu [VENDOR:]NAMES[:MEMORY][:COUNT]`, each part optional.
cp::Result<void> parse_gpu(std::string_view text, cp::model::JobResources& resources);

}  // namespace cprun
