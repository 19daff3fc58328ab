// SPDX-License-Identifier: Apache-2.0
#include "transfer/put_in_place.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace cp::transfer {
namespace {

bool is_special(int directory, const std::string& name) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return false;
  }
  return !S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode) && !S_ISDIR(status.st_mode);
}

Error placing_error(int error_number) {
  if (error_number == EISDIR || error_number == ENOTEMPTY || error_number == EEXIST) {
    return {Errc::cannot_create, "a directory stands there", {}};
  }
  return {Errc::cannot_create, errno_text(error_number), {}};
}

}  // namespace

Result<bool> put_in_place(int from, const std::string& staged, int to, const std::string& name) {
  // Most names are new: only for the others is it asked what stands there.
  if (::renameat2(from, staged.c_str(), to, name.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (errno != EXDEV && is_special(to, name)) {
    return fail(Errc::cannot_create, "a device, a named pipe or a socket stands there");
  }
  if (errno != EXDEV && ::renameat(from, staged.c_str(), to, name.c_str()) == 0) {
    return true;
  }
  if (errno == EXDEV) {
    return false;
  }
  return tl::unexpected<Error>(placing_error(errno));
}

}  // namespace cp::transfer
