// SPDX-License-Identifier: Apache-2.0
#include "identity/proof.hpp"

#include "base/text.hpp"
#include "identity/canonical.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

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

Result<std::string> payload_of(const Json& document) {
  return canonical_without(document, "proof");
}

Result<std::string> verify_proof(const Json& proof, std::string_view payload, std::string_view typ,
                                 const jws::FindKey& find_key) {
  const auto signature = model::text_at(proof, "jws");
  const auto key = model::text_at(proof, "key");
  if (!signature || !key) {
    return fail(Errc::denied, "it is not signed");
  }
  // The signature does not cover what else would stand there.
  if (proof.size() != 2) {
    return fail(Errc::denied, "its proof has more than jws and key");
  }
  CP_TRY_ASSIGN(std::string signer, jws::verify_detached(*signature, payload, typ, find_key));
  if (signer != *key) {
    return fail(Errc::denied, "its proof names another key than its signature");
  }
  return signer;
}

}  // namespace

Result<Json> sign_document(Json document, const PrivateKey& key) {
  CP_TRY_ASSIGN(const std::string typ, type_of(document));
  CP_TRY_ASSIGN(const std::string payload, payload_of(document));
  document["proof"] =
      Json{{"jws", jws::sign_detached(payload, typ, key)}, {"key", key.public_key().thumbprint()}};
  return document;
}

Result<Json> countersign_document(Json document, const PrivateKey& key) {
  const Json* proof = model::find(document, "proof");
  if (proof == nullptr) {
    return sign_document(std::move(document), key);
  }
  Json proofs = proof->is_array() ? *proof : Json::array({*proof});
  for (const Json& other : proofs) {
    if (model::text_at(other, "key") == key.public_key().thumbprint()) {
      return fail(Errc::denied, "the key {} has signed it already", key.public_key().thumbprint());
    }
  }
  CP_TRY_ASSIGN(const Json signed_once, sign_document(document, key));
  proofs.push_back(signed_once["proof"]);
  document["proof"] = std::move(proofs);
  return document;
}

Result<std::vector<std::string>> verify_signers(const Json& document,
                                                const jws::FindKey& find_key) {
  constexpr std::size_t kMaxProofs = 4;
  const Json* proof = model::find(document, "proof");
  if (proof == nullptr || !proof->is_array()) {
    CP_TRY_ASSIGN(std::string signer, verify_document(document, find_key));
    return std::vector<std::string>{std::move(signer)};
  }
  if (proof->size() < 2 || proof->size() > kMaxProofs) {
    return fail(Errc::denied, "its proof is no list of 2 to {} signatures", kMaxProofs);
  }
  CP_TRY_ASSIGN(const std::string typ, type_of(document));
  CP_TRY_ASSIGN(const std::string payload, payload_of(document));
  std::vector<std::string> signers;
  for (const Json& one : *proof) {
    CP_TRY_ASSIGN(std::string signer, verify_proof(one, payload, typ, find_key));
    if (std::ranges::find(signers, signer) != signers.end()) {
      return fail(Errc::denied, "the key {} signed it twice", signer);
    }
    signers.push_back(std::move(signer));
  }
  return signers;
}

Result<std::string> verify_document(const Json& document, const jws::FindKey& find_key) {
  const Json* proof = model::find(document, "proof");
  if (proof == nullptr) {
    return fail(Errc::denied, "it is not signed");
  }
  CP_TRY_ASSIGN(const std::string typ, type_of(document));
  CP_TRY_ASSIGN(const std::string payload, payload_of(document));
  return verify_proof(*proof, payload, typ, find_key);
}

}  // namespace cp::identity
