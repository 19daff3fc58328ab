// SPDX-License-Identifier: Apache-2.0
#include "identity/feed.hpp"

#include "base/limits.hpp"
#include "identity/sha256.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

constexpr std::int64_t kEntriesPerPiece = 64;

std::string kind_of(const Json& entry) {
  const std::string op = model::text_at(entry, "op").value_or("");
  return op == "register"   ? "resource"
         : op == "delegate" ? "delegation"
         : op == "revoke"   ? "revocation"
         : op == "keep"     ? "kept"
                            : op;
}

// The delegation that ENTRY speaks of, if it is still the newest, or one of a root's own.
Result<std::string> delegation_of(RegistryView& view, const Json& entry) {
  const auto child = model::text_at(entry, "child");
  std::vector<std::string> texts;
  if (!child) {
    CP_TRY_ASSIGN(texts, view.own_versions());
  } else {
    CP_TRY_ASSIGN(const auto found, view.delegation(*child));
    texts.push_back(found ? found->text : "{}");
  }
  for (std::string& text : texts) {
    CP_TRY_ASSIGN(const Json document, model::parse_json(text, {"a kept delegation"}));
    CP_TRY_ASSIGN(const std::string digest, digest_of(document));
    if (digest == model::text_at(entry, "delegation")) {
      return std::move(text);
    }
  }
  return "";
}

// The document that ENTRY has entered, on one line; "" when there is none, or a newer one.
Result<std::string> document_of(RegistryView& view, const Json& entry) {
  if (const auto id = Identifier::parse(model::text_at(entry, "id").value_or(""))) {
    CP_TRY_ASSIGN(const auto record, view.record(*id));
    return record && record->seq == model::int_at(entry, "record_seq") ? record->text : "";
  }
  if (model::text_at(entry, "op") == "head") {
    CP_TRY_ASSIGN(std::string head, view.head());
    const auto document = model::parse_json(head.empty() ? "{}" : head);
    return document && model::int_at(*document, "seq") == model::int_at(entry, "seq") ? head : "";
  }
  const bool is_of_delegation =
      model::text_at(entry, "op") != "revoke" && model::text_at(entry, "delegation").has_value();
  return is_of_delegation ? delegation_of(view, entry) : Result<std::string>("");
}

}  // namespace

Result<std::string> LedgerFeed::hash_before() {
  Estate& estate = view_.estate();
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT hash FROM ledger WHERE authority = ?1 "
                                                  "AND seq = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, estate.authority->row).bind(2, last_).step());
  return found ? std::string(row.text(0)) : std::string(32, '\0');
}

Result<std::string> LedgerFeed::line(std::string_view entry, std::string_view hash) {
  CP_TRY_ASSIGN(const Json read, model::parse_json(entry, {"the ledger"}));
  CP_TRY_ASSIGN(const std::string document, document_of(view_, read));
  std::string text = fmt::format(
      R"({{"schema":"cp.entry/1","seq":{},"hash":"{}","previous":"{}","kind":"{}","at":"{}","entry":{})",
      last_, sha256_text(hash), sha256_text(*previous_), kind_of(read),
      model::text_at(read, "at").value_or(""), entry);
  // One that an older release has taken: without it the others can be followed still.
  constexpr std::size_t kRest = 16;
  const bool fits = text.size() + document.size() + kRest <= limits::document_bytes;
  if (!document.empty() && fits) {
    text.append(R"(,"document":)").append(document);
  }
  return text + "}\n";
}

Result<std::string> LedgerFeed::next() {
  if (is_closed_) {
    return "";
  }
  if (!previous_) {
    CP_TRY_ASSIGN(previous_, hash_before());
  }
  Estate& estate = view_.estate();
  CP_TRY_ASSIGN(auto rows, estate.database.prepare("SELECT seq, entry, hash FROM ledger "
                                                   "WHERE authority = ?1 AND seq > ?2 "
                                                   "ORDER BY seq LIMIT ?3"));
  rows.bind(1, estate.authority->row).bind(2, last_).bind(3, std::min(left_, kEntriesPerPiece));
  std::string piece;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      break;
    }
    last_ = rows.integer(0);
    --left_;
    CP_TRY_ASSIGN(const std::string text, line(rows.text(1), rows.text(2)));
    piece += text;
    previous_ = std::string(rows.text(2));
  }
  if (piece.empty()) {
    is_closed_ = true;
    CP_TRY_ASSIGN(piece, view_.head());
    piece += piece.empty() ? "" : "\n";
  }
  return piece;
}

}  // namespace cp::identity
