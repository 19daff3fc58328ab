// SPDX-License-Identifier: Apache-2.0
#include "market/snapshot_file.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::market {
namespace {

constexpr std::size_t kSnapshotBlock = SnapshotFile::kBlockBytes;

// The last bytes of the file, in this machine's order of bytes.
struct SnapshotFoot {
  std::array<char, 8> magic{'c', 'p', 'o', 'f', 'f', 'e', 'r', 's'};
  std::uint32_t version = 1;
  std::uint32_t byte_order = 0x01020304;
  SnapshotStamp stamp;
  std::uint64_t rows = 0;
  std::uint64_t directory_bytes = 0;
  std::uint64_t directory_checksum = 0;
  std::uint64_t checksum = 0;  // of what is before it

  std::uint64_t right_checksum() const {
    return XXH3_64bits(this, sizeof(SnapshotFoot) - sizeof(checksum));
  }
};
static_assert(sizeof(SnapshotFoot) == 64);

std::uint64_t blocks_of(std::uint64_t length) {
  return length / kSnapshotBlock + (length % kSnapshotBlock == 0 ? 0 : 1);
}

tl::unexpected<Error> not_as_written() {
  return fail(Errc::bad_data, "the snapshot is not as it was written");
}

template <class T>
std::span<char> bytes_of(T* first, std::size_t count) {
  return {reinterpret_cast<char*>(first), count * sizeof(T)};
}

}  // namespace

SnapshotStamp stamp_of(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.low64, hash.high64};
}

Result<SnapshotWriter> SnapshotWriter::create(const std::string& path) {
  CP_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, 0600));
  return SnapshotWriter(std::move(file));
}

Result<void> SnapshotWriter::add(std::span<const char> section) {
  directory_.push_back(section.size());
  for (std::size_t at = 0; at < section.size(); at += kSnapshotBlock) {
    directory_.push_back(
        XXH3_64bits(section.data() + at, std::min(kSnapshotBlock, section.size() - at)));
  }
  return file_.write({section.data(), section.size()});
}

Result<void> SnapshotWriter::commit(const SnapshotStamp& stamp, std::uint64_t rows) {
  SnapshotFoot foot;
  const std::span<char> directory = bytes_of(directory_.data(), directory_.size());
  foot.stamp = stamp;
  foot.rows = rows;
  foot.directory_bytes = directory.size();
  foot.directory_checksum = XXH3_64bits(directory.data(), directory.size());
  foot.checksum = foot.right_checksum();
  CP_TRY(file_.write({directory.data(), directory.size()}));
  const std::span<char> end = bytes_of(&foot, 1);
  CP_TRY(file_.write({end.data(), end.size()}));
  return file_.commit();
}

Result<SnapshotFile> SnapshotFile::open(const std::string& path) {
  SnapshotFile file;
  file.fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.fd_) {
    return fail_errno(errno, "cannot open " + path);
  }
  struct stat status {};
  if (::fstat(file.fd_.get(), &status) != 0) {
    return fail_errno(errno, "cannot read " + path);
  }
  SnapshotFoot foot;
  const SnapshotFoot expected;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size < sizeof(foot)) {
    return not_as_written();
  }
  CP_TRY(file.read_at(size - sizeof(foot), bytes_of(&foot, 1)));
  if (foot.magic != expected.magic || foot.version != expected.version ||
      foot.byte_order != expected.byte_order || foot.checksum != foot.right_checksum()) {
    return not_as_written();
  }
  file.stamp_ = foot.stamp;
  file.rows_ = foot.rows;
  CP_TRY(file.read_directory(size - sizeof(foot), foot.directory_bytes, foot.directory_checksum));
  return file;
}

// SIZE is that of the sections and the directory behind them.
Result<void> SnapshotFile::read_directory(std::uint64_t size, std::uint64_t bytes,
                                          std::uint64_t checksum) {
  constexpr std::uint64_t most = 64U << 20U;
  if (bytes > size || bytes > most || bytes % sizeof(std::uint64_t) != 0) {
    return not_as_written();
  }
  directory_.resize(bytes / sizeof(std::uint64_t));
  const std::span<char> directory = bytes_of(directory_.data(), directory_.size());
  CP_TRY(read_at(size - bytes, directory));
  if (XXH3_64bits(directory.data(), directory.size()) != checksum) {
    return not_as_written();
  }
  std::uint64_t left = size - bytes;
  for (std::size_t at = 0; at < directory_.size();) {
    const std::uint64_t length = directory_[at];
    if (length > left || blocks_of(length) > directory_.size() - at - 1) {
      return not_as_written();
    }
    sections_.push_back({size - bytes - left, length, at + 1});
    left -= length;
    at += 1 + blocks_of(length);
  }
  return left == 0 ? Result<void>() : not_as_written();
}

Result<void> SnapshotFile::read_at(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno != EINTR) {
      return fail_errno(errno, "cannot read the snapshot");
    }
    if (count == 0) {
      return not_as_written();
    }
    out = out.subspan(count < 0 ? 0 : static_cast<std::size_t>(count));
    offset += count < 0 ? 0 : static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<std::size_t> SnapshotFile::read_block(std::size_t section, std::uint64_t block,
                                             std::span<char> out) const {
  if (section >= sections_.size() || block >= blocks_of(sections_[section].length)) {
    return 0;
  }
  const Section& found = sections_[section];
  const std::uint64_t offset = block * kBlockBytes;
  const auto bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, found.length - offset));
  CP_TRY(read_at(found.offset + offset, out.first(bytes)));
  if (XXH3_64bits(out.data(), bytes) != directory_[found.first_checksum + block]) {
    return not_as_written();
  }
  return bytes;
}

Result<void> SnapshotFile::read(std::size_t section, std::uint64_t offset,
                                std::span<char> out) const {
  std::vector<char> buffer(kBlockBytes);
  while (!out.empty()) {
    CP_TRY_ASSIGN(const std::size_t bytes, read_block(section, offset / kBlockBytes, buffer));
    const std::size_t skipped = offset % kBlockBytes;
    if (bytes <= skipped) {
      return not_as_written();
    }
    const std::size_t count = std::min(bytes - skipped, out.size());
    std::memcpy(out.data(), buffer.data() + skipped, count);
    out = out.subspan(count);
    offset += count;
  }
  return {};
}

}  // namespace cp::market
