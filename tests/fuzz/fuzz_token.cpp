// SPDX-License-Identifier: Apache-2.0
// Bearer tokens: of all texts, those alone hold that the issuer has signed.
#include "../fixed_clock.hpp"
#include "../temporary_directory.hpp"
#include "fuzz.hpp"
#include "identity/proof.hpp"
#include "identity/registry_store.hpp"
#include "identity/token.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <string>

using namespace cp::identity;

namespace {

// The seed's issuer: prefix 86 with the key of RFC 8037 appendix A.1.
struct World {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:30:10Z"};
  cp::store::Database database = open_registry_database(directory.path()).value();
  TrustStore trust{database};
  Judge judge{trust, clock};
  TokenJudge tokens{judge, trust, clock, "cp:86.3101.42/7F3K9Q2M-JB"};
  PrivateKey key = PrivateKey::parse(R"({"kty":"OKP","crv":"Ed25519",)"
                                     R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})")
                       .value();
  std::string good;

  World() {
    cp::model::Json jwk = key.public_key().jwk();
    jwk["for"] = {"delegate", "token"};
    const cp::model::Json own{{"schema", "cp.delegation/1"},
                              {"prefix", "86"},
                              {"seq", 1},
                              {"keys", {jwk}},
                              {"may_delegate", false},
                              {"not_after", "2028-01-01T00:00:00Z"}};
    must(trust.pin("86", key.public_key(), clock.now()).value(), "the issuer is pinned");
    must(judge.accept(sign_document(own, key).value())->holds(), "its delegation holds");
    Token token;
    token.issuer = "86";
    token.subject = "u1";
    token.audience = "cp:86.3101.42/7F3K9Q2M-JB";
    token.id = "01M8160WP8BC98HFDRDK7K7K01";
    token.expires = 1'795'422'605;
    token.grants.push_back(parse_grant("write:path=/scratch,bytes=10TB").value());
    good = sign_token(token, key).value();
    must(tokens.check(good).has_value(), "the seed holds");
  }
};

World& world() {
  static World one;
  return one;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto token = world().tokens.check(text);
  must(!token || text == world().good, "only what was signed holds");
  // What a key that we trust might sign.
  if (const auto claims = cp::model::parse_json(text)) {
    if (const auto read = read_token(*claims)) {
      (void)read->allows({.op = "write", .path = "/scratch/../etc", .target = "x", .prefix = "86"});
      must(read->grants.empty() || read_token(to_json(*read)).has_value(), "claims can be written");
    }
  }
  if (const auto grant = parse_grant(text)) {
    must(read_grant(to_json(*grant)).has_value(), "a grant can be written");
  }
  return 0;
}
