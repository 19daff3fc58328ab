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

// The record that ends in DOCUMENTS, and whatever of the other owner's chain stands beside it,
// which is taken.
Result<Json> ending_among(Estate& estate, const std::vector<Json>& documents) {
  std::vector<Json> endings;
  for (const Json& document : documents) {
    const auto schema = cp::model::text_at(document, "schema");
    if (schema == "cp.resource/1") {
      const bool has_ended = cp::model::text_at(document, "ended.successor").has_value();
      endings.insert(endings.end(), has_ended || documents.size() == 1 ? 1 : 0, document);
      continue;
    }
    CP_TRY_ASSIGN(const auto verdict, estate.judge.accept(document));
    // What is known already, or newer, is no fault.
    if (!verdict.holds() && verdict.reason != "replay") {
      return cp::fail(cp::Errc::denied, "the {} of prefix {}: {} ({})", schema.value_or("document"),
                      cp::model::text_at(document, "prefix").value_or("?"), verdict.message,
                      verdict.reason);
    }
  }
  return endings.size() == 1
             ? Result<Json>(endings.front())
             : cp::fail(cp::Errc::bad_data, "{} records in FILE went to another code, not one",
                        endings.size());
}

// "NAME CODE" ends NAME in favour of CODE; one FILE is a record that both owners have signed.
Result<int> hand_over(Context& context, const std::string& how) {
  const auto& words = context.arguments().operands();
  if (words.size() == 1) {
    CP_TRY_ASSIGN(const auto documents, read_documents(context, words));
    return change_record(context, [&](Estate& estate) -> Result<Json> {
      CP_TRY_ASSIGN(const Json ending, ending_among(estate, documents));
      return cp::identity::accept_end(estate, ending);
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
