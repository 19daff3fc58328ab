// SPDX-License-Identifier: Apache-2.0
#include "transfer/copy_across.hpp"

#include "base/fd.hpp"
#include "base/random.hpp"
#include "transfer/attributes.hpp"
#include "transfer/limits.hpp"
#include "transfer/metadata.hpp"
#include "transfer/put_in_place.hpp"
#include "transfer/source.hpp"

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
  const Preserve all{.owner = true, .xattr = true, .acl = true};
  Extras extras;
  extras.owner = Owner{status.st_uid, status.st_gid, status.st_mode & 07000U};
  CP_TRY_ASSIGN(extras.attributes, read_attributes(in.get(), all));
  CP_TRY(apply(out.get(), metadata_of(status), &extras, all));
  return ::fsync(out.get()) == 0 ? Result<void>() : copy_error();
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
  if (copied) {
    const auto placed = put_in_place(to, temporary, to, name);
    copied = placed ? Result<void>() : tl::unexpected(placed.error());
  }
  if (!copied) {
    ::unlinkat(to, temporary.c_str(), 0);
  }
  return copied;
}

}  // namespace cp::transfer
