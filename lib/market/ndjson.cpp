// SPDX-License-Identifier: Apache-2.0
#include "market/ndjson.hpp"

#include "market/json_lines.hpp"
#include "market/plain_resource.hpp"
#include "market/resource_rows.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "model/json_reader.hpp"

#include <nlohmann/json.hpp>

namespace cp::market {
namespace {

using model::Json;

Result<void> add_document(Json document, std::int64_t line, CacheImport& import, Lint& lint) {
  if (model::is_a(document, "cp.answer") || model::is_a(document, "cp.error")) {
    return {};
  }
  const bool is_offer = model::is_a(document, "cp.offer");
  // Another major version is the whole file's fault, not a row's.
  if (is_offer || model::is_a(document, "cp.resource")) {
    CP_TRY(model::require(document, is_offer ? "cp.offer" : "cp.resource"));
  } else {
    lint.found(line, Fault::wrong_schema, model::text_at(document, "schema").value_or(""));
    return {};
  }
  Json resource = is_offer ? resource_of_offer(document) : std::move(document);
  return import_resource(resource, line, import, lint);
}

// What breaks no rule is stored as it stands, and not at all where the row says it.
Result<void> add_plain(const PlainResources::Rows& rows, const Line& line, CacheImport& import) {
  std::int64_t document = 0;
  if (!rows.say_all) {
    CP_TRY_ASSIGN(document, import.add_document(line.text));
  }
  for (RowView& row : rows.rows) {
    row.line = line.number;
    row.document = document;
    CP_TRY(import.add(row));
  }
  return {};
}

}  // namespace

Result<void> import_resource(model::Json& resource, std::int64_t line, CacheImport& import,
                             Lint& lint) {
  ResourceRows rows = rows_of(resource);
  for (const auto& [fault, detail] : rows.faults) {
    lint.found(line, fault, detail);
  }
  if (rows.rows.empty()) {
    return {};
  }
  CP_TRY_ASSIGN(const std::int64_t document, import.add_document(model::to_line(resource)));
  for (Row& row : rows.rows) {
    row.line = line;
    row.document = document;
    CP_TRY(import.add(row));
  }
  return {};
}

Result<void> import_ndjson(LineReader& lines, const std::string& name, CacheImport& import,
                           Lint& lint) {
  PlainResources plain;
  while (true) {
    CP_TRY_ASSIGN(const auto line, lines.next());
    if (!line) {
      return {};
    }
    if (const PlainResources::Rows rows = plain.read(line->text); !rows.rows.empty()) {
      CP_TRY(add_plain(rows, *line, import));
    } else if (auto json = read_json(*line, name, lint)) {
      CP_TRY(add_document(std::move(json->json), json->number, import, lint));
    }
  }
}

Result<void> import_documents(const std::string& path, CacheImport& import, Lint& lint) {
  model::JsonReader reader({path});
  while (true) {
    CP_TRY_ASSIGN(auto document, reader.next());
    if (!document) {
      return {};
    }
    CP_TRY(add_document(*std::move(document), static_cast<std::int64_t>(reader.origin().line),
                        import, lint));
  }
}

}  // namespace cp::market
