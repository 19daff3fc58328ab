// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

/// Payloads of chunks as zstd frames (RFC 8878), each for itself: one frame, which says how much it
/// holds.
namespace cp::transfer {

/// How this codec is called where two ends agree on one.
inline constexpr std::string_view zstd_name = "zstd";

inline constexpr int zstd_least_level = -7;  ///< faster than 1, and shrinks less
inline constexpr int zstd_most_level = 19;

struct FreeZstd {
  void operator()(ZSTD_CCtx_s* context) const;
  void operator()(ZSTD_DCtx_s* context) const;
};

/// Makes one payload after another smaller. For one thread; its memory comes with the first use.
class ZstdCompressor {
 public:
  /// PLAIN (at most limits::chunk_bytes) as a frame of at most MOST bytes, valid until the next
  /// call; empty when it does not become as small as that.
  std::span<const std::byte> compress(std::span<const std::byte> plain, int level,
                                      std::size_t most);

 private:
  std::unique_ptr<ZSTD_CCtx_s, FreeZstd> context_;
  std::vector<std::byte> room_;
};

/// Gives back what was compressed. For one thread; its memory comes with the first use.
class ZstdExpander {
 public:
  /// The LENGTH bytes (at most limits::chunk_bytes) that FRAME holds, valid until the next call. No
  /// frame makes it write or allocate more than that. protocol for what is not one frame of so many
  /// bytes.
  Result<std::span<const std::byte>> expand(std::span<const std::byte> frame, std::size_t length);

 private:
  std::unique_ptr<ZSTD_DCtx_s, FreeZstd> context_;
  std::vector<std::byte> room_;
};

}  // namespace cp::transfer
