// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/jobspec.hpp"

namespace cprun {

/// Whether the words of SPEC can stand in documents and in names at providers: UTF-8, the name of
/// the job at most 255 bytes long. usage when they cannot, which only flags bring about.
cp::Result<void> check_words(const cp::model::JobSpec& spec);

/// Whether the amounts of SPEC can be counted with; CODE when they are beyond any machine there is.
cp::Result<void> check_amounts(const cp::model::JobSpec& spec, cp::Errc code);

}  // namespace cprun
