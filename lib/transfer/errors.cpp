// SPDX-License-Identifier: Apache-2.0
#include "transfer/errors.hpp"

#include <algorithm>
#include <array>

namespace cp::transfer {

Errc kind_of_name(std::string_view name) {
  constexpr std::array kinds{Errc::failed,    Errc::usage,         Errc::bad_data,
                             Errc::not_found, Errc::unavailable,   Errc::internal,
                             Errc::io,        Errc::timed_out,     Errc::protocol,
                             Errc::denied,    Errc::cannot_create, Errc::bad_config};
  const auto* const found =
      std::ranges::find_if(kinds, [&](Errc kind) { return name_of(kind) == name; });
  return found == kinds.end() ? Errc::failed : *found;
}

}  // namespace cp::transfer
