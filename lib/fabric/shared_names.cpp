// SPDX-License-Identifier: Apache-2.0
#include "fabric/shared_names.hpp"

#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::fabric {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

void sweep_shared_names(std::chrono::seconds age) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir("/dev/shm"));
  const std::time_t oldest = std::time(nullptr) - age.count();
  while (const dirent* const entry = directory ? ::readdir(directory.get()) : nullptr) {
    const int fd = ::dirfd(directory.get());
    struct stat status {};
    if (std::string_view(entry->d_name).starts_with(shared_name_prefix) &&
        ::fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode) && status.st_uid == ::geteuid() && status.st_mtime < oldest) {
      ::unlinkat(fd, entry->d_name, 0);
    }
  }
}

}  // namespace cp::fabric
