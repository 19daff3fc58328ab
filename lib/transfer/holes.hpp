// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/digest.hpp"
#include "transfer/extras.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Files that take less room than they are long. Whole leaves that are holes at the source are not
/// read and not sent; both ends know their digest.
namespace cp::transfer {

/// The leaves of the file FD of SIZE bytes that are holes, by SEEK_HOLE of lseek(2); none where the
/// file system tells of none, and of a very ragged file only the first of them.
std::vector<LeafRange> find_holes(int fd, std::uint64_t size);

/// Adds the digests of HOLES, of a file of SIZE bytes, to its tree.
void add_holes(LeafTree& leaves, const std::vector<LeafRange>& holes, std::uint64_t size);

/// How many bytes of a file of SIZE bytes are in HOLES.
std::uint64_t bytes_in(const std::vector<LeafRange>& holes, std::uint64_t size);

/// The first leaf from LEAF on that is in no hole.
std::uint64_t behind_hole(const std::vector<LeafRange>& holes, std::uint64_t leaf);

/// Writes BYTES at OFFSET of the file FD, which reads as zeros there and is long enough, without
/// the long runs of zeros in them.
Result<void> write_sparsely(int fd, std::uint64_t offset, std::span<const std::byte> bytes);

/// Writes all of BYTES at OFFSET of FD.
Result<void> write_at(int fd, std::uint64_t offset, std::span<const std::byte> bytes);

}  // namespace cp::transfer
