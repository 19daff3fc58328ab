// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/json_fwd.hpp"

#include <string>

namespace cpid {

/// What the TOML file at PATH adds to a description, in the form of cp.resource: money and a single
/// alias may be written as text, prices get NOW as their "as_of". bad_data or bad_config with the
/// place when it is malformed.
cp::Result<cp::model::Json> read_addition(const std::string& path, cp::UnixTime now);

/// Puts the members of ADDITION over those of RECORD; objects are merged member by member.
void merge(cp::model::Json& record, const cp::model::Json& addition);

/// Makes WORKDIR that of every launch access in RECORD.
void set_workdir(cp::model::Json& record, const std::string& workdir);

}  // namespace cpid
