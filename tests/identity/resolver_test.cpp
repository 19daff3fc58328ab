// SPDX-License-Identifier: Apache-2.0
#include "identity/resolver.hpp"

#include "base/text.hpp"
#include "fake_registry.hpp"
#include "fixed_clock.hpp"
#include "identity/delegation.hpp"
#include "identity/identifier.hpp"
#include "identity/judge.hpp"
#include "identity/label_rule.hpp"
#include "identity/learning.hpp"
#include "identity/proof.hpp"
#include "identity/registry.hpp"
#include "identity/registry_store.hpp"
#include "identity/resolved.hpp"
#include "identity/resolver_store.hpp"
#include "identity/trust_store.hpp"
#include "model/json.hpp"
#include "net/tcp_listener.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using namespace cp::identity;
using cp::Errc;
using cp::model::Json;
using cp::model::to_line;

namespace {

// A national registry for 86 and a regional one for 86.31, each a server, and a reader who has
// pinned the root.
struct Nation {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:00:00Z"};
  cp::KernelRandom random;
  PrivateKey root = PrivateKey::generate(random);
  PrivateKey region = PrivateKey::generate(random);
  FakeRegistry national;
  FakeRegistry regional;
  std::string code = Identifier::make("86.31", "1000AB").value().text();

  Nation() {
    auto database = open_registry_database(directory.path()).value();
    REQUIRE(TrustStore(database).pin("86", root.public_key(), clock.now()));
    bootstrap(national, "86", root);
    bootstrap(regional, "86.31", region);
    refer(national, code, "86.31", regional.url());
    regional.say("v1/id/" + code, to_line(record()));
  }

  static Json key_of(const PrivateKey& key) {
    Json entry = key.public_key().jwk();
    entry["for"] = {"delegate", "record", "head"};
    return entry;
  }
  Json delegation(const std::string& prefix, const PrivateKey& key, int seq = 1) const {
    return delegation(prefix, key, seq, root);
  }
  static Json delegation(const std::string& prefix, const PrivateKey& key, int seq,
                         const PrivateKey& signer) {
    Json document{{"schema", "cp.delegation/1"},
                  {"prefix", prefix},
                  {"seq", seq},
                  {"keys", {key_of(key)}},
                  {"may_delegate", true},
                  {"max_depth", 4},
                  {"not_before", "2026-01-01T00:00:00Z"},
                  {"not_after", "2028-01-01T00:00:00Z"}};
    if (const auto parent = parent_of_prefix(prefix)) {
      document["parent"] = *parent;
      document["label"] = "lab";
    }
    return sign_document(document, signer).value();
  }
  Json head(const std::string& prefix, const PrivateKey& key, int seq = 5) const {
    return sign_document({{"schema", "cp.head/1"},
                          {"prefix", prefix},
                          {"seq", seq},
                          {"hash", "sha256:" + std::string(64, 'a')},
                          {"revoked", Json::array()},
                          {"issued", cp::format_time(clock.now())},
                          {"valid_until", cp::format_time(clock.now() + std::chrono::days(1))}},
                         key)
        .value();
  }
  void bootstrap(FakeRegistry& at, const std::string& prefix, const PrivateKey& key,
                 int seq = 5) const {
    at.say("v1/bootstrap",
           to_line({{"schema", "cp.bootstrap/1"},
                    {"delegations", {delegation("86", root), delegation("86.31", region)}},
                    {"head", head(prefix, key, seq)}}));
  }
  Json record(int seq = 1, const Json& more = Json::object()) const {
    Json document{{"schema", "cp.resource/1"},
                  {"id", code},
                  {"seq", seq},
                  {"issued", "2026-11-22T08:00:00Z"},
                  {"valid_until", "2027-11-22T00:00:00Z"},
                  {"kind", "node"}};
    document.update(more);
    return sign_document(document, region).value();
  }
  void refer(FakeRegistry& from, const std::string& what, const std::string& prefix,
             const std::string& url) const {
    from.say("v1/id/" + what, {307,
                               to_line({{"schema", "cp.referral/1"},
                                        {"prefix", prefix},
                                        {"registries", {url}},
                                        {"delegation", nullptr}}),
                               {}});
  }
  ResolverSettings settings() const {
    ResolverSettings given;
    given.registries = {national.url()};
    given.allow_net = cp::net::AllowNet::parse({"127.0.0.1"}).value();
    given.patience = std::chrono::seconds(20);
    return given;
  }
  std::unique_ptr<Resolver> open(const ResolverSettings& given) const {
    return Resolver::open(directory.path(), clock, given).value();
  }
  std::unique_ptr<Resolver> open() const { return open(settings()); }
  // "verified", "failed: why", or the error's message.
  std::string outcome(const std::string& name, const ResolverSettings& given) const {
    const auto found = open(given)->resolve(name);
    return !found                       ? found.error().message
           : found->trust == "verified" ? found->trust
                                        : found->trust + ": " + found->problem;
  }
  std::string outcome(const std::string& name) const { return outcome(name, settings()); }
};

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a name is found along a referral, and verified up to the pinned root") {
  Nation n;
  const auto found = n.open()->resolve(n.code);
  REQUIRE(found);
  CHECK(found->trust == "verified");
  CHECK(found->source == n.regional.url());
  CHECK(!found->age);
  CHECK(found->anchor == n.root.public_key().thumbprint());
  CHECK(!found->own_authority);
}

