// SPDX-License-Identifier: Apache-2.0
#include "provider/launcher.hpp"

#include <algorithm>

namespace cp::provider {

bool is_token(std::string_view text) {
  constexpr std::size_t longest = 64;
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= longest && text[0] != '-' &&
         std::ranges::all_of(text, allowed);
}

}  // namespace cp::provider
