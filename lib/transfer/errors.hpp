// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace cp::transfer {

/// The kind whose `name_of` is NAME; Errc::failed for one that a later version added.
Errc kind_of_name(std::string_view name);

}  // namespace cp::transfer
