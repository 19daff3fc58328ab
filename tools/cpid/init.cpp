// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpid {

using cp::cli::Column;

cp::Result<int> init(cp::cli::Context& context) {
  constexpr std::array columns{Column{"PREFIX", "prefix"}, Column{"NAME", "name"},
                               Column{"KEY", "proof.key"}};
  const auto& given = context.arguments();
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(const std::string state, cp::open_state_directory(paths));
  CP_TRY_ASSIGN(const auto registry,
                cp::identity::Registry::init(state, *given.text("prefix"), *given.text("name"),
                                             context.clock(), context.random()));
  context.output(columns).record(registry.delegation());
  return 0;
}

}  // namespace cpid
