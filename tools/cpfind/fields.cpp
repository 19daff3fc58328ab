// SPDX-License-Identifier: Apache-2.0
#include "model/fields.hpp"

#include "cli/context.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpfind {
namespace {

using cp::cli::Column;
using cp::model::Json;

constexpr std::array kFieldsColumns{Column{"NAME", "name"}, Column{"TYPE", "type"},
                                    Column{"UNIT", "unit"}, Column{"DOCUMENT", "document"},
                                    Column{"PATH", "path"}, Column{"MEANING", "meaning"}};

constexpr std::array<std::string_view, 9> kTypes{"text",     "model", "number",  "bytes", "rate",
                                                 "duration", "money", "boolean", "flops"};
constexpr std::array<std::string_view, 3> kDocuments{"resource", "offer", "demand"};

Json document_of(const cp::model::Field& field) {
  Json json{{"schema", "cp.field/1"},
            {"name", field.name},
            {"type", kTypes[static_cast<std::size_t>(field.kind)]}};
  const bool has_unit =
      field.kind == cp::model::Kind::bytes || field.kind == cp::model::Kind::rate ||
      field.kind == cp::model::Kind::duration || field.kind == cp::model::Kind::flops;
  if (has_unit) {
    json["unit"] = cp::model::unit_of(field.kind);
  }
  json["document"] = kDocuments[static_cast<std::size_t>(field.scope)];
  json["path"] = field.path;
  json["meaning"] = field.meaning;
  return json;
}

}  // namespace

cp::Result<int> fields(cp::cli::Context& context) {
  cp::cli::Output& output = context.output(kFieldsColumns);
  for (const cp::model::Field& field : cp::model::fields()) {
    output.record(document_of(field));
  }
  return 0;
}

}  // namespace cpfind
