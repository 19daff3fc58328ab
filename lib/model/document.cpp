// SPDX-License-Identifier: Apache-2.0
#include "model/document.hpp"

#include "base/escape.hpp"
#include "base/utf8.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::model {
bool is_a(const Json& document, std::string_view name) {
  const auto schema = text_at(document, "schema");
  return schema && schema->starts_with(name) && schema->size() > name.size() &&
         (*schema)[name.size()] == '/';
}

Result<void> require(const Json& document, std::string_view name) {
  const auto schema = text_at(document, "schema");
  if (!schema) {
    return fail(Errc::bad_data, "a {}/1 is wanted, and this document names no schema", name);
  }
  if (!is_a(document, name)) {
    return fail(Errc::bad_data, "a {}/1 is wanted, and this is a {}", name, *schema);
  }
  if (schema->substr(name.size()) != "/1") {
    return fail(Errc::bad_data, "{} is of a major version that is not known here (only {}/1 is)",
                *schema, name);
  }
  return {};
}

namespace {

// What stands in a message may be foreign; a message is text, whatever it quotes.
std::string readable(const std::string& message) {
  return utf8::is_valid(message) ? message : escape::terminal(message);
}

}  // namespace

Json error_document(std::string_view tool, const Error& error, std::string_view item) {
  Json document{{"schema", "cp.error/1"},
                {"tool", tool},
                {"code", name_of(error.code)},
                {"message", readable(error.message)}};
  if (!item.empty()) {
    document["item"] = text_value(item);
  }
  if (!error.hint.empty()) {
    document["hint"] = readable(error.hint);
  }
  return document;
}

}  // namespace cp::model