TEST_CASE("without anybody to ask and without an authority nothing resolves") {
  Nation n;
  ResolverSettings nobody = n.settings();
  nobody.registries.clear();
  CHECK(says(n.outcome(n.code, nobody), "there is no registry to ask"));
  TemporaryDirectory empty;
  CHECK(Resolver::open(empty.path(), n.clock, nobody).error().code == Errc::not_found);
  nobody.registries = {"ftp://example.org/"};
  CHECK(Resolver::open(n.directory.path(), n.clock, nobody).error().code == Errc::usage);
}

TEST_CASE("a record that was forged, is another's, or is signed by the parent is refused") {
  Nation n;
  Json forged = n.record();
  forged["kind"] = "cluster";
  n.regional.say("v1/id/" + n.code, to_line(forged));
  CHECK(says(n.outcome(n.code), "the signature is wrong (bad_signature)"));
  Json other = n.record();
  n.regional.say("v1/id/" + Identifier::make("86.31", "2000AB")->text(), to_line(other));
  n.refer(n.national, Identifier::make("86.31", "2000AB")->text(), "86.31", n.regional.url());
  CHECK(says(n.outcome(Identifier::make("86.31", "2000AB")->text()), "does not name"));
  Json above = n.record();
  above.erase("proof");
  n.regional.say("v1/id/" + n.code, to_line(sign_document(above, n.root).value()));
  CHECK(says(n.outcome(n.code), "unknown_key"));
  n.regional.say("v1/id/" + n.code, to_line(n.record()));
  CHECK(n.outcome(n.code) == "verified");
}

TEST_CASE("an older version than one that was seen is refused as a replay, and two of one number") {
  Nation n;
  n.regional.say("v1/id/" + n.code, to_line(n.record(7)));
  CHECK(n.outcome(n.code) == "verified");
  n.clock.move(std::chrono::minutes(10));
  n.regional.say("v1/id/" + n.code, to_line(n.record(6)));
  CHECK(says(n.outcome(n.code), "7 was seen already (replay)"));
  n.regional.say("v1/id/" + n.code, to_line(n.record(7, {{"kind", "cluster"}})));
  CHECK(says(n.outcome(n.code), "(equivocation)"));
  n.regional.say("v1/id/" + n.code, to_line(n.record(8)));
  CHECK(n.outcome(n.code) == "verified");
}

TEST_CASE("a registry whose head went back, or is too old, is not believed") {
  Nation n;
  CHECK(n.outcome(n.code) == "verified");
  n.clock.move(std::chrono::minutes(10));
  n.bootstrap(n.regional, "86.31", n.region, 4);
  CHECK(says(n.outcome(n.code), "(replay)"));
  n.bootstrap(n.regional, "86.31", n.region, 6);
  CHECK(n.outcome(n.code) == "verified");
  n.clock.move(std::chrono::days(2));
  CHECK(says(n.outcome(n.code), "(expired)"));
}

