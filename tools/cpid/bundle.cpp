// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "identity/delegating.hpp"
#include "identity/resolved.hpp"
#include "model/json.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::model::Json;

constexpr std::array kBundleColumns{
    cp::cli::Column{"DOCUMENT", "id|prefix", cp::cli::Show::id},
    cp::cli::Column{"SCHEMA", "schema"},
    cp::cli::Column{"SEQ", "seq", cp::cli::Show::count},
};

}  // namespace

Result<int> bundle(Context& context) {
  auto& output = context.output(kBundleColumns);
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(const auto chain, cp::identity::chain_of(*estate, registry.prefix()));
  for (const Json& document : chain) {
    output.record(document);
  }
  const auto print = [&](const cp::identity::Resolved& resolved) -> Result<void> {
    if (resolved.trust != "verified") {
      const std::string id = cp::model::text_at(resolved.record, "id").value_or("a record");
      context.item_failed({Errc::denied, id + ": " + resolved.problem, {}}, id);
    } else {
      output.record(resolved.record);
    }
    return {};
  };
  for (const std::string& name : context.arguments().operands()) {
    const auto resolved = registry.resolve(name);
    if (!resolved) {
      context.item_failed(resolved.error(), name);
    } else {
      CP_TRY(print(*resolved));
    }
  }
  if (context.arguments().operands().empty()) {
    CP_TRY(registry.for_each(print));
  }
  return 0;
}

}  // namespace cpid
