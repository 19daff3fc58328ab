// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "tool.hpp"

#include <array>

namespace cpid {
namespace {

constexpr std::array kColumns{
    cp::cli::Column{"KEY", "proof.key"},
    cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"NAME", "name"},
    cp::cli::Column{"LEVEL", "level"},
};

}  // namespace

cp::Result<int> init(cp::cli::Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(const std::string directory, cp::open_state_directory(paths));
  CP_TRY_ASSIGN(const auto registry,
                cp::identity::Registry::init(directory, *given.text("prefix"),
                                             given.text("name").value_or(""), context.clock(),
                                             context.random()));
  context.output(kColumns).record(registry.delegation());
  return 0;
}

}  // namespace cpid
