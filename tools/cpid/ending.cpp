// SPDX-License-Identifier: Apache-2.0
#include "identity/ending.hpp"

#include "authority.hpp"
#include "model/json.hpp"
#include "resource_columns.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {
namespace {

using cp::Result;
using cp::cli::Context;
using cp::identity::End;
using cp::identity::Estate;
using cp::model::Json;
using cp::store::Transaction;

template <class Change>
Result<int> change_record(Context& context, const Change& change) {
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate->database));
  CP_TRY_ASSIGN(const Json done, change(*estate));
  CP_TRY(transaction.commit());
  context.output(kResourceColumns).record(done);
  return 0;
}

// "NAME CODE" ends NAME in favour of CODE; one FILE is a record that both owners have signed.
Result<int> hand_over(Context& context, const std::string& how) {
  const auto& words = context.arguments().operands();
  if (words.size() == 1) {
    CP_TRY_ASSIGN(const auto documents, read_documents(context, words));
    return change_record(context, [&](Estate& estate) {
      return cp::identity::accept_end(estate, documents.front());
    });
  }
  const std::string why = context.arguments().text("why").value_or("");
  CP_TRY_ASSIGN(const auto next, cp::identity::Identifier::parse(words[1]));
  CP_TRY(change_record(context, [&](Estate& estate) {
    return cp::identity::end_record(estate, words[0], End{how, why, next.text()});
  }));
  CP_TRY_ASSIGN(const auto registry, open_registry(context));
  if (next.prefix() != registry.prefix()) {
    context.note("the owner of " + next.text() +
                 " has to sign it, too (cpid sign --add); then cpid " +
                 context.command().name.data() + " FILE enters it");
  }
  return 0;
}

}  // namespace

Result<int> tombstone(Context& context) {
  return change_record(context, [&](Estate& estate) {
    return cp::identity::end_record(
        estate, context.arguments().operands().front(),
        End{"tombstone", context.arguments().text("why").value_or(""), ""});
  });
}

Result<int> move(Context& context) { return hand_over(context, "moved"); }
Result<int> merge_records(Context& context) { return hand_over(context, "merged"); }

Result<int> alias(Context& context) {
  const auto& words = context.arguments().operands();
  return change_record(context, [&](Estate& estate) {
    return cp::identity::set_alias(estate, words[0], words[1], !context.arguments().has("remove"));
  });
}

}  // namespace cpid
