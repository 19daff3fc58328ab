// SPDX-License-Identifier: Apache-2.0
#include "transfer/staging.hpp"

#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace cp::transfer {
namespace {

constexpr const char* kShared = ".cpxfer";
constexpr int kTries = 100;
constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::vector<std::string> names_in(int fd) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> directory(
      ::fdopendir(::openat(fd, ".", kOpenDirectory)));
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(name);
    }
  }
  return names;
}

// Nobody but us writes in a directory of mode 0700 that is ours, and nothing in it is a directory.
void remove_staging(int parent, const std::string& name, int fd) {
  for (const std::string& file : names_in(fd)) {
    ::unlinkat(fd, file.c_str(), 0);
  }
  ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
}

bool is_ours_alone(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_uid == ::geteuid() && (status.st_mode & 077U) == 0;
}

bool is_linked(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink != 0;
}

// Removes what transfers left that were killed: nobody holds their lock.
void sweep(int shared) {
  for (const std::string& name : names_in(shared)) {
    const UniqueFd fd(::openat(shared, name.c_str(), kOpenDirectory));
    if (fd && is_ours_alone(fd.get()) && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
      remove_staging(shared, name, fd.get());
    }
  }
}

// The locked directory NAME in PARENT; an empty one when somebody's sweep was faster.
Result<UniqueFd> make_locked(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno == ENOENT ? Result<UniqueFd>() : fail_errno(Errc::cannot_create, errno, kShared);
  }
  UniqueFd fd(::openat(parent, name.c_str(), kOpenDirectory));
  // Where locks do not work nobody gets one, and nobody's sweep removes anything.
  return fd && (::flock(fd.get(), LOCK_EX), is_linked(fd.get())) ? std::move(fd) : UniqueFd();
}

Result<UniqueFd> open_shared(int root) {
  if (::mkdirat(root, kShared, 0700) != 0 && errno != EEXIST) {
    return tl::unexpected<Error>(Error{Errc::cannot_create, errno_text(errno), {}});
  }
  UniqueFd fd(::openat(root, kShared, kOpenDirectory));
  return fd && is_ours_alone(fd.get()) ? std::move(fd) : UniqueFd();
}

}  // namespace

Result<std::unique_ptr<Staging>> Staging::open(const Confined& root, const std::string& id) {
  for (int i = 0; i < kTries; ++i) {
    CP_TRY_ASSIGN(UniqueFd shared, open_shared(root.fd()));
    if (shared) {
      sweep(shared.get());
    }
    const std::string name = shared ? id : std::string(kShared) + "-" + id;
    CP_TRY_ASSIGN(UniqueFd fd, make_locked(shared ? shared.get() : root.fd(), name));
    if (fd) {
      return std::make_unique<Staging>(root, std::move(shared), std::move(fd), name);
    }
  }
  return fail(Errc::cannot_create, "{} cannot be made", kShared);
}

Staging::~Staging() {
  remove_staging(shared_ ? shared_.get() : root_.fd(), name_, fd_.get());
  if (shared_) {
    ::unlinkat(root_.fd(), kShared, AT_REMOVEDIR);
  }
}

std::string Staging::next_name() { return std::to_string(++next_); }

}  // namespace cp::transfer
