// SPDX-License-Identifier: Apache-2.0
#include "resolving.hpp"

namespace cpprobe {

cp::Result<std::unique_ptr<cp::identity::Resolver>> open_resolver(const cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(auto settings, cp::identity::read_resolver_settings(
                                   [&](std::string_view key) { return context.setting(key); }));
  if (!settings.registries.empty()) {
    CP_TRY(cp::open_state_directory(paths));
  }
  return cp::identity::Resolver::open(paths.state, context.clock(), std::move(settings));
}

}  // namespace cpprobe
