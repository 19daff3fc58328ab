// SPDX-License-Identifier: Apache-2.0
#include "transfer/copy_across.hpp"

#include "base/fd.hpp"
#include "base/random.hpp"
#include "transfer/limits.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace cp::transfer {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;

tl::unexpected<Error> copy_error() {
  return tl::unexpected<Error>(Error{
      errno == ENOSPC || errno == EIO ? Errc::io : Errc::cannot_create, errno_text(errno), {}});
}

Result<void> copy_bytes(int from, int to) {
  std::vector<char> buffer(kBufferBytes);
  while (true) {
    CP_TRY_ASSIGN(const std::size_t count, read_some(from, buffer));
    if (count == 0) {
      return {};
    }
    CP_TRY(write_all(to, {buffer.data(), count}));
  }
}

Result<void> copy_link(int from, const std::string& staged, int to, const std::string& temporary) {
  std::array<char, limits::path_bytes + 1> target{};
  if (::readlinkat(from, staged.c_str(), target.data(), limits::path_bytes) <= 0 ||
      ::symlinkat(target.data(), to, temporary.c_str()) != 0) {
    return copy_error();
  }
  return {};
}

Result<void> copy_file(int from, const std::string& staged, int to, const std::string& temporary) {
  const UniqueFd in(::openat(from, staged.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const UniqueFd out(
      ::openat(to, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat status {};
  if (!in || !out || ::fstat(in.get(), &status) != 0) {
    return copy_error();
  }
  CP_TRY(copy_bytes(in.get(), out.get()));
  const std::array<timespec, 2> times{status.st_atim, status.st_mtim};
  if (::fchmod(out.get(), status.st_mode & 0777U) != 0 ||
      ::futimens(out.get(), times.data()) != 0 || ::fsync(out.get()) != 0) {
    return copy_error();
  }
  return {};
}

}  // namespace

Result<void> copy_across(int from, const std::string& staged, int to, const std::string& name) {
  KernelRandom random;
  const std::string temporary = ".cpxfer-" + make_ulid(SystemClock().now(), random);
  struct stat status {};
  if (::fstatat(from, staged.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return copy_error();
  }
  auto copied = S_ISLNK(status.st_mode) ? copy_link(from, staged, to, temporary)
                                        : copy_file(from, staged, to, temporary);
  if (copied && ::renameat(to, temporary.c_str(), to, name.c_str()) != 0) {
    copied = copy_error();
  }
  if (!copied) {
    ::unlinkat(to, temporary.c_str(), 0);
  }
  return copied;
}

}  // namespace cp::transfer
