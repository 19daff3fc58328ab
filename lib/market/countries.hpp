// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace cp::market {

/// The code of ISO 3166-1 (alpha-2) for the country that catalogs call NAME, in English or by its
/// code, case ignored; nullopt when it is not known.
std::optional<std::string_view> country_code(std::string_view name);

}  // namespace cp::market
