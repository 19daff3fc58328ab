// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "authority_columns.hpp"
#include "identity/ending.hpp"
#include "identity/identifier.hpp"
#include "identity/rekeying.hpp"
#include "identity/revoking.hpp"
#include "passphrase.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"
#include "uses.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

using cp::Result;
using cp::cli::Context;
using cp::model::Json;
using cp::store::Transaction;

Result<int> head(Context& context) {
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate->database));
  CP_TRY_ASSIGN(const Json made,
                cp::identity::make_head(*estate, *context.arguments().duration("valid-for")));
  CP_TRY(transaction.commit());
  context.output(kHeadColumns).record(made);
  return 0;
}

// A key and a delegation are void for others when they see the next head: it is made at once.
Result<int> revoke(Context& context) {
  const std::string& what = context.arguments().operands().front();
  const std::string why = *context.arguments().text("why");
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate->database));
  if (what.starts_with('@') || cp::identity::flaw_in(what) == cp::identity::Flaw::none) {
    CP_TRY_ASSIGN(const Json ended, cp::identity::end_record(*estate, what, {"revoked", why, ""}));
    CP_TRY(transaction.commit());
    context.output(kResourceColumns).record(ended);
    return 0;
  }
  const bool is_meant = context.arguments().has("force");
  CP_TRY(cp::identity::is_prefix(what) ? cp::identity::revoke_delegation(*estate, what, why)
                                       : cp::identity::revoke_key(*estate, what, why, is_meant));
  CP_TRY_ASSIGN(const Json made, cp::identity::make_head(*estate, std::chrono::days(7)));
  CP_TRY(transaction.commit());
  context.output(kHeadColumns).record(made);
  return 0;
}

Result<int> rekey(Context& context) {
  cp::identity::Rekeying rekeying;
  CP_TRY_ASSIGN(rekeying.uses, uses_of(context));
  CP_TRY_ASSIGN(rekeying.passphrase, new_passphrase(context));
  rekeying.overlap = *context.arguments().duration("overlap");
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate->database));
  CP_TRY_ASSIGN(const Json made, cp::identity::rekey(*estate, rekeying));
  CP_TRY(transaction.commit());
  print_own_delegation(context, made);
  return 0;
}

}  // namespace cpid
