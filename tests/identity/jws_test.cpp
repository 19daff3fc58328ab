// SPDX-License-Identifier: Apache-2.0
#include "identity/jws.hpp"

#include "base/text.hpp"
#include "identity/proof.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using namespace cp::identity;
using cp::model::Json;

namespace {

// RFC 8037 appendix A.1.
PrivateKey rfc_key() {
  return PrivateKey::parse(
             R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})")
      .value();
}

constexpr auto kThumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

jws::FindKey only(const PublicKey& key) {
  return [key](std::string_view kid) {
    return kid == key.thumbprint() ? std::optional(key) : std::nullopt;
  };
}

std::string compact(const std::string& header, const PrivateKey& key) {
  return jws::sign_compact(header, "{}", key);
}

Json resource() {
  return {{"schema", "cp.resource/1"},
          {"id", "cp:0/7F3K9Q2M-JB"},
          {"seq", 1},
          {"nodes", 64},
          {"price", 14.5}};
}

}  // namespace

TEST_CASE("a header that is not exactly ours is refused") {
  const PrivateKey key = rfc_key();
  const std::string kid = std::string(R"("kid":")") + kThumbprint + "\"";
  for (const std::string& header :
       {R"({"alg":"none","typ":"t",)" + kid + "}",
        R"({"alg":"HS256","typ":"t",)" + kid + "}",
        R"({"alg":"eddsa","typ":"t",)" + kid + "}",
        R"({"typ":"t",)" + kid + "}",
        R"({"alg":"EdDSA",)" + kid + "}",
        R"({"alg":"EdDSA","typ":"T",)" + kid + "}",
        std::string(R"({"alg":"EdDSA","typ":"t"})"),
        std::string(R"({"alg":"EdDSA","typ":"t","kid":"other"})"),
        R"({"alg":"EdDSA","typ":"t","crit":["exp"],)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","crit":[],)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","crit":["b64"],"b64":true,)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","b64":false,)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","b64":true,)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","zip":"DEF",)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","jwk":{},)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","jku":"https://a/",)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","x5u":"https://a/",)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","x5c":[],)" + kid + "}",
        R"({"alg":"EdDSA","typ":"t","typ":"t",)" + kid + "}",
        std::string("[]"),
        std::string("{")}) {
    CAPTURE(header);
    const auto payload = jws::verify_compact(compact(header, key), "t", only(key.public_key()));
    REQUIRE_FALSE(payload);
    CHECK(payload.error().code == cp::Errc::denied);
  }
  CHECK(jws::verify_compact(compact(R"({"alg":"EdDSA","typ":"t",)" + kid + "}", key), "t",
                            only(key.public_key())) == "{}");
}

TEST_CASE("a text that is no signature is refused") {
  const auto find_key = only(rfc_key().public_key());
  const std::string good = jws::sign_detached("payload", "t", rfc_key());
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("..."), "." + good,
        good + ".", good + "A", good.substr(1), good.substr(0, good.size() - 1),
        cp::text::to_base64url(std::string(5000, '[')) + "..AAAA"}) {
    CAPTURE(text);
    CHECK_FALSE(jws::verify_detached(text, "payload", "t", find_key));
  }
  CHECK_FALSE(jws::verify_detached(good, "payloae", "t", find_key));
  CHECK_FALSE(jws::verify_detached(good, "payload", "u", find_key));
  CHECK(jws::verify_detached(good, "payload", "t", find_key) == kThumbprint);
  const auto cut = good.find('.');
  CHECK_FALSE(jws::verify_detached(good.substr(0, cut + 1) + "cGF5bG9hZA" + good.substr(cut + 1),
                                   "payload", "t", find_key));
}

TEST_CASE("what RFC 7515 shows of other kinds is refused") {
  const auto any = [](std::string_view) { return std::optional(rfc_key().public_key()); };
  // Appendix A.1 (HS256), A.5 (none) and E (a critical header that nobody knows).
  const std::string hs256 =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const std::string none =
      "eyJhbGciOiJub25lIn0."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ.";
  const std::string crit =
      "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9l"
      "eGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
  CHECK(jws::verify_compact(hs256, "JWT", any).error().message ==
        "a signature's algorithm is not EdDSA");
  CHECK(jws::verify_compact(none, "JWT", any).error().message ==
        "a signature's algorithm is not EdDSA");
  CHECK(jws::verify_compact(crit, "JWT", any).error().message == "a signature's header has crit");
  // Appendix C: base64url without padding.
  CHECK(cp::text::to_base64url("\x03\xEC\xFF\xE0\xC1") == "A-z_4ME");
}

TEST_CASE("the signature of RFC 8037 appendix A.4 comes out byte for byte") {
  CHECK(jws::sign_compact(R"({"alg":"EdDSA"})", "Example of Ed25519 signing", rfc_key()) ==
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

TEST_CASE("a document whose proof does not hold is refused") {
  const PrivateKey key = rfc_key();
  const auto find_key = only(key.public_key());
  const Json good = sign_document(resource(), key).value();
  REQUIRE(verify_document(good, find_key) == kThumbprint);

  CHECK(verify_document(resource(), find_key).error().message == "it is not signed");
  Json changed = good;
  changed["nodes"] = 65;
  CHECK_FALSE(verify_document(changed, find_key));
  changed = good;
  changed["more"] = nullptr;
  CHECK_FALSE(verify_document(changed, find_key));
  changed = good;
  changed["schema"] = "cp.state/1";  // the type of another document
  CHECK_FALSE(verify_document(changed, find_key));
  changed = good;
  changed["proof"]["note"] = "nobody has signed this";
  CHECK(verify_document(changed, find_key).error().message ==
        "its proof has more than jws and key");
  changed = good;
  changed["proof"]["key"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  CHECK_FALSE(verify_document(changed, find_key));
  cp::KernelRandom random;
  CHECK_FALSE(verify_document(good, only(PrivateKey::generate(random).public_key())));
  CHECK_FALSE(sign_document({{"nodes", 1}}, key));
}

TEST_CASE("a proof holds whatever the order, the blanks and the way numbers are written") {
  const Json good = sign_document(resource(), rfc_key()).value();
  Json reordered = Json::object();
  for (auto member = good.rbegin(); member != good.rend(); ++member) {
    reordered[member.key()] = member.value();
  }
  const auto parsed = cp::model::parse_json(reordered.dump(3));
  REQUIRE(parsed);
  CHECK(verify_document(*parsed, only(rfc_key().public_key())) == kThumbprint);
  CHECK(sign_document(good, rfc_key()).value() == good);
}
