// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"

#include <unistd.h>

namespace cpid {

using cp::Result;
using cp::identity::Registry;

Result<Registry> open_registry(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  // A command that only looks makes no directory.
  std::string directory = paths.state;
  if (::access(directory.c_str(), F_OK) == 0) {
    CP_TRY_ASSIGN(directory, cp::open_state_directory(paths));
  }
  return Registry::open(directory, context.clock());
}

std::vector<std::string> complete(cp::cli::Context& context, std::string_view kind) {
  if (kind != "alias") {
    return {};
  }
  const auto registry = open_registry(context);
  return registry ? registry->aliases("").value_or(std::vector<std::string>{})
                  : std::vector<std::string>{};
}

}  // namespace cpid
