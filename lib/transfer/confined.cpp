// SPDX-License-Identifier: Apache-2.0
#include "transfer/confined.hpp"

#include "base/text.hpp"
#include "transfer/path.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr int kOpenTries = 32;

// glibc 2.36 has no wrapper.
int openat2(int directory, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<__u64>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, and the kernel could not tell whether it stayed
  // beneath.
  for (int i = 0; i < kOpenTries; ++i) {
    const auto fd = static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
    if (fd >= 0 || errno != EAGAIN) {
      return fd;
    }
  }
  return -1;
}

tl::unexpected<Error> refused(int error_number) {
  switch (error_number) {
    case ELOOP:
    case EXDEV:
      return fail(Errc::denied, "a symbolic link stands in the way");
    case ENOTDIR:
      return fail(Errc::cannot_create, "a file stands where a directory belongs");
    default:
      return tl::unexpected<Error>(
          Error{errc_of_errno(error_number), errno_text(error_number), {}});
  }
}

// With O_DIRECTORY | O_NOFOLLOW a link is ENOTDIR; say which it was.
int as_link_error(int directory, const std::string& name, int error_number) {
  struct stat status {};
  const bool is_link = error_number == ENOTDIR &&
                       ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISLNK(status.st_mode);
  return is_link ? ELOOP : error_number;
}

}  // namespace

Confined::Method confinement_method() {
  const UniqueFd fd(openat2(AT_FDCWD, ".", O_PATH | O_CLOEXEC));
  const bool works = fd || (errno != ENOSYS && errno != EPERM && errno != E2BIG);
  return works ? Confined::Method::openat2 : Confined::Method::components;
}

Result<Confined> Confined::open(const std::string& path) {
  return open(path, confinement_method());
}

Result<Confined> Confined::open(const std::string& path, Method method) {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) {
    return fail_errno(errno, "cannot open " + path);
  }
  return Confined(std::move(fd), method);
}

Result<UniqueFd> Confined::open_beneath(std::string_view path, int flags) const {
  CP_TRY(check_path(path));
  const int all = flags | O_NOFOLLOW | O_CLOEXEC;
  if (path.empty()) {
    UniqueFd fd(::openat(fd_.get(), ".", all));
    return fd ? Result<UniqueFd>(std::move(fd)) : refused(errno);
  }
  if (method_ == Method::components) {
    return open_by_components(path, all);
  }
  const std::string name(path);
  UniqueFd fd(openat2(fd_.get(), name.c_str(), all));
  return fd ? Result<UniqueFd>(std::move(fd)) : refused(as_link_error(fd_.get(), name, errno));
}

Result<UniqueFd> Confined::open_by_components(std::string_view path, int flags) const {
  UniqueFd held;
  int at = fd_.get();
  const auto names = text::split(path, '/');
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name(names[i]);
    const bool is_last = i + 1 == names.size();
    const int how = is_last ? flags : O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd next(::openat(at, name.c_str(), how));
    if (!next) {
      return refused(as_link_error(at, name, errno));
    }
    held = std::move(next);
    at = held.get();
  }
  return held;
}

Result<Confined::Opened> Confined::make_directories(std::string_view path, mode_t mode) const {
  if (auto fd = open_beneath(path, O_RDONLY | O_DIRECTORY)) {
    return Opened{std::move(*fd), 0};
  } else if (path.empty() || fd.error().code != Errc::not_found) {
    return tl::unexpected<Error>(fd.error());
  }
  const auto slash = path.rfind('/');
  const std::string_view above = slash == std::string_view::npos ? "" : path.substr(0, slash);
  const std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
  CP_TRY_ASSIGN(Opened parent, make_directories(above, mode));
  if (::mkdirat(parent.fd.get(), name.c_str(), mode) != 0 && errno != EEXIST) {
    return tl::unexpected<Error>(Error{Errc::cannot_create, errno_text(errno), {}});
  }
  UniqueFd fd(
      ::openat(parent.fd.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    return refused(as_link_error(parent.fd.get(), name, errno));
  }
  return Opened{std::move(fd), parent.made + 1};
}

Result<Confined> Confined::enter(std::string_view path) const {
  CP_TRY_ASSIGN(UniqueFd fd, open_beneath(path, O_PATH | O_DIRECTORY));
  return Confined(std::move(fd), method_);
}

}  // namespace cp::transfer