TEST_CASE("a registry that invents delegations fills nobody's store, and its answers still hold") {
  Nation n;
  const PrivateKey lab = PrivateKey::generate(n.random);
  const auto chain = [&](int at) {
    Json document = n.delegation("86.31." + std::to_string(at), lab, 1, n.region);
    document["label"] = "lab-" + std::to_string(at);
    document.erase("proof");
    return sign_document(document, n.region).value();
  };
  Json told{{"schema", "cp.bootstrap/1"},
            {"delegations", {n.delegation("86", n.root), n.delegation("86.31", n.region)}},
            {"head", n.head("86.31", n.region, 6)}};
  for (int at = 1; at <= 1'100; ++at) {
    told["delegations"].push_back(chain(at));
  }
  n.regional.say("v1/bootstrap", to_line(told));
  const auto record_of = [&](int at) {
    Json document = n.record();
    document["id"] = Identifier::make("86.31." + std::to_string(at), "1000AB").value().text();
    document.erase("proof");
    return sign_document(document, lab).value();
  };
  const auto resolve = [&](int at) {
    const Json record = record_of(at);
    const std::string id = record["id"];
    n.regional.say("v1/id/" + id, to_line(record));
    n.regional.say("v1/chain/86.31." + std::to_string(at),
                   to_line({{"schema", "cp.chain/1"},
                            {"delegations", {chain(at), chain(5'000)}},
                            {"heads", Json::array()}}));
    ResolverSettings given = n.settings();
    given.registries = {n.regional.url()};
    return n.outcome(id, given);
  };
  auto database = open_registry_database(n.directory.path()).value();
  const TrustStore trust(database);
  const auto count = [&] {
    return trust.chains_below(n.root.public_key().thumbprint(), "86.31").value().records;
  };
  CHECK(resolve(1'100) == "verified");
  CHECK(count() == Judge::kMostUnused);
  // One that was forgotten is learned again where it is asked for.
  CHECK(resolve(1'098) == "verified");
  CHECK(count() <= Judge::kMostUnused + 1);
  ResolverSettings nobody = n.settings();
  nobody.is_offline = true;
  CHECK(n.outcome(record_of(1'100)["id"], nobody) == "verified");
  CHECK(n.outcome(record_of(1'098)["id"], nobody) == "verified");
}

TEST_CASE("referrals in a circle end") {
  Nation n;
  n.refer(n.regional, n.code, "86.31", n.national.url());
  CHECK(says(n.outcome(n.code), "in a circle"));
  n.refer(n.national, n.code, "86.31", n.national.url());
  CHECK(says(n.outcome(n.code), "in a circle"));
  // Not even one that always finds a longer prefix, nor one beside the code's.
  n.refer(n.national, n.code, "86.3101", n.regional.url());
  CHECK(says(n.outcome(n.code), "in a circle"));
}

TEST_CASE("referrals that always come nearer end, too") {
  Nation n;
  const std::string name = "@far/away";
  std::vector<std::unique_ptr<FakeRegistry>> line;
  for (int i = 0; i < 9; ++i) {
    line.push_back(std::make_unique<FakeRegistry>());
    n.bootstrap(*line.back(), "86", n.root);
  }
  std::string prefix = "8";
  const auto refer = [&](FakeRegistry& from, const FakeRegistry& to) {
    prefix += "6";
    from.say("v1/alias/far/away", {307,
                                   to_line({{"schema", "cp.referral/1"},
                                            {"prefix", prefix},
                                            {"registries", {to.url()}},
                                            {"delegation", nullptr}}),
                                   {}});
  };
  refer(n.national, *line[0]);
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    refer(*line[i], *line[i + 1]);
  }
  CHECK(says(n.outcome(name), "referred more than 8 times"));
  CHECK(line[6]->asked().size() == 2);
  CHECK(line[7]->asked().empty());
}

TEST_CASE(
    "a registry that takes a question and says nothing is given up on, and the next is asked") {
  Nation n;
  const auto silent =
      cp::net::TcpListener::bind({cp::net::IpAddress::loopback(cp::net::Family::ipv4), 0}).value();
  const std::string url = "http://" + silent.local().value().to_string() + "/";
  ResolverSettings given = n.settings();
  given.patience = std::chrono::milliseconds(300);
  given.registries = {url};
  const auto nobody = n.open(given)->resolve(n.code);
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == Errc::timed_out);
  given.registries = {url, n.national.url()};
  given.patience = std::chrono::seconds(2);
  const auto found = n.open(given)->resolve(n.code);
  REQUIRE(found);
  CHECK(found->trust == "verified");
  CHECK(found->notes.size() == 1);
}

TEST_CASE("an authority that has not shown its head for too long is not believed, if so wanted") {
  Nation n;
  ResolverSettings strict = n.settings();
  strict.max_head_age = std::chrono::hours(1);
  CHECK(n.outcome(n.code, strict) == "verified");
  const auto found = n.open(strict)->resolve(n.code);
  REQUIRE(found);
  REQUIRE(found->heads.size() == 2);
  CHECK(found->heads[1] == std::pair<std::string, cp::UnixTime>("86.31", n.clock.now()));
  n.clock.move(std::chrono::hours(2));
  // Both registries still show the head of two hours ago, which holds for a day.
  CHECK(says(n.outcome(n.code, strict), "(old_head)"));
  ResolverSettings offline = strict;
  offline.is_offline = true;
  CHECK(says(n.outcome(n.code, offline), "(old_head)"));
  CHECK(n.outcome(n.code) == "verified");
  n.clock.move(std::chrono::minutes(2));
  n.bootstrap(n.national, "86", n.root, 6);
  CHECK(says(n.outcome(n.code, strict), "prefix 86.31 is of 2026-11-22T08:00:00Z (old_head)"));
  n.clock.move(std::chrono::minutes(2));
  n.bootstrap(n.regional, "86.31", n.region, 6);
  CHECK(n.outcome(n.code, strict) == "verified");
  CHECK(n.outcome(n.code, offline) == "verified");
}

TEST_CASE("a referral to an address that is not allowed leads nowhere, and writes nothing") {
  Nation n;
  n.refer(n.national, n.code, "86.31", "https://169.254.169.254/");
  CHECK(says(n.outcome(n.code), "169.254.169.254 is not allowed"));
  n.refer(n.national, n.code, "86.31", n.regional.url());
  ResolverSettings strict = n.settings();
  strict.allow_net = {};
  CHECK(says(n.outcome(n.code, strict), "127.0.0.1 is not allowed"));
  CHECK(n.regional.asked().empty());
}

TEST_CASE(
    "an answer counts for as long as the registry says, and is then asked for by its number") {
  Nation n;
  n.regional.say("v1/id/" + n.code, {304, "", {}});
  CHECK(says(n.outcome(n.code), "status 304"));  // nothing is known that could be unchanged
  n.regional.say("v1/id/" + n.code, {200, to_line(n.record(3)), {{"Cache-Control", "max-age=90"}}});
  CHECK(n.outcome(n.code) == "verified");
  (void)n.national.asked();
  (void)n.regional.asked();
  n.clock.move(std::chrono::seconds(89));
  const auto kept = n.open()->resolve(n.code);
  REQUIRE(kept);
  CHECK(kept->age == std::chrono::seconds(89));
  CHECK(n.regional.asked().empty());
  CHECK(n.national.asked().empty());
  n.clock.move(std::chrono::seconds(2));
  n.regional.say("v1/id/" + n.code, {304, "", {{"Cache-Control", "max-age=90"}}});
  CHECK(n.outcome(n.code) == "verified");
  CHECK(n.regional.asked().back() == "v1/id/" + n.code + " \"3\"");
}

TEST_CASE("what is not there is not asked for again at once") {
  Nation n;
  n.regional.say("v1/id/" + n.code, {404, "{}", {{"Cache-Control", "max-age=20"}}});
  CHECK(n.open()->resolve(n.code).error().code == Errc::not_found);
  (void)n.regional.asked();
  n.clock.move(std::chrono::seconds(19));
  CHECK(n.open()->resolve(n.code).error().code == Errc::not_found);
  CHECK(n.regional.asked().empty());
  n.clock.move(std::chrono::seconds(2));
  n.regional.say("v1/id/" + n.code, to_line(n.record()));
  CHECK(n.outcome(n.code) == "verified");
}

TEST_CASE("when nobody answers an older answer does, and says its age") {
  Nation n;
  CHECK(n.outcome(n.code) == "verified");
  n.regional.end();
  n.clock.move(std::chrono::hours(3));
  const auto stale = n.open()->resolve(n.code);
  REQUIRE(stale);
  CHECK(stale->trust == "verified");
  CHECK(stale->age == std::chrono::hours(3));
  CHECK(says(stale->notes.back(), "is 3 h 00 m old"));
  // What was never seen is not made up.
  const std::string other = Identifier::make("86.31", "3000AB")->text();
  n.refer(n.national, other, "86.31", n.regional.url());
  CHECK(n.open()->resolve(other).error().code == Errc::unavailable);
  // An expired record is not served, however stale it may be.
  n.clock.move(std::chrono::days(400));
  CHECK(n.open()->resolve(n.code)->trust == "failed");
}

TEST_CASE("an older answer serves, too, when its registry may not be asked, or does not let us") {
  Nation n;
  CHECK(n.outcome(n.code) == "verified");
  n.clock.move(std::chrono::hours(3));
  ResolverSettings strict = n.settings();
  strict.allow_net = {};
  const auto kept = n.open(strict)->resolve(n.code);
  REQUIRE(kept);
  CHECK(kept->trust == "verified");
  CHECK(says(kept->notes.back(), "is not allowed"));
  n.regional.say("v1/id/" + n.code, {401, R"({"schema":"cp.error/1","message":"who?"})", {}});
  const auto closed = n.open()->resolve(n.code);
  REQUIRE(closed);
  CHECK(says(closed->notes.back(), "who? (401)"));
  // But never when a registry shows that it is not to be believed.
  n.bootstrap(n.regional, "86.31", n.region, 4);
  n.clock.move(std::chrono::hours(1));
  CHECK(n.open()->resolve(n.code)->trust == "failed");
}

TEST_CASE("offline nobody is asked") {
  Nation n;
  ResolverSettings offline = n.settings();
  offline.is_offline = true;
  CHECK(says(n.outcome(n.code, offline), "--offline asks nobody"));
  CHECK(n.national.asked().empty());
  CHECK(n.outcome(n.code) == "verified");
  (void)n.national.asked();
  n.clock.move(std::chrono::hours(5));
  const auto kept = n.open(offline)->resolve(n.code);
  REQUIRE(kept);
  CHECK(kept->age == std::chrono::hours(5));
  CHECK(n.national.asked().empty());
}

TEST_CASE("a registry that is garbage or gone is passed over") {
  Nation n;
  FakeRegistry garbage;
  garbage.say("v1/bootstrap", "<html>");
  ResolverSettings given = n.settings();
  given.registries.insert(given.registries.begin(), garbage.url());
  const auto found = n.open(given)->resolve(n.code);
  REQUIRE(found);
  CHECK(found->trust == "verified");
  CHECK(says(found->notes.front(), "is no JSON object"));
  garbage.end();
  n.clock.move(std::chrono::minutes(10));
  CHECK(n.outcome(n.code, given) == "verified");
}

TEST_CASE("aliases and foreign codes lead to the record that names them itself") {
  Nation n;
  const Json named = n.record(
      2, {{"alias", {"@lab/a"}}, {"also_known_as", {{{"scheme", "lei"}, {"id", "5493001"}}}}});
  n.national.say("v1/alias/lab/a", to_line(named));
  n.national.say("v1/alias/lab/b", to_line(named));
  n.national.say("v1/known/lei/5493001", to_line(named));
  n.national.say("v1/known/lei/5493002", to_line(named));
  n.national.say("v1/known/ror/x", {409, R"({"schema":"cp.error/1"})", {}});
  CHECK(n.outcome("@lab/a") == "verified");
  CHECK(says(n.outcome("@lab/b"), "does not name @lab/b"));
  CHECK(n.outcome("lei:5493001") == "verified");
  CHECK(says(n.outcome("lei:5493002"), "does not name"));
  CHECK(says(n.outcome("ror:x"), "two resources claim"));
  CHECK(says(n.outcome("@lab"), "is no alias"));
  CHECK(says(n.outcome("nothing"), "is no identifier"));
}

TEST_CASE("that one registry knows nothing hides nothing that another one says") {
  Nation n;
  FakeRegistry ignorant;
  n.bootstrap(ignorant, "86", n.root);
  ignorant.say("v1/id/" + n.code, {404, "{}", {{"Cache-Control", "max-age=300"}}});
  ResolverSettings given = n.settings();
  given.registries = {ignorant.url()};
  CHECK(says(n.outcome(n.code, given), "knows no " + n.code));
  CHECK(n.outcome(n.code) == "verified");
}

TEST_CASE("what was verified here resolves though nobody is asked") {
  Nation n;
  auto database = open_registry_database(n.directory.path()).value();
  TrustStore trust(database);
  Judge judge(trust, n.clock);
  const auto accept = [&](const Json& document) { REQUIRE(judge.accept(document)->holds()); };
  accept(n.delegation("86", n.root));
  accept(n.delegation("86.31", n.region));
  const Json claim{{"also_known_as", {{{"scheme", "lei"}, {"id", "5493001"}}}}};
  accept(n.record(2, claim));
  ResolverSettings nobody = n.settings();
  nobody.is_offline = true;
  CHECK(n.outcome(n.code, nobody) == "verified");
  CHECK(n.outcome("lei:5493001", nobody) == "verified");
  const auto found = n.open(nobody)->resolve(n.code);
  REQUIRE(found);
  CHECK(says(found->notes.front(), "as it was verified here"));
  // A registry that says since then that there is none is believed more.
  n.regional.say("v1/id/" + n.code, {404, "{}", {{"Cache-Control", "max-age=300"}}});
  CHECK(says(n.outcome(n.code), "knows no"));
  CHECK(says(n.outcome(n.code, nobody), "knows no"));
  Json other = claim;
  other["id"] = Identifier::make("86.31", "3000AB")->text();
  accept(n.record(1, other));
  CHECK(says(n.outcome("lei:5493001", nobody), "both claim lei:5493001"));
}

TEST_CASE("a label is that of the root that was pinned first, whichever registry is asked first") {
  Nation n;
  const PrivateKey seven = PrivateKey::generate(n.random);
  const PrivateKey lab = PrivateKey::generate(n.random);
  auto database = open_registry_database(n.directory.path()).value();
  REQUIRE(TrustStore(database).pin("7", seven.public_key(), n.clock.now()));
  FakeRegistry other;
  other.say("v1/bootstrap", to_line({{"schema", "cp.bootstrap/1"},
                                     {"delegations",
                                      {Nation::delegation("7", seven, 1, seven),
                                       Nation::delegation("7.1", lab, 1, seven)}},
                                     {"head", n.head("7", seven)}}));
  Json theirs = n.record(1, {{"alias", {"@lab/a"}}});
  theirs["id"] = Identifier::make("7.1", "1000AC").value().text();
  theirs.erase("proof");
  other.say("v1/alias/lab/a", to_line(sign_document(theirs, lab).value()));
  const Json named = n.record(2, {{"alias", {"@lab/a"}}});
  n.national.say("v1/alias/lab/a", to_line(named));
  ResolverSettings both = n.settings();
  both.registries = {other.url(), n.national.url()};
  for (int turn = 0; turn < 2; ++turn) {
    const auto found = n.open(both)->resolve("@lab/a");
    REQUIRE(found);
    CHECK(cp::model::text_at(found->record, "id") == n.code);
    n.clock.move(std::chrono::minutes(10));
    std::swap(both.registries[0], both.registries[1]);
  }
}

TEST_CASE("a referral to what nobody can ask is told as that") {
  Nation n;
  for (const char* url : {"file:///etc/passwd", "https://user:pw@a.example/", "https://a\x01b/"}) {
    n.refer(n.national, n.code, "86.31", url);
    CHECK(says(n.outcome(n.code), "names none that can be asked"));
  }
}

TEST_CASE("who says without proof that a name has ended, or is claimed twice, is passed over") {
  Nation n;
  FakeRegistry liar;
  n.bootstrap(liar, "86", n.root);
  const Json named = n.record(2, {{"alias", {"@lab/a"}}});
  n.national.say("v1/alias/lab/a", to_line(named));
  n.regional.say("v1/id/" + n.code, to_line(named));
  ResolverSettings given = n.settings();
  given.registries = {liar.url(), n.national.url()};
  for (const int status : {410, 409}) {
    liar.say("v1/alias/lab/a", {status, "{}", {}});
    liar.say("v1/id/" + n.code, {status, "{}", {}});
    for (const std::string& name : {std::string("@lab/a"), n.code}) {
      CHECK(n.outcome(name, given) == "verified");
      n.clock.move(std::chrono::minutes(10));
    }
  }
  given.registries = {liar.url()};
  liar.say("v1/alias/lab/c", {410, "{}", {}});
  CHECK(says(n.outcome("@lab/c", given), liar.url() + " says that @lab/c is no more, and proves"));
  liar.say("v1/alias/lab/d", {409, "{}", {}});
  CHECK(says(n.outcome("@lab/d", given), liar.url() + ": two resources claim @lab/d"));
}

TEST_CASE("a name of a form that no alias has does not count") {
  const Json record{{"alias",
                     {"@lab/a", "@Lab/a",
                      "@lab/\xE2\x80\xAE"
                      "a",
                      "@lab/a\n", "lab", 7}}};
  CHECK(cp::identity::names_of(record) == std::vector<std::string>{"@lab/a"});
}

TEST_CASE("a record is found by its first 64 aliases and 256 foreign codes, and no others") {
  Nation n;
  Json aliases = Json::array();
  Json codes = Json::array();
  for (int number = 0; number < 400; ++number) {
    aliases.push_back("@lab/" + std::to_string(number));
    codes.push_back({{"scheme", "lei"}, {"id", std::to_string(number)}});
  }
  const Json record = n.record(2, {{"alias", aliases}, {"also_known_as", codes}});
  const auto names = names_of(record);
  CHECK(names.size() == 320);
  CHECK(names[63] == "@lab/63");
  CHECK(names[64] == "lei:0");
  CHECK(names[319] == "lei:255");
  n.national.say("v1/alias/lab/63", to_line(record));
  n.national.say("v1/alias/lab/64", to_line(record));
  CHECK(n.outcome("@lab/63") == "verified");
  CHECK(says(n.outcome("@lab/64"), "does not name @lab/64"));
  auto database = open_registry_database(n.directory.path()).value();
  auto rows = database
                  .prepare(
                      "SELECT count(*), scheme FROM name WHERE code = ?1 "
                      "GROUP BY scheme ORDER BY scheme")
                  .value();
  rows.bind(1, n.code);
  REQUIRE(rows.step() == true);
  CHECK(rows.text(1) == "alias");
  CHECK(rows.integer(0) == 64);
  REQUIRE(rows.step() == true);
  CHECK(rows.integer(0) == 256);
}

TEST_CASE("of what feeds have brought, the name of what has ended is its successor's in the name") {
  Nation n;
  auto database = open_registry_database(n.directory.path()).value();
  TrustStore trust(database);
  Judge judge(trust, n.clock);
  auto store = ResolverStore::open(n.directory.path()).value();
  REQUIRE(judge.accept(n.delegation("86", n.root))->holds());
  REQUIRE(judge.accept(n.delegation("86.31", n.region))->holds());
  REQUIRE(
      store.keep_feed({.url = n.regional.url(), .prefix = "86.31", .synced_at = n.clock.now()}));
  const std::string other = Identifier::make("86.31", "3000AB")->text();
  const auto take = [&](const std::string& code, int seq, const std::string& ended_at) {
    Json more{{"id", code}, {"alias", {"@lab/a"}}};
    if (!ended_at.empty()) {
      more["ended"] = {{"how", "tombstone"}, {"at", ended_at}};
    }
    const Json record = n.record(seq, more);
    REQUIRE(judge.accept(record)->holds());
    REQUIRE(store.set_names({code, n.root.public_key().thumbprint()}, names_of(record)));
  };
  ResolverSettings offline = n.settings();
  offline.is_offline = true;
  const auto code_found = [&] {
    const auto found = n.open(offline)->resolve("@lab/a");
    return found ? found->record["id"].get<std::string>() : found.error().message;
  };
  take(n.code, 1, "");
  CHECK(code_found() == n.code);
  take(other, 1, "");
  CHECK(says(code_found(), "both claim @lab/a"));
  // Whichever of the two comes first.
  take(n.code, 2, "2026-11-01T00:00:00Z");
  CHECK(code_found() == other);
  take(n.code, 3, "");
  take(other, 2, "2026-11-02T00:00:00Z");
  CHECK(code_found() == n.code);
  // Of two that have ended, it was the last one's.
  take(n.code, 4, "2026-11-01T00:00:00Z");
  CHECK(says(code_found(), other + " is no more"));
  take(n.code, 5, "2026-11-03T00:00:00Z");
  CHECK(says(code_found(), n.code + " is no more"));
}

TEST_CASE("two registries whose records claim one foreign code are no choice, in either order") {
  Nation n;
  const Json claim{{"also_known_as", {{{"scheme", "lei"}, {"id", "5493001"}}}}};
  const std::string second = Identifier::make("86.31", "3000AB")->text();
  Json named = claim;
  named["id"] = second;
  n.national.say("v1/known/lei/5493001", to_line(n.record(2, claim)));
  n.regional.say("v1/known/lei/5493001", to_line(n.record(1, named)));
  ResolverSettings both = n.settings();
  // What one alone has answered before does not hide the other.
  CHECK(n.outcome("lei:5493001") == "verified");
  both.registries = {n.national.url(), n.regional.url()};
  CHECK(n.outcome("lei:5493001", both) == n.code + " and " + second + " both claim lei:5493001");
  std::swap(both.registries[0], both.registries[1]);
  CHECK(n.outcome("lei:5493001", both) == second + " and " + n.code + " both claim lei:5493001");
  const auto refused = n.open(both)->resolve("lei:5493001");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::denied);
  both.is_offline = true;
  CHECK(says(n.outcome("lei:5493001", both), "both claim"));
  both.is_offline = false;
  // Both know the same one, one does not answer, or the other's has ended: no two claimants.
  n.national.say("v1/known/lei/5493001", to_line(n.record(1, named)));
  CHECK(n.outcome("lei:5493001", both) == "verified");
  n.national.say("v1/known/lei/5493001", {404, R"({"schema":"cp.error/1"})", {}});
  CHECK(n.outcome("lei:5493001", both) == "verified");
  Json ended = claim;
  ended["ended"] = {{"how", "moved"}, {"why", ""}, {"successor", second}};
  n.national.say("v1/known/lei/5493001", to_line(n.record(3, ended)));
  n.regional.say("v1/id/" + second, to_line(n.record(1, named)));
  CHECK(n.outcome("lei:5493001", both) == "verified");
  std::swap(both.registries[0], both.registries[1]);
  CHECK(n.outcome("lei:5493001", both) == "verified");
}

TEST_CASE("an authority's own claim to a foreign code does not hide another's") {
  Nation n;
  Registry own = Registry::init(n.directory.path(), "0", "us", n.clock, n.random).value();
  const Json claim{{"also_known_as", {{{"scheme", "lei"}, {"id", "5493001"}}}}};
  Json mine{{"schema", "cp.resource/1"}, {"kind", "node"}};
  mine.update(claim);
  const std::string code = own.register_resource(mine, n.random).value()["id"];
  // Nobody else claims it, or nobody answers: it is ours; unless somebody's hand has brought one
  // here that does.
  {
    TemporaryDirectory with_another;
    Registry there = Registry::init(with_another.path(), "0", "us", n.clock, n.random).value();
    REQUIRE(there.register_resource(mine, n.random));
    auto database = open_registry_database(with_another.path()).value();
    TrustStore trust(database);
    REQUIRE(trust.pin("86", n.root.public_key(), n.clock.now()));
    Judge judge(trust, n.clock);
    for (const Json& document :
         {n.delegation("86", n.root), n.delegation("86.31", n.region), n.record(2, claim)}) {
      REQUIRE(judge.accept(document)->holds());
    }
    ResolverSettings nobody;
    const auto one = Resolver::open(with_another.path(), n.clock, nobody);
    CHECK((*one)->resolve("lei:5493001").error().code == Errc::denied);
  }
  CHECK(n.open()->resolve("lei:5493001")->record["id"] == code);
  n.clock.move(std::chrono::hours(1));
  n.national.say("v1/known/lei/5493001", {401, R"({"schema":"cp.error/1","message":"who?"})", {}});
  const auto alone = n.open()->resolve("lei:5493001");
  REQUIRE(alone);
  CHECK(alone->record["id"] == code);
  CHECK(says(alone->notes.back(), "who?"));
  n.national.say("v1/known/lei/5493001", to_line(n.record(2, claim)));
  const auto both = n.open()->resolve("lei:5493001");
  REQUIRE_FALSE(both);
  CHECK(both.error().code == Errc::denied);
  CHECK(both.error().message == code + " and " + n.code + " both claim lei:5493001");
  ResolverSettings offline = n.settings();
  offline.is_offline = true;
  CHECK(n.open(offline)->resolve("lei:5493001").error().code == Errc::denied);
}

TEST_CASE("an alias of a label that is another's, or nobody's, leads nowhere") {
  Nation n;
  const Json named = n.record(2, {{"alias", {"@lab/a", "@bank/a"}}});
  n.national.say("v1/alias/lab/a", to_line(named));
  n.national.say("v1/alias/bank/a", to_line(named));
  CHECK(n.outcome("@lab/a") == "verified");
  CHECK(says(n.outcome("@bank/a"), "the label bank was not allotted to 86.31"));
  // Of two roots that gave one label away, the one that was pinned first counts.
  const PrivateKey other = PrivateKey::generate(n.random);
  const PrivateKey child = PrivateKey::generate(n.random);
  auto database = open_registry_database(n.directory.path()).value();
  TrustStore trust(database);
  REQUIRE(trust.pin("49", other.public_key(), n.clock.now()));
  Judge judge(trust, n.clock);
  REQUIRE(judge.accept(n.delegation("49", other, 1, other))->holds());
  REQUIRE(judge.accept(n.delegation("49.1", child, 1, other))->holds());
  const std::string code = Identifier::make("49.1", "2000AB")->text();
  Json theirs{{"schema", "cp.resource/1"},
              {"id", code},
              {"seq", 1},
              {"issued", "2026-11-22T08:00:00Z"},
              {"valid_until", "2027-11-22T00:00:00Z"},
              {"kind", "node"},
              {"alias", {"@lab/b"}}};
  theirs = sign_document(theirs, child).value();
  n.national.say("v1/alias/lab/b", to_line(theirs));
  CHECK(
      says(n.outcome("@lab/b"), "the label lab is that of 86.31, whose anchor was pinned before"));
  n.clock.move(std::chrono::minutes(10));
  const auto found = n.open()->resolve("@lab/a");
  REQUIRE(found);
  CHECK(found->trust == "verified");
  REQUIRE(!found->notes.empty());
  CHECK(says(found->notes.front(), "the label lab is also that of 49.1"));
}

TEST_CASE(
    "of two in one tree with one label the nearer to the root, then the first known, has it") {
  Nation n;
  const PrivateKey second = PrivateKey::generate(n.random);
  const PrivateKey below = PrivateKey::generate(n.random);
  auto database = open_registry_database(n.directory.path()).value();
  TrustStore trust(database);
  Judge judge(trust, n.clock);
  const auto owner = [&] {
    std::vector<std::string> names;
    const auto all = trust.allotted("lab").value();
    for (const auto& one : all) {
      names.push_back(one.prefix);
    }
    return cp::text::join(names, " ");
  };
  const auto take = [&](const Json& document) { REQUIRE(judge.accept(document)->holds()); };
  const auto why_not = [&](const std::string& prefix) {
    const auto counts = check_aliases(trust, judge, prefix, std::vector<std::string>{"@lab/a"});
    return counts ? std::string("it counts") : counts.error().message;
  };
  take(n.delegation("86", n.root));
  take(n.delegation("86.40", second));
  take(n.delegation("86.40.1", below, 1, second));
  take(n.delegation("86.31", n.region));
  CHECK(owner() == "86.40 86.31 86.40.1");
  take(n.delegation("86.40", second, 2));  // renewed, and first still
  CHECK(owner() == "86.40 86.31 86.40.1");
  CHECK(why_not("86.40") == "it counts");
  CHECK(says(why_not("86.31"), "the label lab was allotted to 86.40 first, not to 86.31"));
  CHECK(says(why_not("86.40.1"), "the label lab was allotted to 86.40 first, not to 86.40.1"));
  n.national.say("v1/alias/lab/a", to_line(n.record(2, {{"alias", {"@lab/a"}}})));
  CHECK(says(n.outcome("@lab/a"), "the label lab was allotted to 86.40 first, not to 86.31"));
  // It lost the label, and gets it back behind the other.
  Json without = n.delegation("86.40", second, 3);
  without.erase("label");
  without.erase("proof");
  take(sign_document(without, n.root).value());
  CHECK(owner() == "86.31 86.40.1");
  CHECK(why_not("86.31") == "it counts");
  CHECK(n.outcome("@lab/a") == "verified");
  take(n.delegation("86.40", second, 4));
  CHECK(owner() == "86.31 86.40 86.40.1");
  CHECK(why_not("86.31") == "it counts");
}

TEST_CASE("a resource that was moved leads to its successor, and one that ended to nothing") {
  Nation n;
  const std::string next = Identifier::make("86.31", "4000AB")->text();
  const Json moved = n.record(2, {{"ended", {{"how", "moved"}, {"why", ""}, {"successor", next}}}});
  n.regional.say("v1/id/" + n.code, to_line(moved));
  n.refer(n.national, next, "86.31", n.regional.url());
  n.regional.say("v1/id/" + next, to_line(n.record(1, {{"id", next}})));
  const auto found = n.open()->resolve(n.code);
  REQUIRE(found);
  CHECK(cp::model::text_at(found->record, "id") == next);
  const Json tombstone = n.record(3, {{"ended", {{"how", "tombstone"}, {"why", "scrapped"}}}});
  n.clock.move(std::chrono::minutes(10));
  n.bootstrap(n.regional, "86.31", n.region, 6);
  n.regional.say("v1/id/" + n.code, {410, to_line({{"document", tombstone}}), {}});
  CHECK(says(n.outcome(n.code), "is no more: tombstone: scrapped"));
}

TEST_CASE("opposite moves of two owners lead nowhere, whoever has signed them") {
  Nation n;
  const PrivateKey other = PrivateKey::generate(n.random);
  const std::string back = Identifier::make("86.40", "4000AB")->text();
  Json theirs = n.delegation("86.40", other);
  theirs["label"] = "other";
  theirs.erase("proof");
  theirs = sign_document(theirs, n.root).value();
  const auto moved = [&](const std::string& from, const std::string& to) {
    Json record = n.record(2, {{"id", from}, {"ended", {{"how", "moved"}, {"successor", to}}}});
    record.erase("proof");
    return record;
  };
  const auto say = [&](const std::string& code, const Json& record) {
    n.national.say("v1/id/" + code, to_line(record));
  };
  const auto refused = [&] {
    n.clock.move(std::chrono::minutes(10));  // nothing is taken from what was kept
    const auto found = n.open()->resolve(n.code);
    return found ? found->trust + ": " + found->problem
                 : std::to_string(static_cast<int>(found.error().code == Errc::denied)) + ": " +
                       found.error().message;
  };
  const Json there = sign_document(moved(n.code, back), n.region).value();
  const Json here = sign_document(moved(back, n.code), other).value();
  // Each by its own owner alone, the other being known or not.
  say(n.code, there);
  say(back, here);
  CHECK(says(refused(), "(other_owner)"));
  n.national.say("v1/bootstrap",
                 to_line({{"schema", "cp.bootstrap/1"},
                          {"delegations",
                           {n.delegation("86", n.root), n.delegation("86.31", n.region), theirs}},
                          {"head", n.head("86", n.root, 6)}}));
  CHECK(says(refused(), "failed: "));
  CHECK(says(refused(), "only one of both owners has signed (one_signature)"));
  // By both.
  say(n.code, countersign_document(there, other).value());
  CHECK(says(refused(), "failed: "));
  CHECK(says(refused(), "only one of both owners has signed (one_signature)"));
  say(back, countersign_document(here, n.region).value());
  CHECK(refused() ==
        "1: " + back + " is no more: moved to " + n.code + ", and that leads back to it");
}
