// SPDX-License-Identifier: Apache-2.0
#include "base/trusted_file.hpp"

#include <unistd.h>

namespace cp {

Result<void> check_trusted(const std::string& path, const struct stat& status, bool secret) {
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::bad_config, "{} is not a regular file", path);
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return fail(Errc::bad_config, "{} belongs to another user", path);
  }
  if ((status.st_mode & (secret ? 077U : 022U)) != 0) {
    return with_hint(
        fail(Errc::bad_config, "{} may be {} by others", path, secret ? "read" : "written"),
        fmt::format("chmod {} {}", secret ? "600" : "go-w", path));
  }
  return {};
}

}  // namespace cp
