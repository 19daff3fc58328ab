// SPDX-License-Identifier: Apache-2.0
#include "market/launching.hpp"

#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::market {

std::string launch_url(const model::Json& record) {
  const model::Json* access = model::find(record, "access");
  if (access == nullptr || !access->is_array()) {
    return {};
  }
  for (const model::Json& one : *access) {
    if (model::text_at(one, "role") == "launch") {
      return model::text_at(one, "url").value_or("");
    }
  }
  return {};
}

}  // namespace cp::market
