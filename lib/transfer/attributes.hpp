// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/extras.hpp"
#include "transfer/preserve.hpp"

#include <string>
#include <vector>

/// Extended attributes of open files. POSIX ACLs are among them (system.posix_acl_*), in a form
/// that does not depend on the machine. What the kernel keeps for itself (security.selinux) is left
/// alone, and so is what only root may read, unless it is root who asks.
namespace cp::transfer {

/// What PRESERVE asks for of the file FD, in the order of the names. failed when it is more than
/// travels; io. Where a file system has no attributes a file has none.
Result<std::vector<Attribute>> read_attributes(int fd, const Preserve& preserve);

/// Gives the file FD the attributes WANTED, and takes from it what PRESERVE asks for and WANTED has
/// not. Names that PRESERVE does not ask for are passed over. An error names the attribute.
Result<void> apply_attributes(int fd, const std::vector<Attribute>& wanted,
                              const Preserve& preserve);

/// The same of the symbolic link NAME in DIRECTORY, which is not followed. What the kernel keeps
/// links from having (user.*) is denied.
Result<std::vector<Attribute>> read_link_attributes(int directory, const std::string& name,
                                                    const Preserve& preserve);
Result<void> apply_link_attributes(int directory, const std::string& name,
                                   const std::vector<Attribute>& wanted, const Preserve& preserve);

}  // namespace cp::transfer
