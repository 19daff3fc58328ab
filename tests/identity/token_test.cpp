// SPDX-License-Identifier: Apache-2.0
#include "identity/token.hpp"

#include "base/text.hpp"
#include "fixed_clock.hpp"
#include "identity/issuing.hpp"
#include "identity/jws.hpp"
#include "identity/proof.hpp"
#include "identity/registry_store.hpp"
#include "identity/revoking.hpp"
#include "model/json.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using namespace cp::identity;
using cp::model::Json;

namespace {

constexpr std::string_view kServer = "cp:86.3101.42/7F3K9Q2M-JB";

// A root that issues tokens, and a server that has pinned it.
struct TokenFixture {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:00:00Z"};
  cp::KernelRandom random;
  std::unique_ptr<Estate> estate = open();
  TokenJudge judge{estate->judge, estate->trust, clock, std::string(kServer)};

  std::unique_ptr<Estate> open() {
    auto opened = Estate::open(directory.path(), clock, random).value();
    if (!opened->authority) {
      Founding founding;
      founding.prefix = "86";
      opened->authority =
          found_authority(opened->database, directory.path(), founding, clock.now(), random)
              .value();
    }
    return opened;
  }
  Token wanted(const std::string& grant = "read:path=/scratch") const {
    Token token;
    token.subject = "u1042";
    token.audience = kServer;
    token.expires = cp::unix_milliseconds(clock.now()) / 1'000 + 3'600;
    token.grants.push_back(parse_grant(grant).value());
    return token;
  }
  std::string issued(Token token) { return issue_token(*estate, token).value(); }
  std::string issued() { return issued(wanted()); }
  // A token of any claims and header, signed by the key that is for USE.
  std::string forged(const Json& claims, std::string_view use = "token",
                     const Json& more = Json::object()) {
    const PrivateKey key = estate->key_for(use).value();
    Json header{{"alg", "EdDSA"}, {"kid", key.public_key().thumbprint()}, {"typ", "cp-token+jwt"}};
    header.update(more);
    return jws::sign_compact(cp::model::to_line(header), cp::model::to_line(claims), key);
  }
  Json claims() const {
    Token token = wanted();
    token.issuer = "86";
    token.id = "01M8160WP8BC98HFDRDK7K7K01";
    return to_json(token);
  }
  // "good", or why not.
  std::string verdict(const std::string& compact) {
    const auto token = judge.check(compact);
    return token ? "good" : token.error().hint;
  }
};

}  // namespace

