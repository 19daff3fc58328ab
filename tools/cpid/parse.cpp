// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"
#include "records.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

cp::Result<int> parse(cp::cli::Context& context) {
  auto& out = context.output(kIdentifierColumns);
  for (const std::string& code : context.arguments().operands()) {
    const auto id = cp::identity::Identifier::parse(code);
    if (id) {
      print_identifier(out, *id);
    } else {
      context.item_failed(id.error(), code);
    }
  }
  return 0;
}

}  // namespace cpid
