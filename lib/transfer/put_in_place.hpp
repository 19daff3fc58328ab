// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>

namespace cp::transfer {

/// Gives STAGED of the directory FROM the name NAME in the directory TO, over a file or a link that
/// stands there. cannot_create over a directory, and over a device, a named pipe or a socket, which
/// are nobody's copy of a file: a regular file for /dev/null would harm the whole machine. False,
/// with nothing done, when the two lie on different file systems.
Result<bool> put_in_place(int from, const std::string& staged, int to, const std::string& name);

}  // namespace cp::transfer
