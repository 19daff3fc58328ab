// SPDX-License-Identifier: Apache-2.0
#include "authority.hpp"
#include "base/text.hpp"
#include "identity/delegation.hpp"
#include "identity/identifier.hpp"
#include "identity/proof.hpp"
#include "model/document.hpp"
#include "model/json.hpp"
#include "tool.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::cli::Context;
using cp::identity::Anchor;
using cp::identity::Estate;
using cp::identity::PublicKey;
using cp::model::Json;
using cp::store::Transaction;

constexpr std::array kTrustColumns{
    cp::cli::Column{"THUMBPRINT", "thumbprint", cp::cli::Show::id},
    cp::cli::Column{"PREFIX", "prefix"},
    cp::cli::Column{"PINNED", "pinned_at", cp::cli::Show::time},
};

void print(Context& context, const Anchor& anchor) {
  Json record{{"schema", "cp.anchor/1"},
              {"prefix", anchor.prefix},
              {"thumbprint", anchor.key.thumbprint()}};
  record.update(anchor.key.jwk());
  record["pinned_at"] = anchor.pinned_at;
  context.output(kTrustColumns).record(record);
}

// DOCUMENT with one signature. Where a root's key was replaced, the new one has signed behind the
// old one, which the document may name no more.
Json by_newest_key(Json document) {
  const Json* proof = cp::model::find(document, "proof");
  if (proof != nullptr && proof->is_array() && proof->size() > 1) {
    Json second = (*proof)[1];
    document["proof"] = std::move(second);
  }
  return document;
}

// The key of a root's own delegation, which has to be that of PREFIX.
Result<PublicKey> key_of_delegation(const Json& document, std::string_view prefix) {
  CP_TRY_ASSIGN(const auto read, cp::identity::read_delegation(document));
  if (read.prefix != prefix) {
    return cp::fail(Errc::denied, "it is the delegation of prefix {}, not of {}", read.prefix,
                    prefix);
  }
  CP_TRY_ASSIGN(const std::string signer,
                cp::identity::verify_document(by_newest_key(document), [&](std::string_view kid) {
                  const auto* key = read.find(kid);
                  return key != nullptr ? std::optional(key->key) : std::nullopt;
                }));
  return read.find(signer)->key;
}

struct Named {
  PublicKey key;
  std::optional<Json> delegation;  // where the key came in one
};

// KEY as "x" of RFC 8037, or the file with a JWK or a delegation that signs itself.
Result<Named> key_named(Context& context, const std::string& word, std::string_view prefix) {
  auto given = PublicKey::from_x(word);
  if (given) {
    return Named{*std::move(given), std::nullopt};
  }
  constexpr std::size_t kKeyBytes = 32;
  if (cp::text::from_base64url(word).value_or("").size() == kKeyBytes) {
    return tl::unexpected<cp::Error>(given.error());  // a key, and no file
  }
  const std::vector<std::string> files{word};
  CP_TRY_ASSIGN(const auto documents, read_documents(context, files));
  for (const Json& document : documents) {
    if (cp::model::is_a(document, "cp.delegation")) {
      auto key = key_of_delegation(document, prefix);
      if (!key) {
        return cp::fail(key.error().code, "{}: {}", word, key.error().message);
      }
      return Named{*std::move(key), document};
    }
  }
  auto key = PublicKey::from_jwk(documents.front());
  if (!key) {
    return cp::fail(Errc::bad_data, "{}: {}", word, key.error().message);
  }
  return Named{*std::move(key), std::nullopt};
}

Result<int> add(Context& context, Estate& estate, const std::string& word) {
  const auto prefix = context.arguments().text("prefix");
  if (!prefix || !cp::identity::is_prefix(*prefix)) {
    return cp::fail(Errc::usage, "trust add wants --prefix and the prefix that the key stands for");
  }
  CP_TRY_ASSIGN(const Named named, key_named(context, word, *prefix));
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate.database));
  CP_TRY(estate.trust.pin(*prefix, named.key, context.clock().now()));
  if (named.delegation) {
    CP_TRY_ASSIGN(const auto verdict, estate.judge.accept(*named.delegation));
    if (!verdict.holds()) {
      return cp::fail(Errc::denied, "{}: {}", word, verdict.message);
    }
  }
  CP_TRY(transaction.commit());
  CP_TRY_ASSIGN(const auto anchors, estate.trust.anchors());
  for (const Anchor& anchor : anchors) {
    if (anchor.prefix == *prefix && anchor.key == named.key) {
      print(context, anchor);
    }
  }
  return 0;
}

Result<int> remove(Context& context, Estate& estate, const std::string& thumbprint) {
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(estate.database));
  CP_TRY_ASSIGN(const auto anchors, estate.trust.anchors());
  const std::string prefix = context.arguments().text("prefix").value_or("");
  CP_TRY_ASSIGN(const std::int64_t count, estate.trust.unpin(prefix, thumbprint));
  if (count == 0) {
    return cp::with_hint(cp::fail(Errc::not_found, "no key {} is pinned{}{}", thumbprint,
                                  prefix.empty() ? "" : " for prefix ", prefix),
                         "cpid trust list shows what is");
  }
  CP_TRY(transaction.commit());
  for (const Anchor& anchor : anchors) {
    if (anchor.key.thumbprint() == thumbprint && (prefix.empty() || anchor.prefix == prefix)) {
      print(context, anchor);
    }
  }
  return 0;
}

Result<int> list(Context& context, const Estate& estate) {
  context.output(kTrustColumns);
  CP_TRY_ASSIGN(const auto anchors, estate.trust.anchors());
  for (const Anchor& anchor : anchors) {
    print(context, anchor);
  }
  return 0;
}

}  // namespace

Result<int> trust(Context& context) {
  const auto& words = context.arguments().operands();
  const std::string& action = words.front();
  const bool takes_key = action == "add" || action == "remove";
  if (!takes_key && action != "list") {
    return cp::fail(Errc::usage, "trust: '{}' is none of add, list, remove", action);
  }
  if (words.size() != (takes_key ? 2U : 1U)) {
    return cp::fail(Errc::usage, "trust {} takes {}", action, takes_key ? "one KEY" : "no KEY");
  }
  CP_TRY_ASSIGN(const auto estate, open_estate(context));
  return action == "add"      ? add(context, *estate, words[1])
         : action == "remove" ? remove(context, *estate, words[1])
                              : list(context, *estate);
}

}  // namespace cpid
