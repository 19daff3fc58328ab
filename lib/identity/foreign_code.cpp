// SPDX-License-Identifier: Apache-2.0
#include "identity/foreign_code.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cp::identity {

std::optional<ForeignCode> read_foreign_code(std::string_view text) {
  const auto cut = text::cut(text, ':');
  const auto is_of_scheme = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (!cut || cut->before.empty() || cut->after.empty() || text::lower(cut->before) == "cp" ||
      !std::ranges::all_of(cut->before, is_of_scheme)) {
    return std::nullopt;
  }
  return ForeignCode{cut->before, cut->after};
}

}  // namespace cp::identity
