// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/compression.hpp"
#include "transfer/frame.hpp"
#include "transfer/zstd.hpp"

#include <cstddef>
#include <span>

namespace cp::transfer {

/// Compresses one stream's chunks where they lie. For one thread.
class Squeezer {
 public:
  explicit Squeezer(Compression compression) : compression_(compression) {}

  /// Compresses the payload of HEADER, which lies at the beginning of SLOT, when that makes it
  /// smaller by a thirty-second at least; the header of what lies there now.
  ChunkHeader squeeze(ChunkHeader header, std::span<std::byte> slot);

 private:
  Compression compression_;
  ZstdCompressor compressor_;
};

}  // namespace cp::transfer
