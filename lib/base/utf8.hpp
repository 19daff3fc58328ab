// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cp::utf8 {

/// What stands at the start of a text: a code point of RFC 3629, or one byte that begins none.
struct CodePoint {
  std::uint32_t code = 0;  ///< the byte's value when it is not valid
  std::size_t length = 1;  ///< bytes, 1 to 4
  bool valid = false;      ///< no surrogate, no overlong form, at most U+10FFFF
};

/// The code point at the start of TEXT, which is not empty.
CodePoint decode(std::string_view text);

/// Whether all of TEXT is valid.
bool is_valid(std::string_view text);

}  // namespace cp::utf8
