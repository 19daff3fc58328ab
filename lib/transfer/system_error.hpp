// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cerrno>

namespace cp::transfer {

/// What errno says, as a failure of the kind CODE: the caller's message names the path.
inline tl::unexpected<Error> system_error(Errc code) {
  return tl::unexpected<Error>(Error{code, errno_text(errno), {}});
}

}  // namespace cp::transfer
