// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/registry_status.hpp"

#include <string>

namespace cp::identity {

/// STATUS as a page of HTML that loads nothing and runs nothing.
std::string status_page(const RegistryStatus& status);

}  // namespace cp::identity
