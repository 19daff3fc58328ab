// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <vector>

namespace cpfind {

/// What is to be said of the sources of an answer.
struct Remark {
  bool is_warning = true;  ///< else a note, which -q leaves out
  cp::Error error;
};

/// Of each source of ANSWER, a cp.answer/1, that has not answered as it should; and where there is
/// nothing to ask, what to do about that.
std::vector<Remark> remarks_of(const cp::model::Json& answer);

}  // namespace cpfind
