// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace cp::identity {

/// What somebody else calls a resource: a member of also_known_as. Views into what it was read
/// from.
struct ForeignCode {
  std::string_view scheme;  ///< small letters and digits: "lei"
  std::string_view id;
};

/// TEXT as "SCHEME:ID"; nullopt for what has no such form, and for our own scheme, cp.
std::optional<ForeignCode> read_foreign_code(std::string_view text);

}  // namespace cp::identity
