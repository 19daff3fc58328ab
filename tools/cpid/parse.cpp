// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "block_reader.hpp"
#include "cli/context.hpp"
#include "identifier_record.hpp"
#include "model/json.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {
namespace {

using cp::Result;
using cp::cli::Context;

void parse_one(Context& context, std::string_view text) {
  const auto location = cp::identity::parse_location(text);
  if (!location) {
    context.item_failed(location.error(), text);
    return;
  }
  cp::model::Json record = identifier_record(location->resource);
  if (!location->path.empty()) {
    record["path"] = cp::model::text_value(location->path);
  }
  context.output(kIdentifierColumns).record(record);
}

Result<void> parse_lines(Context& context) {
  BlockReader reader(0, "standard input");
  while (true) {
    CP_TRY_ASSIGN(const std::string_view block, reader.next());
    if (block.empty()) {
      return {};
    }
    for (const std::string_view line : cp::text::split(block, '\n')) {
      if (const std::string_view text = cp::text::trim(line); !text.empty()) {
        parse_one(context, text);
      }
    }
  }
}

}  // namespace

Result<int> parse(Context& context) {
  context.output(kIdentifierColumns);
  for (const std::string& text : context.arguments().operands()) {
    parse_one(context, text);
  }
  if (context.arguments().operands().empty()) {
    CP_TRY(parse_lines(context));
  }
  return 0;
}

}  // namespace cpid
