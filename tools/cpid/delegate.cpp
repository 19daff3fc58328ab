// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "authority_columns.hpp"
#include "identity/delegating.hpp"
#include "identity/identifier.hpp"
#include "identity/rekeying.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "times.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::identity::Estate;
using cp::model::Json;

Result<cp::identity::Terms> terms_of(const Context& context) {
  const cp::cli::Arguments& given = context.arguments();
  cp::identity::Terms terms;
  terms.name = given.text("name");
  terms.level = given.text("level");
  terms.label = given.text("label");
  if (given.has("may-delegate")) {
    terms.may_delegate = true;
  } else if (given.is_switched_off("may-delegate")) {
    terms.may_delegate = false;
  }
  if (const auto depth = given.integer("max-depth")) {
    if (!given.has("may-delegate") && *depth != 0) {
      return cp::fail(Errc::usage, "--max-depth goes with --may-delegate");
    }
    if (*depth == 0) {
      terms.may_delegate = false;
    } else {
      terms.max_depth = static_cast<int>(std::min<std::int64_t>(*depth, 100));
    }
  }
  terms.registries = given.texts("registry");
  CP_TRY_ASSIGN(terms.not_before, time_flag(context, "not-before"));
  CP_TRY_ASSIGN(terms.not_after, end_of_validity(context));
  terms.replace = given.has("replace");
  return terms;
}

// The only request among DOCUMENTS: a chain may stand before it.
Result<Json> request_in(const Estate& estate, const std::vector<Json>& documents) {
  const Json* request = nullptr;
  for (const Json& document : documents) {
    if (cp::model::is_a(document, "cp.delegation") &&
        cp::model::text_at(document, "parent") == estate.authority->prefix) {
      if (request != nullptr) {
        return cp::fail(Errc::bad_data, "there are several requests in the input");
      }
      request = &document;
    }
  }
  return request != nullptr
             ? Result<Json>(*request)
             : cp::fail(Errc::bad_data, "there is no request to prefix {} in the input",
                        estate.authority->prefix);
}

void print_delegations(Context& context, const std::vector<Json>& documents) {
  for (const Json& document : documents) {
    if (cp::model::is_a(document, "cp.delegation")) {
      context.output(kDelegationColumns).record(document);
    }
  }
}

// What is renewed stays as it is.
Result<void> check_renewal(const cp::cli::Arguments& given) {
  for (const char* flag : {"name", "level", "label", "may-delegate", "max-depth", "registry",
                           "not-before", "not-after", "valid-for", "prepare", "replace"}) {
    if (given.is_given(flag) || given.is_switched_off(flag)) {
      return with_hint(cp::fail(Errc::usage, "--{} does not go with --renew", flag),
                       "a child's request is answered with other terms");
    }
  }
  for (const std::string& prefix : given.operands()) {
    if (!cp::identity::is_prefix(prefix)) {
      return cp::fail(Errc::usage, "--renew takes prefixes, and {} is none", prefix);
    }
  }
  return {};
}

// Without what stands above them the children could not tell whose the new signatures are.
Result<int> renew(Context& context, Estate& estate) {
  CP_TRY(check_renewal(context.arguments()));
  CP_TRY_ASSIGN(auto transaction, cp::store::Transaction::begin(estate.database));
  CP_TRY_ASSIGN(const auto renewal,
                cp::identity::renew_children(estate, context.arguments().operands()));
  CP_TRY_ASSIGN(const auto chain, cp::identity::chain_of(estate, estate.authority->prefix));
  CP_TRY(transaction.commit());
  for (const std::string& what : renewal.left_out) {
    context.warn(what);
  }
  if (!renewal.delegations.empty()) {
    print_delegations(context, chain);
  }
  print_delegations(context, renewal.delegations);
  return 0;
}

}  // namespace

Result<int> delegate(Context& context) {
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY(estate->require_authority());
  auto& output = context.output(kDelegationColumns);
  if (context.arguments().has("renew")) {
    return renew(context, *estate);
  }
  CP_TRY_ASSIGN(const auto terms, terms_of(context));
  CP_TRY_ASSIGN(const auto documents, read_documents(context, context.arguments().operands()));
  CP_TRY_ASSIGN(Json request, request_in(*estate, documents));
  if (context.arguments().has("prepare")) {
    CP_TRY_ASSIGN(const Json prepared, cp::identity::prepare_delegation(*estate, request, terms));
    output.record(prepared);
    return 0;
  }
  CP_TRY_ASSIGN(auto transaction, cp::store::Transaction::begin(estate->database));
  if (!cp::identity::is_signed_by_authority(*estate, request)) {
    CP_TRY_ASSIGN(request, cp::identity::answer_request(*estate, request, terms));
  }
  CP_TRY(cp::identity::enter_delegation(*estate, request));
  CP_TRY_ASSIGN(const auto chain,
                cp::identity::chain_of(*estate, *cp::model::text_at(request, "prefix")));
  CP_TRY(transaction.commit());
  print_delegations(context, chain);
  return 0;
}

Result<int> accept(Context& context) {
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  CP_TRY_ASSIGN(const auto documents, read_documents(context, context.arguments().operands()));
  auto& output = context.output(kDelegationColumns);
  CP_TRY_ASSIGN(auto transaction, cp::store::Transaction::begin(estate->database));
  CP_TRY_ASSIGN(const Json taken, cp::identity::accept_delegation(*estate, documents));
  CP_TRY(transaction.commit());
  output.record(taken);
  return 0;
}

}  // namespace cpid
