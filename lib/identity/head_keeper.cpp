// SPDX-License-Identifier: Apache-2.0
#include "identity/head_keeper.hpp"

#include "identity/registry_view.hpp"
#include "identity/revoking.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {
namespace {

using model::Json;

constexpr auto kValidity = std::chrono::days(7);

Result<bool> is_due(Estate& estate, std::chrono::nanoseconds least) {
  RegistryView view(estate);
  CP_TRY_ASSIGN(const std::string text, view.head());
  if (text.empty()) {
    return true;
  }
  CP_TRY_ASSIGN(const Json head, model::parse_json(text, {"the kept head"}));
  CP_TRY_ASSIGN(const auto end, estate.registry().ledger().end());
  const auto age = estate.now() - model::time_at(head, "issued").value_or(UnixTime());
  const auto left = model::time_at(head, "valid_until").value_or(UnixTime()) - estate.now();
  const bool has_grown = end.seq > model::int_at(head, "seq").value_or(0);
  return left < kValidity / 2 || (has_grown && age >= least);
}

}  // namespace

Result<bool> refresh_head(Estate& estate, std::chrono::nanoseconds least) {
  CP_TRY_ASSIGN(const bool looks_due, is_due(estate, least));
  if (!looks_due) {
    return false;
  }
  CP_TRY_ASSIGN(auto transaction, store::Transaction::begin(estate.database));
  // Another process may have made one meanwhile, or the authority has other keys now.
  CP_TRY_ASSIGN(const bool due, is_due(estate, least));
  if (!due) {
    return false;
  }
  CP_TRY_ASSIGN(estate.authority, load_authority(estate.database));
  CP_TRY(make_head(estate, kValidity));
  CP_TRY(transaction.commit());
  return true;
}

}  // namespace cp::identity
