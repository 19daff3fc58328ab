// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.hpp"

namespace cp::utf8 {

CodePoint decode(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = at(0);
  if (lead < 0x80U) {
    return {lead, 1, true};
  }
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || length > text.size()) {
    return {lead, 1, false};
  }
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0U) != 0x80U) {
      return {lead, 1, false};
    }
    code = (code << 6U) | (at(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800U) || (length == 4 && code < 0x10000U);
  if (overlong || (code >= 0xD800U && code <= 0xDFFFU) || code > 0x10FFFFU) {
    return {lead, 1, false};
  }
  return {code, length, true};
}

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (!c.valid) {
      return false;
    }
    text.remove_prefix(c.length);
  }
  return true;
}

}  // namespace cp::utf8
