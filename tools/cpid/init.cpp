// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "authority_columns.hpp"
#include "identity/authority.hpp"
#include "passphrase.hpp"
#include "times.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpid {
namespace {

constexpr std::array kInitColumns{
    cp::cli::Column{"KEY", "proof.key"},
    cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"NAME", "name"},
    cp::cli::Column{"LEVEL", "level"},
};

cp::Result<cp::identity::Founding> founding_of(cp::cli::Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  cp::identity::Founding founding;
  founding.prefix = *given.text("prefix");
  founding.name = given.text("name").value_or(founding.prefix == "0" ? "private authority" : "");
  founding.level = given.text("level").value_or("");
  founding.parent = given.text("parent");
  founding.registries = given.texts("registry");
  CP_TRY_ASSIGN(founding.not_after, end_of_validity(context));
  if (!given.texts("key").empty()) {
    CP_TRY_ASSIGN(founding.keys, read_documents(context, given.texts("key")));
  }
  CP_TRY_ASSIGN(founding.passphrase, new_passphrase(context));
  return founding;
}

}  // namespace

cp::Result<int> init(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  CP_TRY_ASSIGN(const auto founding, founding_of(context));
  CP_TRY_ASSIGN(const std::string directory, cp::open_state_directory(paths));
  CP_TRY_ASSIGN(const auto registry, cp::identity::Registry::found(
                                         directory, founding, context.clock(), context.random()));
  context.output(kInitColumns).record(registry.delegation());
  if (founding.parent) {
    context.note("this is the request to prefix " + *founding.parent +
                 "; cpid accept takes what it answers");
  } else if (!founding.keys.empty()) {
    context.note("cpid sign --key signs it where the key is; cpid accept takes it then");
  }
  return 0;
}

}  // namespace cpid
