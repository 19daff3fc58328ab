// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "identity/registry.hpp"
#include "identity/registry_store.hpp"

#include <functional>
#include <string>

namespace cp::identity {

/// Calls VISIT with each serial that the ledger's ENTRY allocates; bad_data for one that is no
/// text.
Result<void> for_each_serial(const model::Json& entry,
                             const std::function<Result<void>(const std::string&)>& visit);

/// Does what Registry::audit says on STORE.
Result<Registry::Audit> audit_store(const RegistryStore& store);

}  // namespace cp::identity
