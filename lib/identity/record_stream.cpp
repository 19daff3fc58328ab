// SPDX-License-Identifier: Apache-2.0
#include "identity/record_stream.hpp"

#include "identity/registration.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {

using model::Json;

RecordSearch::RecordSearch(RegistryView& view, model::Condition condition, std::int64_t limit)
    : view_(view),
      condition_(std::move(condition)),
      scan_(view, filter_for(condition_)),
      left_(limit) {}

Result<bool> RecordSearch::fits(const StoredDocument& record) const {
  CP_TRY_ASSIGN(const Json document, model::parse_json(record.text, {"the record"}));
  const auto valid_until = model::time_at(document, "valid_until");
  const bool is_current =
      end_of(document).empty() && valid_until && *valid_until > view_.estate().now();
  return is_current && model::evaluate(condition_, document, Json::object()) == model::Truth::yes;
}

Result<std::string> RecordSearch::next() {
  if (left_ <= 0 || scan_.is_at_end()) {
    return "";
  }
  CP_TRY_ASSIGN(const auto page, scan_.page());
  std::string piece;
  for (const StoredDocument& record : page) {
    CP_TRY_ASSIGN(const bool fit, fits(record));
    if (fit && left_ > 0) {
      --left_;
      piece += record.text;
      piece += '\n';
    }
  }
  return piece.empty() ? "\n" : piece;
}

Result<std::string> RegistryDump::delegations() {
  CP_TRY_ASSIGN(const auto chain, view_.chain());
  CP_TRY_ASSIGN(const auto below, view_.below());
  std::string piece;
  for (const std::string& document : chain) {
    piece.append(document).append("\n");
  }
  for (const StoredDocument& one : below) {
    piece.append(one.text).append("\n");
  }
  return piece;
}

Result<std::string> RegistryDump::next() {
  if (!has_begun_) {
    has_begun_ = true;
    return delegations();
  }
  std::string piece;
  while (piece.empty() && !scan_.is_at_end()) {
    CP_TRY_ASSIGN(const auto page, scan_.page());
    for (const StoredDocument& record : page) {
      piece.append(record.text).append("\n");
    }
  }
  if (piece.empty() && !is_closed_) {
    is_closed_ = true;
    CP_TRY_ASSIGN(piece, view_.head());
    piece += piece.empty() ? "" : "\n";
  }
  return piece;
}

}  // namespace cp::identity
