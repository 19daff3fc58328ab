// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/sha256.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cp::transfer {

/// What a host without cpxfer can tell of a file's content.
enum class FarSumKind {
  sha256,  ///< sha256sum(1), shasum(1)
  cksum,   ///< cksum(1), which every POSIX system has; it finds accidents, not forgers
};

/// The sum of bytes that come piece by piece, as the program of that kind prints it.
class FarSum {
 public:
  explicit FarSum(FarSumKind kind) : kind_(kind) {}
  void add(std::span<const std::byte> bytes);
  /// 64 hexadecimal digits, or "CRC SIZE"; nothing is added after it.
  std::string finish();

 private:
  void add_to_crc(std::byte byte);

  FarSumKind kind_;
  identity::Sha256 sha_;
  std::uint32_t crc_ = 0;
  std::uint64_t bytes_ = 0;
};

/// The sum in LINE, which a program of KIND printed of its standard input or of the file that comes
/// after the sum in the line; "" when there is none.
std::string_view sum_in(std::string_view line, FarSumKind kind);
/// The name in such a line.
std::string_view name_in(std::string_view line, FarSumKind kind);

}  // namespace cp::transfer
