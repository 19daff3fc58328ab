// SPDX-License-Identifier: Apache-2.0
#include "resolving.hpp"

namespace cpprobe {

cp::Result<std::unique_ptr<cp::identity::Resolver>> open_resolver(const cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  return cp::identity::Resolver::open_configured(
      paths, context.clock(), [&](std::string_view key) { return context.setting(key); });
}

}  // namespace cpprobe
