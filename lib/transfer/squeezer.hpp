// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/compression.hpp"
#include "transfer/compressors.hpp"
#include "transfer/frame.hpp"
#include "transfer/level_control.hpp"

#include <cstddef>
#include <span>

namespace cp::transfer {

/// Compresses one stream's chunks where they lie. For one thread.
class Squeezer {
 public:
  /// Borrows LEVELS, which chooses when COMPRESSION is automatic, and COMPRESSORS; what is tried
  /// and done tells the former what that costs and brings, waiting for one of the latter included.
  Squeezer(Compression compression, LevelControl& levels, Compressors& compressors)
      : compression_(compression), levels_(levels), compressors_(compressors) {}

  /// Compresses the payload of HEADER, which lies at the beginning of SLOT, when that makes it
  /// smaller by a thirty-second at least; the header of what lies there now. When the level is
  /// chosen here, a file whose trial does not shrink goes as it is, until the next trial.
  ChunkHeader squeeze(ChunkHeader header, std::span<std::byte> slot);

 private:
  /// What the last trial on a file, or on packs, has shown.
  struct Verdict {
    std::uint64_t id = 0;  ///< of the file; 0: of packs
    bool shrinks = false;
    int chunks_left = 0;  ///< that it holds for
  };

  bool shrinks(const ChunkHeader& header, std::span<const std::byte> payload);
  bool try_part(std::span<const std::byte> payload);
  ChunkHeader squeeze_at(int level, ChunkHeader header, std::span<std::byte> slot);

  Compression compression_;
  LevelControl& levels_;
  Verdict file_;
  Verdict packs_;
  Compressors& compressors_;
};

}  // namespace cp::transfer