TEST_CASE("what is no token of ours is refused with its reason") {
  TokenFixture f;
  CHECK(f.verdict("") == "malformed");
  CHECK(f.verdict("a.b") == "malformed");
  CHECK(f.verdict("a.b.c") == "malformed");
  CHECK(f.verdict("a.b.c.d") == "malformed");
  CHECK(f.verdict("." + cp::text::to_base64url("{}") + ".") == "malformed");
  CHECK(f.verdict(std::string(20'000, 'a')) == "malformed");
  CHECK(f.verdict(f.forged(f.claims())) == "good");
  for (const char* name : {"schema", "iss", "sub", "aud", "jti", "exp", "grants"}) {
    Json claims = f.claims();
    claims.erase(name);
    CHECK(f.verdict(f.forged(claims)) == "malformed");
  }
  const auto with = [&f](const char* name, const Json& value) {
    Json claims = f.claims();
    claims[name] = value;
    return f.verdict(f.forged(claims));
  };
  CHECK(with("schema", "cp.token/2") == "malformed");
  CHECK(with("iss", "086") == "malformed");
  CHECK(with("sub", "") == "malformed");
  CHECK(with("sub", std::string(257, 'x')) == "malformed");
  CHECK(with("jti", "01M8160WP8BC98HFDRDK7K7K0U") == "malformed");
  CHECK(with("exp", "tomorrow") == "malformed");
  CHECK(with("exp", 1.5) == "malformed");
  CHECK(with("nbf", "now") == "malformed");
  CHECK(with("grants", Json::array()) == "malformed");
  CHECK(with("aud", "cp:86.3101.42/7F3K9Q2M-JC") == "malformed");
  CHECK(with("aud", "cp:86.3101.42/7f3k9q2m-jb") == "malformed");
}

TEST_CASE("a signature with another algorithm, type or key of its own is refused") {
  TokenFixture f;
  const auto with = [&f](const Json& more) {
    return f.verdict(f.forged(f.claims(), "token", more));
  };
  CHECK(with({{"alg", "none"}}) == "bad_signature");
  CHECK(with({{"alg", "HS256"}}) == "bad_signature");
  CHECK(with({{"typ", "JWT"}}) == "bad_signature");
  CHECK(with({{"typ", "cp-resource+jws"}}) == "bad_signature");
  CHECK(with({{"crit", {"b64"}}}) == "bad_signature");
  CHECK(with({{"jku", "https://example.org/keys"}}) == "bad_signature");
  CHECK(with({{"jwk", f.estate->key_for("token")->public_key().jwk()}}) == "bad_signature");
  std::string unsigned_token = f.issued();
  unsigned_token.erase(unsigned_token.rfind('.') + 1);
  CHECK(f.verdict(unsigned_token) == "bad_signature");
  std::string changed = f.issued();
  Json claims = f.claims();
  claims["sub"] = "root";
  const std::size_t first = changed.find('.');
  changed.replace(first + 1, changed.rfind('.') - first - 1,
                  cp::text::to_base64url(cp::model::to_line(claims)));
  CHECK(f.verdict(changed) == "bad_signature");
}

TEST_CASE("a record key's token is refused, and a token key's record") {
  TokenFixture f;
  CHECK(f.verdict(f.forged(f.claims(), "record")) == "wrong_use");
  const Json record = sign_document({{"schema", "cp.resource/1"},
                                     {"id", Identifier::make("86", "1000")->text()},
                                     {"seq", 1},
                                     {"issued", "2026-11-22T08:00:00Z"},
                                     {"valid_until", "2027-11-22T00:00:00Z"},
                                     {"kind", "node"}},
                                    f.estate->key_for("token").value())
                          .value();
  CHECK(f.estate->judge.examine(record)->reason == "wrong_use");
}

TEST_CASE("an issuer vouches for its own prefix only, below an anchor that is pinned") {
  TokenFixture f;
  const auto issuer = [&f](const char* prefix) {
    Json claims = f.claims();
    claims["iss"] = prefix;
    return f.verdict(f.forged(claims));
  };
  CHECK(issuer("86") == "good");
  CHECK(issuer("86.31") == "no_delegation");
  CHECK(issuer("8") == "no_anchor");
  CHECK(issuer("49") == "no_anchor");
}

TEST_CASE("a token is for one server, from its beginning to its end") {
  TokenFixture f;
  Token other = f.wanted();
  other.audience = "86.3101";
  CHECK(f.verdict(f.issued(other)) == "wrong_audience");
  const std::string token = f.issued();
  CHECK(f.verdict(token) == "good");
  f.clock.move(std::chrono::seconds(3'599));
  CHECK(f.verdict(token) == "good");
  f.clock.move(std::chrono::seconds(1));
  CHECK(f.verdict(token) == "expired");
  f.clock.move(-std::chrono::hours(2));
  CHECK(f.verdict(token) == "not_yet_valid");
}

TEST_CASE("a revoked token is void at once for whoever has the same store open") {
  TokenFixture f;
  Token token = f.wanted();
  const std::string compact = issue_token(*f.estate, token).value();
  const std::string kept = f.issued();
  CHECK(f.verdict(compact) == "good");
  const auto other = f.open();
  CHECK(!revoke_token(*other, "01M8160WP8BC98HFDRDK7K7K01", "x"));
  REQUIRE(revoke_token(*other, token.id, "lost"));
  CHECK(f.verdict(compact) == "revoked");
  CHECK(f.verdict(kept) == "good");
  std::vector<std::string> states;
  REQUIRE(for_each_token(*f.estate, [&](const Issued& issued) -> cp::Result<void> {
    states.push_back(issued.token.id == token.id ? issued.status : "another is " + issued.status);
    return {};
  }));
  std::ranges::sort(states);
  CHECK(states == std::vector<std::string>{"another is valid", "revoked"});
}

TEST_CASE("a head tells others of a revoked token for as long as it would have lived") {
  TokenFixture f;
  Token token = f.wanted();
  const std::string compact = issue_token(*f.estate, token).value();
  REQUIRE(revoke_token(*f.estate, token.id, "lost"));
  const Json head = make_head(*f.estate, std::chrono::days(1)).value();
  REQUIRE(head["revoked"].size() == 1);
  CHECK(head["revoked"][0]["token"] == token.id);

  TemporaryDirectory elsewhere;
  const auto server = Estate::open(elsewhere.path(), f.clock, f.random).value();
  const auto own = f.estate->own_delegation().value();
  REQUIRE(server->trust.pin("86", PublicKey::from_jwk(own["keys"][0]).value(), f.clock.now()));
  REQUIRE(server->judge.accept(own)->holds());
  TokenJudge judge(server->judge, server->trust, f.clock, std::string(kServer));
  CHECK(judge.check(compact));
  REQUIRE(server->judge.accept(head)->holds());
  CHECK(judge.check(compact).error().hint == "revoked");

  f.clock.move(std::chrono::hours(1));
  CHECK(make_head(*f.estate, std::chrono::days(1)).value()["revoked"].empty());
}

TEST_CASE("where a head has no room for another revocation, those in it can be said again") {
  TokenFixture f;
  Token first = f.wanted();
  Token second = f.wanted();
  REQUIRE(issue_token(*f.estate, first));
  REQUIRE(issue_token(*f.estate, second));
  REQUIRE(revoke_token(*f.estate, first.id, "lost"));
  auto row = f.estate->database
                 .prepare(
                     "INSERT INTO revocation (authority, what, name, seq, why) "
                     "VALUES (?1, 'key', ?2, 0, 'lost')")
                 .value();
  for (std::size_t i = 1; i < kMaxRevoked; ++i) {
    REQUIRE(row.bind(1, f.estate->authority->row).bind(2, std::to_string(i)).run());
  }
  CHECK(revoke_token(*f.estate, first.id, "lost"));
  const auto refused = revoke_token(*f.estate, second.id, "lost");
  REQUIRE(!refused);
  CHECK(refused.error().code == cp::Errc::denied);
  CHECK(make_head(*f.estate, std::chrono::days(1)).value()["revoked"].size() == kMaxRevoked);
}

TEST_CASE("a token of a revoked key is void") {
  TokenFixture f;
  const std::string compact = f.issued();
  CHECK(f.verdict(compact) == "good");
  REQUIRE(f.estate->trust.revoke(
      f.estate->judge.anchor_of("86").value(),
      {"86", "key", f.estate->key_for("token")->public_key().thumbprint(), 0, "stolen"}));
  const auto other = f.open();
  TokenJudge judge(other->judge, other->trust, f.clock, std::string(kServer));
  CHECK(judge.check(compact).error().hint == "revoked");
}

TEST_CASE("a grant covers what lies below its path, and nothing beside it") {
  Token token;
  token.grants.push_back(parse_grant("write:path=/scratch/u1,bytes=10TB").value());
  CHECK(token.grants[0].bytes == 10'000'000'000'000U);
  CHECK(token.allows({.op = "write", .path = "/scratch/u1"}));
  CHECK(token.allows({.op = "write", .path = "/scratch/u1/a/b"}));
  CHECK(!token.allows({.op = "read", .path = "/scratch/u1/a"}));
  CHECK(!token.allows({.op = "write"}));
  for (const char* path :
       {"", "/", "/scratch", "/scratch/u10", "/scratch/u1/../u2", "scratch/u1", "/scratch/u1/.."}) {
    CHECK(!token.allows({.op = "write", .path = path}));
  }
  token.grants = {parse_grant("read:path=/").value()};
  CHECK(token.allows({.op = "read", .path = "/etc"}));
  CHECK(!token.allows({.op = "read", .path = "etc"}));
  token.grants = {parse_grant("read").value()};
  CHECK(token.allows({.op = "read", .path = "anything"}));
}

TEST_CASE("a grant covers its targets and its prefix, arc by arc") {
  Token token;
  token.grants.push_back(parse_grant("register:prefix=86.31,quota=10").value());
  CHECK(token.allows({.op = "register", .prefix = "86.31"})->quota == 10U);
  CHECK(token.allows({.op = "register", .prefix = "86.31.7"}));
  CHECK(!token.allows({.op = "register", .prefix = "86.3101"}));
  CHECK(!token.allows({.op = "register", .prefix = "86"}));
  CHECK(!token.allows({.op = "register"}));
  token.grants = {
      parse_grant("run:target=" + std::string(kServer) + ",cards=16,cost=900CNY").value()};
  CHECK(token.allows({.op = "run", .target = kServer})->cards == 16U);
  CHECK(!token.allows({.op = "run", .target = "cp:86.1101.7/AAAA22-30"}));
  CHECK(!token.allows({.op = "run"}));
}

TEST_CASE("a limit that is not understood makes a grant worthless, not wide") {
  CHECK(read_grant({{"op", "read"}, {"path", "/x"}}));
  CHECK(!read_grant({{"op", "read"}, {"hours", "9-17"}}));
  CHECK(!read_grant({{"op", "read"}, {"cards", 4}}));
  CHECK(!read_grant({{"op", "read"}, {"path", 7}}));
  CHECK(!read_grant({{"op", "read"}, {"path", "x"}}));
  CHECK(!read_grant({{"op", "write"}, {"bytes", -1}}));
  CHECK(!read_grant({{"op", "run"}, {"targets", Json::array()}}));
  CHECK(!read_grant({{"op", "run"}, {"targets", {"cp:86.3101.42/7F3K9Q2M-JC"}}}));
  CHECK(!read_grant({{"op", "run"}, {"cost", {{"amount", "1"}}}}));
  CHECK(!read_grant({{"op", "register"}, {"prefix", "086"}}));
  CHECK(!read_grant({{"op", "administer"}}));
  CHECK(!read_grant({{"path", "/x"}}));
  TokenFixture f;
  Json claims = f.claims();
  claims["grants"] = {{{"op", "read"}, {"hours", "9-17"}}};
  const auto token = f.judge.check(f.forged(claims));
  REQUIRE(token);
  CHECK(!token->allows({.op = "read", .path = "/x"}));
}

TEST_CASE("a grant that nobody can read is a usage error") {
  for (const char* text : {"", "fly", "read:", "read:path", "read:path=x", "read:path=/a,path=/b",
                           "read:bytes=many", "run:cards=-1", "run:target=nothing", "run:cost=7",
                           "register:prefix=86.", "read:quota=1", "read:,"}) {
    CHECK(parse_grant(text).error().code == cp::Errc::usage);
  }
}

TEST_CASE("a token without an end, a grant or a subject is not issued") {
  TokenFixture f;
  Token ended = f.wanted();
  ended.expires = cp::unix_milliseconds(f.clock.now()) / 1'000;
  CHECK(!issue_token(*f.estate, ended));
  Token bare = f.wanted();
  bare.grants.clear();
  CHECK(!issue_token(*f.estate, bare));
  Token nobody = f.wanted();
  nobody.subject.clear();
  CHECK(!issue_token(*f.estate, nobody));
  Token nowhere = f.wanted();
  nowhere.audience = "server.example";
  CHECK(!issue_token(*f.estate, nowhere));
}
