// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"
#include "identity/resolved.hpp"
#include "records.hpp"
#include "tool.hpp"

namespace cpid {

using cp::identity::Resolved;

cp::Result<int> resolve(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  auto& out = context.output(kResourceColumns);
  for (const std::string& name : context.arguments().operands()) {
    const auto resolved = registry.resolve(name);
    if (!resolved) {
      context.item_failed(resolved.error(), name);
    } else if (resolved->trust != "verified") {
      context.item_failed({cp::Errc::denied, name + ": " + resolved->problem, {}}, name);
    } else {
      out.record(resolved->record);
    }
  }
  return 0;
}

}  // namespace cpid
