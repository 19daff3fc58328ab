// SPDX-License-Identifier: Apache-2.0
#include "transfer/source_file.hpp"

#include "transfer/holes.hpp"
#include "transfer/limits.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr const char* kChanged = "it changed while it was read";

Error plain(Errc code, int error_number) { return {code, errno_text(error_number), {}}; }

}  // namespace

Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<std::byte> out) {
  std::size_t have = 0;
  while (have < out.size()) {
    const ssize_t count =
        ::pread(fd, out.data() + have, out.size() - have, static_cast<off_t>(offset + have));
    if (count == 0) {
      break;
    }
    if (count < 0 && errno != EINTR) {
      return tl::unexpected<Error>(plain(Errc::io, errno));
    }
    have += count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  return have;
}

Result<void> check_told_size(int fd, const Entry& entry) {
  std::array<std::byte, 1> more{};
  CP_TRY_ASSIGN(const std::size_t have,
                read_at(fd, 0, std::span(more).first(entry.size == 0 ? 1 : 0)));
  return have == 0 ? Result<void>() : fail(Errc::failed, "it does not say how much it holds");
}

Result<void> check_unchanged(int fd, const Entry& entry) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    return tl::unexpected<Error>(plain(Errc::io, errno));
  }
  const Metadata now = metadata_of(status);
  const bool is_same = static_cast<std::uint64_t>(status.st_size) == entry.size &&
                       now.mtime_s == entry.metadata.mtime_s &&
                       now.mtime_ns == entry.metadata.mtime_ns;
  return is_same ? Result<void>() : fail(Errc::failed, "{}", kChanged);
}

Result<UniqueFd> open_as_walked(const Source& source, const Entry& entry) {
  // Non-blocking, since a pipe may stand there by now.
  CP_TRY_ASSIGN(UniqueFd fd,
                source.root.open_beneath(entry.path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Errc::failed, "{}", kChanged);
  }
  return fd;
}

SourceFile::SourceFile(const Source& source, Entry entry)
    : source_(source), entry_(std::move(entry)) {
  if (entry_.extras) {
    add_holes(leaves_, entry_.extras->holes, entry_.size);
  }
}

Result<int> SourceFile::open() {
  const std::scoped_lock lock(mutex_);
  if (!fd_) {
    CP_TRY_ASSIGN(fd_, open_as_walked(source_, entry_));
    ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return fd_.get();
}

Result<std::uint32_t> SourceFile::read(std::uint64_t offset, std::span<std::byte> slot) {
  CP_TRY_ASSIGN(const int fd, open());
  const auto length =
      static_cast<std::size_t>(std::min<std::uint64_t>(limits::leaf_bytes, entry_.size - offset));
  CP_TRY_ASSIGN(const std::size_t have, read_at(fd, offset, slot.first(length)));
  if (have != length) {
    return fail(Errc::failed, "{}", kChanged);
  }
  return static_cast<std::uint32_t>(length);
}

void SourceFile::skip(const std::map<std::uint64_t, Digest>& leaves) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t all = leaves_of(entry_.size);
  for (const auto& [index, digest] : leaves) {
    if (index < all && leaves_.add(index, digest)) {
      skipped_.insert(index);
      skipped_bytes_ +=
          std::min<std::uint64_t>(limits::leaf_bytes, entry_.size - index * limits::leaf_bytes);
    }
  }
}

std::uint64_t SourceFile::next_wanted(std::uint64_t offset) const {
  std::uint64_t leaf = offset / limits::leaf_bytes;
  while (true) {
    const std::uint64_t next = entry_.extras ? behind_hole(entry_.extras->holes, leaf) : leaf;
    if (next == leaf && !skipped_.contains(leaf)) {
      return leaf * limits::leaf_bytes;
    }
    leaf = std::max(next, skipped_.contains(leaf) ? leaf + 1 : leaf);
  }
}

std::optional<Result<FileEnd>> SourceFile::end_if_skipped() {
  if (next_wanted(0) < entry_.size) {
    return std::nullopt;
  }
  if (const auto opened = open(); !opened) {
    return tl::unexpected<Error>(opened.error());
  }
  const std::scoped_lock lock(mutex_);
  return end();
}

bool SourceFile::matches(const std::map<std::uint64_t, Digest>& leaves) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(limits::leaf_bytes, entry_.size));
  return std::ranges::all_of(leaves, [&](const auto& leaf) {
    const std::uint64_t offset = leaf.first * limits::leaf_bytes;
    const auto length = offset < entry_.size ? read(offset, buffer) : Result<std::uint32_t>(0);
    return length && leaf_digest(std::span(buffer).first(*length)) == leaf.second;
  });
}

std::optional<Result<FileEnd>> SourceFile::add(std::uint64_t offset, const Digest& leaf) {
  const std::scoped_lock lock(mutex_);
  if (!leaves_.add(offset / limits::leaf_bytes, leaf) ||
      leaves_.leaves() != leaves_of(entry_.size)) {
    return std::nullopt;
  }
  return end();
}

Result<FileEnd> SourceFile::end() {
  CP_TRY(check_unchanged(fd_.get(), entry_));
  return FileEnd{
      .id = entry_.id, .digest = leaves_.file_digest(entry_.size), .metadata = entry_.metadata};
}

}  // namespace cp::transfer
