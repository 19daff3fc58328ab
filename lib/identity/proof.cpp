// SPDX-License-Identifier: Apache-2.0
#include "identity/proof.hpp"

#include "base/text.hpp"
#include "identity/canonical.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {
namespace {

using model::Json;

// "cp.resource/1" has the type "cp-resource+jws".
Result<std::string> type_of(const Json& document) {
  const auto schema = model::text_at(document, "schema");
  const auto cut = schema ? text::cut(*schema, '/') : std::nullopt;
  if (!cut || !cut->before.starts_with("cp.")) {
    return fail(Errc::bad_data, "a document has no schema");
  }
  return "cp-" + std::string(cut->before.substr(3)) + "+jws";
}

Result<std::string> payload_of(Json document) {
  document.erase("proof");
  return canonical(document);
}

}  // namespace

Result<Json> sign_document(Json document, const PrivateKey& key) {
  CP_TRY_ASSIGN(const std::string typ, type_of(document));
  CP_TRY_ASSIGN(const std::string payload, payload_of(document));
  document["proof"] =
      Json{{"jws", jws::sign_detached(payload, typ, key)}, {"key", key.public_key().thumbprint()}};
  return document;
}

Result<std::string> verify_document(const Json& document, const jws::FindKey& find_key) {
  const auto signature = model::text_at(document, "proof.jws");
  const auto key = model::text_at(document, "proof.key");
  if (!signature || !key) {
    return fail(Errc::denied, "it is not signed");
  }
  CP_TRY_ASSIGN(const std::string typ, type_of(document));
  CP_TRY_ASSIGN(const std::string payload, payload_of(document));
  CP_TRY_ASSIGN(std::string signer, jws::verify_detached(*signature, payload, typ, find_key));
  if (signer != *key) {
    return fail(Errc::denied, "its proof names another key than its signature");
  }
  return signer;
}

}  // namespace cp::identity
