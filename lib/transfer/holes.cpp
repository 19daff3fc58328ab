// SPDX-License-Identifier: Apache-2.0
#include "transfer/holes.hpp"

#include "transfer/limits.hpp"
#include "transfer/system_error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr std::size_t kMostRanges = 4096;
constexpr std::size_t kBlock = 4096;
// A shorter run costs another write and saves little.
constexpr std::size_t kShortestHole = 16 * kBlock;

bool is_zeros(std::span<const std::byte> bytes) {
  return bytes[0] == std::byte{0} &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

std::size_t zeros_from(std::span<const std::byte> bytes) {
  std::size_t length = 0;
  while (length < bytes.size()) {
    const auto block = bytes.subspan(length, std::min(kBlock, bytes.size() - length));
    if (!is_zeros(block)) {
      break;
    }
    length += block.size();
  }
  return length;
}

Digest zeros_digest(std::size_t length) { return leaf_digest(std::vector<std::byte>(length)); }

}  // namespace

std::vector<LeafRange> find_holes(int fd, std::uint64_t size) {
  std::vector<LeafRange> holes;
  const auto end = static_cast<off_t>(size);
  off_t at = 0;
  while (at < end && holes.size() < kMostRanges) {
    const off_t hole = ::lseek(fd, at, SEEK_HOLE);
    if (hole < 0 || hole >= end) {
      break;
    }
    const off_t data = ::lseek(fd, hole, SEEK_DATA);
    if (data < 0 && errno != ENXIO) {
      break;
    }
    at = data < 0 ? end : std::min(data, end);
    const std::uint64_t first = leaves_of(static_cast<std::uint64_t>(hole));
    const std::uint64_t last =
        at == end ? leaves_of(size) : static_cast<std::uint64_t>(at) / limits::leaf_bytes;
    if (first < last) {
      holes.push_back({first, last - first});
    }
  }
  return holes;
}

void add_holes(LeafTree& leaves, const std::vector<LeafRange>& holes, std::uint64_t size) {
  if (holes.empty()) {
    return;
  }
  const Digest zeros = zeros_digest(limits::leaf_bytes);
  const std::uint64_t whole = size / limits::leaf_bytes;
  for (const LeafRange& hole : holes) {
    const std::uint64_t end = hole.first + hole.count;
    leaves.add_run(hole.first, std::min(end, whole), zeros);
    if (end > whole) {
      leaves.add(whole, zeros_digest(size % limits::leaf_bytes));
    }
  }
}

std::uint64_t bytes_in(const std::vector<LeafRange>& holes, std::uint64_t size) {
  std::uint64_t bytes = 0;
  for (const LeafRange& hole : holes) {
    const std::uint64_t from = hole.first * limits::leaf_bytes;
    bytes += std::min((hole.first + hole.count) * limits::leaf_bytes, size) - from;
  }
  return bytes;
}

std::uint64_t behind_hole(const std::vector<LeafRange>& holes, std::uint64_t leaf) {
  auto hole = std::ranges::upper_bound(holes, leaf, {}, &LeafRange::first);
  if (hole == holes.begin()) {
    return leaf;
  }
  --hole;
  return std::max(leaf, hole->first + hole->count);
}

Result<void> write_sparsely(int fd, std::uint64_t offset, std::span<const std::byte> bytes) {
  std::size_t from = 0;  // what lies before it is written or need not be
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t zeros = zeros_from(bytes.subspan(at));
    if (zeros >= kShortestHole) {
      CP_TRY(write_at(fd, offset + from, bytes.subspan(from, at - from)));
      from = at + zeros;
    }
    at += std::max(zeros, kBlock);
  }
  return from < bytes.size() ? write_at(fd, offset + from, bytes.subspan(from)) : Result<void>();
}

Result<void> write_at(int fd, std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno != EINTR) {
      return system_error(Errc::io);
    }
    const auto done = count < 0 ? std::size_t{0} : static_cast<std::size_t>(count);
    bytes = bytes.subspan(done);
    offset += done;
  }
  return {};
}

}  // namespace cp::transfer
