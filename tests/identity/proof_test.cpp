// SPDX-License-Identifier: Apache-2.0
#include "identity/proof.hpp"

#include "base/file.hpp"
#include "model/json.hpp"
#include "source_tree.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <map>
#include <string>

using namespace cp::identity;
using cp::model::Json;

namespace {

// The schemas' examples; another implementation signed them (schema_examples/README.md).
Json example(const std::string& name) {
  const std::string path = in_source_tree("tests/model/schema_examples/" + name + ".json");
  return cp::model::parse_json(cp::read_file(path, 1U << 20U).value()).value();
}

jws::FindKey keys_of_delegations() {
  std::map<std::string, PublicKey, std::less<>> keys;
  for (const char* name :
       {"cp.delegation-1.root", "cp.delegation-1", "cp.delegation-1.enterprise"}) {
    const Json delegation = example(name);
    for (const Json& jwk : delegation["keys"]) {
      const PublicKey key = PublicKey::from_jwk(jwk).value();
      keys.emplace(key.thumbprint(), key);
    }
  }
  return [keys](std::string_view kid) -> std::optional<PublicKey> {
    const auto found = keys.find(kid);
    return found == keys.end() ? std::nullopt : std::optional(found->second);
  };
}

constexpr const char* kSigned[] = {
    "cp.delegation-1.root", "cp.delegation-1", "cp.delegation-1.enterprise", "cp.head-1",
    "cp.resource-1",        "cp.state-1"};

}  // namespace

TEST_CASE("a document that another implementation signed is refused once it is changed") {
  const auto find_key = keys_of_delegations();
  for (const char* name : kSigned) {
    CAPTURE(name);
    Json document = example(name);
    REQUIRE(verify_document(document, find_key));
    document["seq"] = document["seq"].get<int64_t>() + 1;
    const auto signer = verify_document(document, find_key);
    REQUIRE_FALSE(signer);
    CHECK(signer.error().code == cp::Errc::denied);
  }
}

TEST_CASE("a proof is not taken for another kind of document") {
  Json document = example("cp.state-1");
  REQUIRE(verify_document(document, keys_of_delegations()));
  document["schema"] = "cp.resource/1";
  CHECK(verify_document(document, keys_of_delegations()).error().code == cp::Errc::denied);
}

TEST_CASE("documents that another implementation signed hold, however they are laid out") {
  const auto find_key = keys_of_delegations();
  for (const char* name : kSigned) {
    CAPTURE(name);
    const Json document = example(name);
    const auto signer = verify_document(document, find_key);
    REQUIRE(signer);
    CHECK(*signer == document["proof"]["key"]);
    const auto again = cp::model::parse_json(cp::model::to_line(document));
    CHECK(verify_document(again.value(), find_key));
  }
}

TEST_CASE("the same key signs the same document with the same bytes as another implementation") {
  // RFC 8037 appendix A.1, the key of the regional delegation.
  const auto key =
      PrivateKey::parse(
          R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})")
          .value();
  const Json wanted = example("cp.delegation-1.enterprise");
  Json bare = wanted;
  bare.erase("proof");
  CHECK(sign_document(bare, key).value()["proof"] == wanted["proof"]);
}
