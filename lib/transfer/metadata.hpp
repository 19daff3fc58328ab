// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/entry.hpp"
#include "transfer/preserve.hpp"

#include <string>

namespace cp::transfer {

/// Gives the open file or directory FD permission bits and time, and what of EXTRAS (which may be
/// absent) PRESERVE asks for: the owner when we are root, else the group where that is allowed; the
/// bits that lend an owner's rights only to a file that has that owner. io, denied.
Result<void> apply(int fd, const Metadata& metadata, const Extras* extras,
                   const Preserve& preserve);

/// The same for the symbolic link NAME in DIRECTORY; it has no mode. io, denied.
Result<void> apply_to_link(int directory, const std::string& name, const Metadata& metadata,
                           const Extras* extras, const Preserve& preserve);

}  // namespace cp::transfer
