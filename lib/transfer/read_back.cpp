// SPDX-License-Identifier: Apache-2.0
#include "transfer/read_back.hpp"

#include "base/fd.hpp"
#include "transfer/limits.hpp"
#include "transfer/source_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <span>
#include <unistd.h>
#include <vector>

namespace cp::transfer {
namespace {

Result<Digest> digest_there(int fd, std::uint64_t bytes) {
  LeafTree leaves;
  std::vector<std::byte> buffer(std::min<std::uint64_t>(limits::leaf_bytes, bytes));
  for (std::uint64_t leaf = 0; leaf < leaves_of(bytes); ++leaf) {
    const std::uint64_t offset = leaf * limits::leaf_bytes;
    const auto out =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), bytes - offset));
    CP_TRY_ASSIGN(const std::size_t have, read_at(fd, offset, out));
    if (have != out.size()) {
      return fail(Errc::io, "the disk gives back less than was written");
    }
    leaves.add(leaf, leaf_digest(out));
  }
  return leaves.file_digest(bytes);
}

}  // namespace

Result<void> read_back(int directory, const std::string& name, std::uint64_t bytes,
                       const Digest& content) {
  const UniqueFd fd(
      ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ELOOP) {
    return {};
  }
  // Only what is on the disk can be forgotten.
  if (!fd || ::fdatasync(fd.get()) != 0) {
    return fail_errno(Errc::io, errno, "cannot read back what was written");
  }
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  const auto there = digest_there(fd.get(), bytes);
  if (!there) {
    return fail(Errc::io, "cannot read back what was written: {}", there.error().message);
  }
  return *there == content ? Result<void>()
                           : fail(Errc::io, "what the disk gives back is not what was written");
}

}  // namespace cp::transfer
