// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "identity/resolved.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"

namespace cpid {

using cp::Errc;
using cp::Error;
using cp::Result;

Result<int> resolve(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  cp::cli::Output& output = context.output(kResourceColumns);
  for (const std::string& name : context.arguments().operands()) {
    const auto resolved = registry.resolve(name);
    if (!resolved) {
      context.item_failed(resolved.error(), name);
    } else if (resolved->trust != "verified") {
      context.item_failed(Error{Errc::denied, name + ": " + resolved->problem, {}}, name);
    } else {
      output.record(resolved->record);
    }
  }
  return 0;
}

}  // namespace cpid
