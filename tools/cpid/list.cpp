// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"
#include "identity/resolved.hpp"
#include "model/json.hpp"
#include "records.hpp"
#include "tool.hpp"

namespace cpid {

using cp::Result;
using cp::identity::Identifier;
using cp::identity::Resolved;

Result<int> list(cp::cli::Context& context) {
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  if (context.arguments().has("codes")) {
    auto& out = context.output(kIdentifierColumns);
    CP_TRY(registry.for_each_code([&](std::string_view code) -> Result<void> {
      CP_TRY_ASSIGN(const Identifier id, Identifier::parse(code));
      print_identifier(out, id);
      return {};
    }));
    return 0;
  }
  auto& out = context.output(kResourceColumns);
  CP_TRY(registry.for_each([&](const Resolved& resolved) -> Result<void> {
    if (resolved.trust == "verified") {
      out.record(resolved.record);
    } else {
      const std::string id = cp::model::text_at(resolved.record, "id").value_or("a record");
      context.item_failed({cp::Errc::denied, id + ": " + resolved.problem, {}}, id);
    }
    return {};
  }));
  return 0;
}

}  // namespace cpid
