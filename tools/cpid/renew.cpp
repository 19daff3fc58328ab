// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "authority_columns.hpp"
#include "identity/rekeying.hpp"
#include "times.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {

using cp::Result;
using cp::model::Json;

Result<int> renew_authority(cp::cli::Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  cp::identity::OwnChange change;
  change.name = given.text("name");
  change.level = given.text("level");
  change.registries = given.texts("registry");
  CP_TRY_ASSIGN(change.not_after, end_of_validity(context));
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  if (given.has("prepare")) {
    CP_TRY_ASSIGN(const Json prepared, cp::identity::prepare_renewal(*estate, change));
    context.output(kDelegationColumns).record(prepared);
    return 0;
  }
  CP_TRY_ASSIGN(auto transaction, cp::store::Transaction::begin(estate->database));
  CP_TRY_ASSIGN(const Json made, cp::identity::renew_own(*estate, change));
  CP_TRY(transaction.commit());
  print_own_delegation(context, made);
  return 0;
}

}  // namespace cpid
