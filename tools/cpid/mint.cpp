// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"
#include "records.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

using cp::cli::Output;
using cp::identity::Identifier;

cp::Result<int> mint(cp::cli::Context& context) {
  const auto& given = context.arguments();
  CP_TRY_ASSIGN(auto registry, open_registry(context));
  Output& out = context.output(kIdentifierColumns);
  // Codes of one batch are printed together: they became durable together.
  const auto print = [&](std::span<const std::string> codes) -> cp::Result<void> {
    for (const std::string& code : codes) {
      if (out.form() == Output::Form::plain) {
        out.raw_line(code);
      } else {
        CP_TRY_ASSIGN(const Identifier id, Identifier::parse(code));
        print_identifier(out, id);
      }
    }
    return out.flush();
  };
  CP_TRY(registry.mint(static_cast<std::uint64_t>(*given.integer("count")),
                       static_cast<std::size_t>(*given.integer("length")), context.random(),
                       print));
  return 0;
}

}  // namespace cpid
