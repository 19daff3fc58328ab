// SPDX-License-Identifier: Apache-2.0
#include "identity/judge.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "fixed_clock.hpp"
#include "identity/identifier.hpp"
#include "identity/proof.hpp"
#include "identity/registry_store.hpp"
#include "model/json.hpp"
#include "source_tree.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using namespace cp::identity;
using cp::model::Json;

namespace {

using Uses = std::vector<std::string>;

Json key_of(const PrivateKey& key, const Uses& uses) {
  Json entry = key.public_key().jwk();
  entry["for"] = uses;
  return entry;
}

std::string code_below(const std::string& prefix) {
  for (int number = 1000;; ++number) {
    if (const auto id = Identifier::make(prefix, std::to_string(number))) {
      return id->text();
    }
  }
}

// A chain 86 → 86.31 → 86.31.42, each with a key for delegations and records and one for live
// services, pinned at the top.
struct JudgeFixture {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:00:00Z"};
  cp::KernelRandom random;
  cp::store::Database database = open_registry_database(directory.path()).value();
  TrustStore trust{database};
  PrivateKey root = PrivateKey::generate(random);
  PrivateKey root_live = PrivateKey::generate(random);
  PrivateKey region = PrivateKey::generate(random);
  PrivateKey region_live = PrivateKey::generate(random);
  PrivateKey lab = PrivateKey::generate(random);
  PrivateKey lab_live = PrivateKey::generate(random);
  Judge judge{trust, clock};

  JudgeFixture() {
    REQUIRE(trust.pin("86", root.public_key(), clock.now()));
    REQUIRE(accepted(delegation("86", root, root_live, root)) == "verified");
  }

  Json plain(const std::string& prefix, const PrivateKey& main, const PrivateKey& live,
             int seq = 1) const {
    Json document{
        {"schema", "cp.delegation/1"},
        {"prefix", prefix},
        {"seq", seq},
        {"keys", {key_of(main, {"delegate", "record"}), key_of(live, {"state", "head", "token"})}},
        {"may_delegate", true},
        {"max_depth", 4},
        {"not_before", "2026-01-01T00:00:00Z"},
        {"not_after", "2028-01-01T00:00:00Z"}};
    if (const auto parent = parent_of_prefix(prefix)) {
      document["parent"] = *parent;
    }
    return document;
  }
  Json delegation(const std::string& prefix, const PrivateKey& main, const PrivateKey& live,
                  const PrivateKey& by, int seq = 1) const {
    return sign_document(plain(prefix, main, live, seq), by).value();
  }
  void with_region() { REQUIRE(accepted(region_delegation()) == "verified"); }
  Json region_delegation(int seq = 1) const {
    return delegation("86.31", region, region_live, root, seq);
  }
  Json record(const std::string& prefix, const PrivateKey& by, int seq = 1) const {
    return sign_document({{"schema", "cp.resource/1"},
                          {"id", code_below(prefix)},
                          {"seq", seq},
                          {"issued", "2026-11-22T08:00:00Z"},
                          {"valid_until", "2027-11-22T00:00:00Z"},
                          {"kind", "node"}},
                         by)
        .value();
  }
  Json head(const std::string& prefix, const PrivateKey& by, int seq = 5,
            const Json& revoked = Json::array()) const {
    return sign_document({{"schema", "cp.head/1"},
                          {"prefix", prefix},
                          {"seq", seq},
                          {"hash", "sha256:" + std::string(64, 'a')},
                          {"revoked", revoked},
                          {"issued", cp::format_time(clock.now())},
                          {"valid_until", cp::format_time(clock.now() + std::chrono::days(6))}},
                         by)
        .value();
  }
  Json state(const std::string& prefix, const PrivateKey& by, std::int64_t seq = 0) const {
    return sign_document({{"schema", "cp.state/1"},
                          {"id", code_below(prefix)},
                          {"seq", seq == 0 ? cp::unix_milliseconds(clock.now()) : seq},
                          {"observed_at", cp::format_time(clock.now())},
                          {"valid_for_s", 120},
                          {"health", "ok"}},
                         by)
        .value();
  }
  // "verified", or why not.
  std::string accepted(const Json& document) {
    const auto verdict = judge.accept(document);
    REQUIRE(verdict);
    return verdict->holds() ? verdict->trust : verdict->trust + ": " + verdict->reason;
  }
  static std::string thumbprint(const PrivateKey& key) { return key.public_key().thumbprint(); }
};

}  // namespace

TEST_CASE("what is no signed document of ours is not verified") {
  JudgeFixture f;
  CHECK(f.accepted(Json::array()) == "failed: malformed");
  CHECK(f.accepted({{"schema", "cp.job/1"}}) == "failed: malformed");
  CHECK(f.accepted({{"schema", "cp.resource/2"}, {"id", code_below("86")}, {"seq", 1}}) ==
        "failed: malformed");
  CHECK(f.accepted({{"schema", "cp.resource/1"}, {"id", "cp:86/1000-00"}, {"seq", 1}}) ==
        "failed: malformed");
  Json record = f.record("86", f.root);
  CHECK(f.accepted(record) == "verified");
  record["id"] = cp::text::upper(code_below("86"));  // not in canonical form
  CHECK(f.accepted(record) == "failed: malformed");
  record = f.record("86", f.root);
  record.erase("proof");
  CHECK(f.accepted(record) == "unsigned: unsigned");
  record = f.record("86", f.root);
  record["kind"] = "cluster";
  CHECK(f.accepted(record) == "failed: bad_signature");
}

TEST_CASE("a record holds down the whole chain, and says along which") {
  JudgeFixture f;
  f.with_region();
  REQUIRE(f.accepted(f.delegation("86.31.42", f.lab, f.lab_live, f.region)) == "verified");
  const auto verdict = f.judge.accept(f.record("86.31.42", f.lab)).value();
  CHECK(verdict.trust == "verified");
  CHECK(verdict.anchor == JudgeFixture::thumbprint(f.root));
  CHECK(verdict.key == JudgeFixture::thumbprint(f.lab));
  CHECK(verdict.chain == std::vector<std::string>{"86", "86.31", "86.31.42"});
  // Another process that opens the same memory comes to the same.
  Judge other(f.trust, f.clock);
  CHECK(other.examine(f.record("86.31.42", f.lab, 2))->holds());
  CHECK(other.evidence_for("86.31.42")->size() == 3);
}

TEST_CASE("without an anchor above it nothing holds") {
  JudgeFixture f;
  CHECK(f.accepted(f.record("49.1", f.root)) == "failed: no_anchor");
  CHECK(f.accepted(f.delegation("49", f.root, f.root_live, f.root)) == "failed: no_anchor");
  CHECK(f.accepted(f.record("86.31", f.region)) == "failed: no_delegation");
  // Arcs compare as arcs: 86 does not vouch for 8.
  CHECK(f.accepted(f.record("8", f.root)) == "failed: no_anchor");
  CHECK(f.accepted(f.record("861", f.root)) == "failed: no_anchor");
}

TEST_CASE("a prefix 0 that is not pinned counts as unsigned") {
  JudgeFixture f;
  CHECK(f.accepted(f.record("0", f.root)) == "unsigned: no_anchor");
  REQUIRE(f.trust.pin("0", f.lab.public_key(), f.clock.now()));
  Judge judge(f.trust, f.clock);
  Json own = f.plain("0", f.lab, f.lab_live);
  REQUIRE(judge.accept(sign_document(own, f.lab).value())->holds());
  CHECK(judge.accept(f.record("0", f.lab))->holds());
  CHECK(judge.accept(f.record("0", f.root))->trust == "unsigned");
}

TEST_CASE("a record is good only under the delegation of its own exact prefix") {
  JudgeFixture f;
  f.with_region();
  REQUIRE(f.accepted(f.delegation("86.31.42", f.lab, f.lab_live, f.region)) == "verified");
  REQUIRE(f.accepted(f.delegation("86.31.43", f.root_live, f.lab_live, f.region)) == "verified");
  CHECK(f.accepted(f.record("86.31.42", f.region)) == "failed: unknown_key");   // its parent
  CHECK(f.accepted(f.record("86.31.42", f.root)) == "failed: unknown_key");     // its root
  CHECK(f.accepted(f.record("86.31.43", f.lab)) == "failed: unknown_key");      // its sibling
  CHECK(f.accepted(f.record("86.31", f.lab)) == "failed: unknown_key");         // its child
  CHECK(f.accepted(f.record("86.3142", f.region)) == "failed: no_delegation");  // 86.31 is no
  CHECK(f.accepted(f.record("86.31.420", f.lab)) == "failed: no_delegation");   // parent of it
}

TEST_CASE("a delegation holds only from just above, by one who may") {
  JudgeFixture f;
  f.with_region();
  const auto swapped = [&](const std::string& prefix, const PrivateKey& by) {
    return f.accepted(f.delegation(prefix, f.lab, f.lab_live, by));
  };
  CHECK(swapped("86.3101", f.region) == "failed: unknown_key");  // 86.31 is not above 86.3101
  CHECK(swapped("86.32", f.region) == "failed: unknown_key");    // a sibling
  CHECK(swapped("86.31", f.region) == "failed: unknown_key");    // itself
  CHECK(swapped("86.31.42", f.root) == "failed: unknown_key");   // its grandparent
  CHECK(swapped("86.31.42", f.region_live) == "failed: wrong_use");
  Json skipping = f.plain("86.31.42", f.lab, f.lab_live);
  skipping["parent"] = "86";
  CHECK(f.accepted(sign_document(skipping, f.root).value()) == "failed: malformed");
  skipping.erase("parent");
  CHECK(f.accepted(sign_document(skipping, f.region).value()) == "failed: wrong_parent");
  CHECK(swapped("86.31.42", f.region) == "verified");
}

TEST_CASE("what has another form than its schema asks for does not hold, though it is signed") {
  JudgeFixture f;
  f.with_region();
  for (const char* ended :
       {R"("x")", R"([])", R"({})", R"({"how":"ended"})", R"({"how":7})", R"({"how":"moved"})",
        R"({"how":"moved","successor":"cp:86.31/x"})", R"({"how":"revoked","successor":"cp:0/x"})",
        R"({"how":"tombstone","at":"today"})"}) {
    Json record = f.record("86.31", f.region, 2);
    record.erase("proof");
    record["ended"] = Json::parse(ended);
    CAPTURE(ended);
    CHECK(f.accepted(sign_document(record, f.region).value()) == "failed: malformed");
  }
  for (const char* leave : {R"("false")", "0", "[]"}) {
    Json delegation = f.plain("86.32", f.lab, f.lab_live);
    delegation["may_delegate"] = Json::parse(leave);
    CAPTURE(leave);
    CHECK(f.accepted(sign_document(delegation, f.root).value()) == "failed: malformed");
  }
  Json record = f.record("86.31", f.region, 2);
  record.erase("proof");
  record["ended"] = {{"how", "tombstone"}, {"at", "2026-01-01T00:00:00Z"}};
  CHECK(f.accepted(sign_document(record, f.region).value()) == "verified");
}

TEST_CASE("who may not delegate, or not so deep, delegates in vain") {
  JudgeFixture f;
  Json plain = f.plain("86.31", f.region, f.region_live);
  plain["may_delegate"] = false;
  REQUIRE(f.accepted(sign_document(plain, f.root).value()) == "verified");
  const Json child = f.delegation("86.31.42", f.lab, f.lab_live, f.region);
  CHECK(f.accepted(child) == "failed: may_not_delegate");
  plain["may_delegate"] = true;
  plain["max_depth"] = 0;
  plain["seq"] = 2;
  REQUIRE(f.accepted(sign_document(plain, f.root).value()) == "verified");
  CHECK(f.accepted(child) == "failed: may_not_delegate");
  plain["max_depth"] = 1;
  plain["seq"] = 3;
  REQUIRE(f.accepted(sign_document(plain, f.root).value()) == "verified");
  REQUIRE(f.accepted(child) == "verified");  // it says 4 of itself, and has 0
  CHECK(f.accepted(f.delegation("86.31.42.1", f.lab, f.lab_live, f.lab)) ==
        "failed: may_not_delegate");
}

TEST_CASE("each key signs what it is for, and nothing else") {
  JudgeFixture f;
  f.with_region();
  CHECK(f.accepted(f.record("86.31", f.region_live)) == "failed: wrong_use");
  CHECK(f.accepted(f.head("86.31", f.region)) == "failed: wrong_use");
  CHECK(f.accepted(f.state("86.31", f.region)) == "failed: wrong_use");
  CHECK(f.accepted(f.record("86.31", f.region)) == "verified");
  CHECK(f.accepted(f.head("86.31", f.region_live)) == "verified");
  CHECK(f.accepted(f.state("86.31", f.region_live)) == "verified");
  // The type in the header is the document's.
  Json as_state = f.record("86.31", f.region, 9);
  as_state["schema"] = "cp.state/1";
  CHECK(f.accepted(as_state) == "failed: bad_signature");
  Json typed = f.state("86.31", f.region_live);
  typed["proof"]["jws"] = jws::sign_detached("{}", "cp-resource+jws", f.region_live);
  CHECK(f.accepted(typed) == "failed: bad_signature");
}

TEST_CASE("what comes of keys that were swapped in a delegation is refused") {
  JudgeFixture f;
  Json swapped = f.region_delegation();
  std::swap(swapped["keys"][0]["x"], swapped["keys"][1]["x"]);
  CHECK(f.accepted(swapped) == "failed: bad_signature");
  swapped = f.region_delegation();
  swapped["keys"][0]["for"] = {"delegate", "record", "head"};
  CHECK(f.accepted(swapped) == "failed: bad_signature");
  swapped = f.plain("86.31", f.region, f.region);  // one key twice
  CHECK(f.accepted(sign_document(swapped, f.root).value()) == "failed: malformed");
}

TEST_CASE("validity is that of this clock, and ends with the parent's") {
  JudgeFixture f;
  Json region = f.plain("86.31", f.region, f.region_live);
  region["not_after"] = "2026-12-01T00:00:00Z";
  REQUIRE(f.accepted(sign_document(region, f.root).value()) == "verified");
  REQUIRE(f.accepted(f.delegation("86.31.42", f.lab, f.lab_live, f.region)) == "verified");
  const Json record = f.record("86.31.42", f.lab);
  REQUIRE(f.accepted(record) == "verified");
  f.clock.move(std::chrono::days(10));
  CHECK(f.accepted(record) == "failed: delegation_expired");
  f.clock.move(-std::chrono::days(365));  // a clock that runs back
  CHECK(f.accepted(record) == "failed: not_yet_valid");
  f.clock.move(std::chrono::days(355));
  CHECK(f.accepted(record) == "verified");
  region["seq"] = 2;
  region["not_after"] = "2026-11-22T08:00:00Z";
  CHECK(f.accepted(sign_document(region, f.root).value()) == "failed: delegation_expired");
  region["not_after"] = "2028-01-01T00:00:00Z";
  region["not_before"] = "2027-01-01T00:00:00Z";
  CHECK(f.accepted(sign_document(region, f.root).value()) == "failed: not_yet_valid");
}

TEST_CASE("a record expires by this clock, whatever it says of its issue") {
  JudgeFixture f;
  Json record = f.record("86", f.root);
  record["issued"] = "2031-01-01T00:00:00Z";
  record["valid_until"] = "2026-11-22T08:00:00Z";
  CHECK(f.accepted(sign_document(record, f.root).value()) == "failed: expired");
  record.erase("valid_until");
  CHECK(f.accepted(sign_document(record, f.root).value()) == "failed: expired");
}

TEST_CASE("two keys overlap until the old one's day") {
  JudgeFixture f;
  f.with_region();
  PrivateKey next = PrivateKey::generate(f.random);
  Json region = f.plain("86.31", f.region, f.region_live, 2);
  region["keys"][0]["not_after"] = "2026-12-01T00:00:00Z";
  region["keys"].push_back(key_of(next, {"delegate", "record"}));
  REQUIRE(f.accepted(sign_document(region, f.root).value()) == "verified");
  CHECK(f.accepted(f.record("86.31", f.region, 1)) == "verified");
  CHECK(f.accepted(f.record("86.31", next, 2)) == "verified");
  REQUIRE(f.accepted(f.delegation("86.31.42", f.lab, f.lab_live, f.region)) == "verified");
  f.clock.move(std::chrono::days(10));
  CHECK(f.accepted(f.record("86.31", f.region, 3)) == "failed: key_expired");
  CHECK(f.accepted(f.record("86.31", next, 3)) == "verified");
  // What the old key delegated ends with it, unless the new one delegates again.
  CHECK(f.accepted(f.record("86.31.42", f.lab)) == "failed: key_expired");
  REQUIRE(f.accepted(f.delegation("86.31.42", f.lab, f.lab_live, next, 2)) == "verified");
  CHECK(f.accepted(f.record("86.31.42", f.lab)) == "verified");
}

TEST_CASE("a revoked key's signatures are void whatever their date") {
  JudgeFixture f;
  f.with_region();
  const Json old = f.record("86.31", f.region);  // issued long before
  REQUIRE(f.accepted(old) == "verified");
  REQUIRE(f.accepted(f.delegation("86.31.42", f.lab, f.lab_live, f.region)) == "verified");
  const Json revoked{{{"key", JudgeFixture::thumbprint(f.region)}, {"why", "compromised"}}};
  REQUIRE(f.accepted(f.head("86.31", f.region_live, 6, revoked)) == "verified");
  CHECK(f.accepted(old) == "failed: revoked");
  CHECK(f.accepted(f.record("86.31", f.region, 2)) == "failed: revoked");
  // And what it delegated.
  CHECK(f.accepted(f.record("86.31.42", f.lab)) == "failed: revoked");
  // A later head that does not say so any more changes nothing.
  REQUIRE(f.accepted(f.head("86.31", f.region_live, 7)) == "verified");
  CHECK(f.accepted(old) == "failed: revoked");
}

TEST_CASE("a head declares no more than a thousand things void, and they do not add up") {
  const auto many = [](std::size_t count, const std::string& name) {
    Json list = Json::array();
    for (std::size_t at = 0; at < count; ++at) {
      list.push_back({{"key", name + std::to_string(at)}, {"why", "x"}});
    }
    return list;
  };
  JudgeFixture f;
  f.with_region();
  CHECK(f.accepted(f.head("86.31", f.region_live, 6, many(1'001, "a"))) == "failed: too_long");
  const Json wordy{{{"key", "a"}, {"why", std::string(300'000, 'x')}}};
  CHECK(f.accepted(f.head("86.31", f.region_live, 6, wordy)) == "failed: too_long");
  for (int seq = 6; seq < 12; ++seq) {
    const Json list = many(1'000, std::string(1, static_cast<char>('a' + seq)));
    REQUIRE(f.accepted(f.head("86.31", f.region_live, seq, list)) == "verified");
  }
  auto count = f.database.prepare("SELECT count(*) FROM revoked").value();
  REQUIRE(count.step());
  CHECK(count.integer(0) <= 2'000);
  // What the newest says counts.
  const std::string root = JudgeFixture::thumbprint(f.root);
  CHECK(f.trust.revocation(root, "86.31", "key", "l999").value().has_value());
  CHECK(f.accepted(f.record("86.31", f.region)) == "verified");
}

TEST_CASE("a delegation has 8 registries, 32 keys and 16 KiB at most") {
  const auto given = [](const std::string& name, const Json& value) {
    JudgeFixture f;
    Json document = f.plain("86.31", f.region, f.region_live);
    document[name] = value;
    return f.accepted(sign_document(document, f.root).value());
  };
  const auto urls = [](int count) {
    Json list = Json::array();
    for (int at = 0; at < count; ++at) {
      list.push_back("https://" + std::to_string(at) + ".example/");
    }
    return list;
  };
  const auto keys = [](int count) {
    cp::KernelRandom random;
    Json list = Json::array();
    for (int at = 0; at < count; ++at) {
      list.push_back(key_of(PrivateKey::generate(random), {"record"}));
    }
    return list;
  };
  CHECK(given("registries", urls(9)) == "failed: too_long");
  CHECK(given("keys", keys(33)) == "failed: too_long");
  CHECK(given("junk", std::string(16'384, 'x')) == "failed: too_long");
  CHECK(given("registries", urls(8)) == "verified");
  // What nobody can ask is not signed any more, and read where it was.
  CHECK(given("registries", {"ftp://x/", "https://user:word@x/", ""}) == "verified");
  CHECK(given("keys", keys(32)) == "verified");
  CHECK(given("junk", std::string(14'000, 'x')) == "verified");
}

TEST_CASE("a reader keeps a thousand delegations below a child, and what something stands on") {
  JudgeFixture f;
  f.with_region();
  const auto tell = [&](Judge& judge, int from, int count) {
    for (int at = from; at < from + count; ++at) {
      const std::string prefix = "86.31." + std::to_string(at);
      REQUIRE(judge.accept(f.delegation(prefix, f.lab, f.lab_live, f.region))->holds());
    }
  };
  const auto is_kept = [&](const char* kind, const std::string& subject) {
    return f.trust.find(JudgeFixture::thumbprint(f.root), kind, subject).value().has_value();
  };
  const auto count = [&] {
    return f.trust.chains_below(JudgeFixture::thumbprint(f.root), "86.31").value().records;
  };
  tell(f.judge, 1, 10);  // no reader
  CHECK_FALSE(f.judge.was_told());
  Judge reader(f.trust, f.clock, {.max_head_age = std::nullopt, .is_reader = true});
  tell(reader, 5, 1'045);
  REQUIRE(reader.accept(f.record("86.31.1045", f.lab))->holds());
  REQUIRE(reader.accept(f.delegation("86.31.1046.1", f.lab, f.lab_live, f.lab))->holds());
  REQUIRE(reader.accept(f.record("86.31.1046.1", f.lab))->holds());
  const Json list{{{"key", "a"}, {"why", "x"}}};
  REQUIRE(reader.accept(f.head("86.31.1049", f.lab_live, 6, list))->holds());
  REQUIRE(count() == 1'050);
  CHECK(reader.forget_unused().value() == 50);
  CHECK(count() == Judge::kMostUnused);
  CHECK(is_kept("cp.delegation", "86.31"));
  CHECK(is_kept("cp.delegation", "86.31.4"));
  CHECK(is_kept("cp.delegation", "86.31.1045"));
  CHECK(is_kept("cp.delegation", "86.31.1046"));
  CHECK(is_kept("cp.delegation", "86.31.1046.1"));
  CHECK_FALSE(is_kept("cp.delegation", "86.31.1044"));
  CHECK_FALSE(is_kept("cp.head", "86.31.1049"));
  const std::string root = JudgeFixture::thumbprint(f.root);
  CHECK(f.trust.count_revocations(root, "86.31.1049").value() == 0);
  CHECK(reader.accept(f.record("86.31.1045", f.lab, 2))->holds());
  CHECK(reader.accept(f.record("86.31.1044", f.lab))->reason == "no_delegation");
  // What was here before its time stays, and another child has its own room.
  tell(reader, 2'000, 5);
  REQUIRE(reader.accept(f.delegation("86.32", f.lab, f.lab_live, f.root))->holds());
  REQUIRE(reader.accept(f.delegation("86.32.1", f.lab, f.lab_live, f.lab))->holds());
  CHECK(reader.forget_unused().value() == 5);
  CHECK(count() == Judge::kMostUnused);
  CHECK(is_kept("cp.delegation", "86.32.1"));
}

TEST_CASE("what a reader keeps below a child is bounded in bytes, too") {
  JudgeFixture f;
  f.with_region();
  Judge reader(f.trust, f.clock, {.max_head_age = std::nullopt, .is_reader = true});
  for (int at = 1; at <= 300; ++at) {
    Json document = f.plain("86.31." + std::to_string(at), f.lab, f.lab_live);
    document["junk"] = std::string(15'000, 'x');
    REQUIRE(reader.accept(sign_document(document, f.region).value())->holds());
  }
  CHECK(reader.forget_unused().value() > 20);
  const auto held = f.trust.chains_below(JudgeFixture::thumbprint(f.root), "86.31").value();
  CHECK(held.bytes <= Judge::kMostUnusedBytes);
  CHECK(held.records > 200);
}

TEST_CASE("a delegation that was kept before there were bounds serves on") {
  JudgeFixture f;
  Json document = f.plain("86.31", f.region, f.region_live);
  document["junk"] = std::string(40'000, 'x');
  const Json old = sign_document(document, f.root).value();
  REQUIRE(f.trust.keep(JudgeFixture::thumbprint(f.root),
                       {"cp.delegation", "86.31", "", 1, cp::model::to_line(old)}, f.clock.now()));
  CHECK(f.accepted(f.record("86.31", f.region)) == "verified");
}

TEST_CASE("a head revokes below its own prefix only") {
  JudgeFixture f;
  f.with_region();
  const auto revoke = [](const PrivateKey& key) {
    return Json{{{"key", JudgeFixture::thumbprint(key)}, {"why", "compromised"}}};
  };
  REQUIRE(f.accepted(f.head("86.31", f.region_live, 6, revoke(f.root))) == "verified");
  CHECK(f.accepted(f.record("86", f.root)) == "verified");
  const Json whole{{{"delegation", "86.31"}, {"seq", 9}, {"why", "rage"}},
                   {{"delegation", "86.32"}, {"seq", 9}, {"why", "rage"}},
                   {{"delegation", "86"}, {"seq", 9}, {"why", "rage"}}};
  REQUIRE(f.accepted(f.head("86.31", f.region_live, 7, whole)) == "verified");
  CHECK(f.accepted(f.record("86.31", f.region)) == "verified");
  // The parent does.
  const Json child{{{"delegation", "86.31"}, {"seq", 1}, {"why", "superseded"}}};
  REQUIRE(f.accepted(f.head("86", f.root_live, 8, child)) == "verified");
  CHECK(f.accepted(f.record("86.31", f.region, 2)) == "failed: revoked");
  CHECK(f.accepted(f.region_delegation()) == "failed: revoked");
  REQUIRE(f.accepted(f.region_delegation(2)) == "verified");  // given anew
  CHECK(f.accepted(f.record("86.31", f.region, 2)) == "verified");
}

TEST_CASE("nothing is remembered of what was refused") {
  JudgeFixture f;
  const auto remembers = [&](const char* kind, const std::string& subject) {
    return f.trust.find(JudgeFixture::thumbprint(f.root), kind, subject)->has_value();
  };
  const Json revoked{{{"key", JudgeFixture::thumbprint(f.root)}, {"why", "rage"}}};
  CHECK(f.accepted(f.delegation("86.31", f.region, f.region_live, f.root_live)) ==
        "failed: wrong_use");
  CHECK(f.accepted(f.head("86", f.root, 6, revoked)) == "failed: wrong_use");
  CHECK(f.accepted(f.record("86", f.root_live)) == "failed: wrong_use");
  CHECK_FALSE(remembers("cp.delegation", "86.31"));
  CHECK_FALSE(remembers("cp.head", "86"));
  CHECK_FALSE(remembers("cp.resource", code_below("86")));
  for (const char* prefix : {"86", "86.31"}) {
    CHECK(f.trust.count_revocations(JudgeFixture::thumbprint(f.root), prefix).value() == 0);
  }
  CHECK(f.accepted(f.record("86", f.root)) == "verified");
  CHECK(remembers("cp.resource", code_below("86")));
}

TEST_CASE("an older document is a replay") {
  JudgeFixture f;
  f.with_region();
  const Json old_record = f.record("86.31", f.region, 3);
  REQUIRE(f.accepted(old_record) == "verified");
  REQUIRE(f.accepted(f.record("86.31", f.region, 7)) == "verified");
  CHECK(f.accepted(old_record) == "failed: replay");
  CHECK(f.judge.examine(old_record)->holds());  // who does not remember does not notice

  REQUIRE(f.accepted(f.region_delegation(4)) == "verified");
  CHECK(f.accepted(f.region_delegation(3)) == "failed: replay");
  REQUIRE(f.accepted(f.head("86.31", f.region_live, 9)) == "verified");
  CHECK(f.accepted(f.head("86.31", f.region_live, 8)) == "failed: replay");
  const Json old_state = f.state("86.31", f.region_live);
  f.clock.move(std::chrono::seconds(1));
  REQUIRE(f.accepted(f.state("86.31", f.region_live)) == "verified");
  CHECK(f.accepted(old_state) == "failed: replay");
}

TEST_CASE("two documents of one number are equivocation, and both are kept") {
  JudgeFixture f;
  f.with_region();
  const Json one = f.head("86.31", f.region_live, 9);
  Json other = one;
  other["hash"] = "sha256:" + std::string(64, 'b');
  other = sign_document(other, f.region_live).value();
  REQUIRE(f.accepted(one) == "verified");
  CHECK(f.accepted(one) == "verified");
  CHECK(f.trust.count_evidence() == 0);
  CHECK(f.accepted(other) == "failed: equivocation");
  CHECK(f.trust.count_evidence() == 1);
  CHECK(f.accepted(other) == "failed: equivocation");
  CHECK(f.trust.count_evidence() == 1);
  CHECK(f.accepted(one) == "verified");

  Json record = f.record("86.31", f.region, 2);
  REQUIRE(f.accepted(record) == "verified");
  record["nodes"] = 2;
  CHECK(f.accepted(sign_document(record, f.region).value()) == "failed: equivocation");
  Json again = f.plain("86.31", f.lab, f.lab_live);
  CHECK(f.accepted(sign_document(again, f.root).value()) == "failed: equivocation");
  CHECK(f.trust.count_evidence() == 3);
  // A forgery is no evidence.
  record["seq"] = 2;
  CHECK(f.accepted(sign_document(record, f.lab).value()) == "failed: unknown_key");
  CHECK(f.trust.count_evidence() == 3);
}

TEST_CASE("a head that is too old, too long or from the future is refused") {
  JudgeFixture f;
  Json head = f.head("86", f.root_live);
  f.clock.move(std::chrono::days(6));
  CHECK(f.accepted(head) == "failed: expired");
  head = f.head("86", f.root_live, 6);
  head["valid_until"] = cp::format_time(f.clock.now() + std::chrono::days(8));
  CHECK(f.accepted(sign_document(head, f.root_live).value()) == "failed: malformed");
  head = f.head("86", f.root_live, 6);
  head["issued"] = cp::format_time(f.clock.now() + std::chrono::minutes(2));
  CHECK(f.accepted(sign_document(head, f.root_live).value()) == "failed: future");
  head.erase("revoked");
  CHECK(f.accepted(sign_document(head, f.root_live).value()) == "failed: malformed");
}

TEST_CASE("with an age limit each authority of a chain must have shown its head") {
  JudgeFixture f;
  f.with_region();
  Judge strict(f.trust, f.clock, {.max_head_age = std::chrono::hours(24)});
  const Json record = f.record("86.31", f.region);
  CHECK(strict.examine(record)->reason == "no_head");
  REQUIRE(strict.accept(f.head("86", f.root_live))->holds());
  CHECK(strict.examine(record)->reason == "no_head");
  REQUIRE(strict.accept(f.head("86.31", f.region_live))->holds());
  const auto verdict = strict.examine(record);
  CHECK(verdict->holds());
  CHECK(verdict->heads.size() == 2);
  f.clock.move(std::chrono::hours(25));
  CHECK(strict.examine(record)->reason == "old_head");
  CHECK(f.judge.examine(record)->holds());
}

TEST_CASE("a state is short-lived, and not from the future") {
  JudgeFixture f;
  CHECK(f.accepted(f.state("86", f.root_live,
                           cp::unix_milliseconds(f.clock.now() + std::chrono::minutes(2)))) ==
        "failed: future");
  Json state = f.state("86", f.root_live);
  state["valid_for_s"] = 3'601;
  CHECK(f.accepted(sign_document(state, f.root_live).value()) == "failed: malformed");
  state["valid_for_s"] = 120;
  state["observed_at"] = cp::format_time(f.clock.now() + std::chrono::minutes(2));
  CHECK(f.accepted(sign_document(state, f.root_live).value()) == "failed: future");
  const Json good = f.state("86", f.root_live);
  CHECK(f.accepted(good) == "verified");
  f.clock.move(std::chrono::minutes(3));
  CHECK(f.accepted(good) == "failed: expired");
}

TEST_CASE("a pin moves to a key that the old and the new one have signed") {
  JudgeFixture f;
  f.with_region();
  PrivateKey next = PrivateKey::generate(f.random);
  Json moved = f.plain("86", f.root, f.root_live, 2);
  moved["keys"].push_back(key_of(next, {"delegate", "record"}));
  CHECK(f.accepted(sign_document(moved, next).value()) == "failed: unknown_key");  // the new alone
  const Json both = countersign_document(sign_document(moved, f.root).value(), next).value();
  Json skipping = moved;
  skipping["seq"] = 3;
  CHECK(f.accepted(countersign_document(sign_document(skipping, f.root).value(), next).value()) ==
        "failed: gap");
  Json stranger = moved;
  stranger["keys"].erase(2);
  CHECK(f.accepted(countersign_document(sign_document(stranger, f.root).value(), next).value()) ==
        "failed: bad_signature");
  REQUIRE(f.accepted(both) == "verified");
  const auto anchors = f.trust.anchors();
  REQUIRE(anchors->size() == 1);
  CHECK(anchors->front().key == next.public_key());
  CHECK(f.accepted(f.record("86.31", f.region)) == "verified");  // the old key is in its overlap
  // The old key alone moves nothing any more.
  CHECK(f.accepted(sign_document(f.plain("86", f.root, f.root_live, 3), f.root).value()) ==
        "failed: unknown_key");
  CHECK(f.accepted(sign_document(f.plain("86", f.root, f.root_live, 1), next).value()) ==
        "failed: replay");
}

TEST_CASE("a root's new key that may delegate has signed, too, or the root's word is refused") {
  JudgeFixture f;
  PrivateKey next = PrivateKey::generate(f.random);
  PrivateKey third = PrivateKey::generate(f.random);
  Json more = f.plain("86", f.root, f.root_live, 2);
  more["keys"].push_back(key_of(next, {"delegate", "record"}));
  CHECK(f.accepted(sign_document(more, f.root).value()) == "failed: one_signature");
  Json instead = more;
  instead["keys"].erase(0);
  CHECK(f.accepted(sign_document(instead, f.root).value()) == "failed: one_signature");
  CHECK(f.accepted(f.delegation("86.31", f.region, f.region_live, next)) == "failed: unknown_key");
  // Nor may a key that was there for something else begin to delegate so.
  Json grown = f.plain("86", f.root, f.root_live, 2);
  grown["keys"][1]["for"] = {"state", "head", "token", "delegate"};
  CHECK(f.accepted(sign_document(grown, f.root).value()) == "failed: one_signature");
  // Of two new ones both have to sign; the first becomes the anchor.
  Json two = more;
  two["keys"].push_back(key_of(third, {"delegate"}));
  const Json by_two = countersign_document(sign_document(two, f.root).value(), next).value();
  CHECK(f.accepted(by_two) == "failed: one_signature");
  REQUIRE(f.accepted(countersign_document(by_two, third).value()) == "verified");
  CHECK(f.trust.anchors()->front().key == next.public_key());
  // A key for records alone is the anchor's to name.
  Json record_key = two;
  record_key["seq"] = 3;
  record_key["keys"].push_back(key_of(f.lab, {"record"}));
  CHECK(f.accepted(sign_document(record_key, next).value()) == "verified");
}

namespace {

// A root that has changed its key twice, each old key gone at once unless it OVERLAPS.
struct RekeyedRoot {
  JudgeFixture f;
  PrivateKey second = PrivateKey::generate(f.random);
  PrivateKey third = PrivateKey::generate(f.random);
  Json first_one = f.delegation("86", f.root, f.root_live, f.root);
  Json second_one;
  Json third_one;

  explicit RekeyedRoot(bool overlaps)
      : second_one(step(f.root, second, 2, overlaps)),
        third_one(step(second, third, 3, overlaps)) {}

  Json step(const PrivateKey& from, const PrivateKey& to, int seq, bool overlaps) const {
    Json document = f.plain("86", overlaps ? from : to, f.root_live, seq);
    if (overlaps) {
      document["keys"].push_back(key_of(to, {"delegate", "record"}));
    }
    return countersign_document(sign_document(document, from).value(), to).value();
  }
  // Another reader, who has pinned KEY.
  void pin_instead(const PrivateKey& key) {
    REQUIRE(f.trust.unpin("86", f.trust.anchors()->front().key.thumbprint()) == 1);
    REQUIRE(f.trust.pin("86", key.public_key(), f.clock.now()));
  }
  bool is_pinned(const PrivateKey& key) const {
    const auto anchors = f.trust.anchors();
    return anchors->size() == 1 && anchors->front().key == key.public_key();
  }
};

}  // namespace

TEST_CASE("a root that has changed its key twice is followed from its first") {
  for (const bool overlaps : {true, false}) {
    RekeyedRoot r(overlaps);
    CHECK(r.f.accepted(r.third_one) == "failed: unknown_key");  // what is between is not known
    for (int round = 0; round < 2; ++round) {
      CHECK(r.f.accepted(r.first_one) == "verified");
      CHECK(r.f.accepted(r.second_one) == "verified");
      CHECK(r.is_pinned(round == 0 ? r.second : r.third));
      CHECK(r.f.accepted(r.second_one) == "verified");  // again, and the pin stays
      CHECK(r.f.accepted(r.third_one) == "verified");
      CHECK(r.is_pinned(r.third));
    }
    CHECK(r.f.accepted(r.f.record("86", r.third)) == "verified");
    CHECK(r.f.judge.accept(r.first_one)->is_superseded);
    CHECK_FALSE(r.f.judge.accept(r.third_one)->is_superseded);
    const auto evidence = r.f.judge.evidence_for("86");
    REQUIRE(evidence);
    CHECK(*evidence == std::vector<std::string>{cp::model::to_line(r.first_one),
                                                cp::model::to_line(r.second_one),
                                                cp::model::to_line(r.third_one)});
  }
}

TEST_CASE("a root's older delegations hold for whoever has pinned its newest key") {
  for (const bool overlaps : {true, false}) {
    RekeyedRoot r(overlaps);
    r.pin_instead(r.third);
    CHECK(r.f.accepted(r.second_one) != "verified");
    CHECK(r.f.accepted(r.third_one) == "verified");
    CHECK(r.f.accepted(r.third_one) == "verified");
    CHECK(r.is_pinned(r.third));
    CHECK(r.f.accepted(r.first_one) == "failed: replay");  // what came next is not known
    CHECK(r.f.accepted(r.second_one) == "verified");
    CHECK(r.f.accepted(r.first_one) == "verified");
    CHECK(r.is_pinned(r.third));
    CHECK(r.f.judge.evidence_for("86")->size() == 3);
    CHECK(r.f.accepted(r.f.record("86", r.third)) == "verified");
    // Another one of an old number is none of them, whoever signs it but the key that went on.
    Json other = r.f.plain("86", r.f.lab, r.f.lab_live, 2);
    CHECK(r.f.accepted(sign_document(other, r.f.lab).value()) == "failed: replay");
    CHECK(r.f.accepted(sign_document(other, r.third).value()) == "failed: replay");
  }
}

TEST_CASE("of a root's delegations the newest 64 are kept, and go with the pin") {
  JudgeFixture f;
  for (int seq = 2; seq <= 70; ++seq) {
    REQUIRE(f.accepted(f.delegation("86", f.root, f.root_live, f.root, seq)) == "verified");
  }
  const std::string anchor = JudgeFixture::thumbprint(f.root);
  const auto versions = f.trust.succession(anchor, "86");
  REQUIRE(versions->size() == 64);
  CHECK(versions->front().seq == 7);
  CHECK(versions->back().seq == 70);
  REQUIRE(f.trust.unpin("86", anchor) == 1);
  CHECK(f.trust.succession(anchor, "86")->empty());
}

TEST_CASE("the newest delegation decides, though its time is over") {
  JudgeFixture f;
  f.with_region();
  const Json record = f.record("86.31", f.region);
  REQUIRE(f.accepted(record) == "verified");
  Json shorter = f.plain("86.31", f.region, f.region_live, 2);
  shorter["not_after"] = "2026-11-22T07:00:00Z";
  shorter = sign_document(shorter, f.root).value();
  CHECK(f.judge.examine(shorter)->reason == "delegation_expired");
  CHECK(f.accepted(record) == "verified");  // whoever only examines remembers nothing
  CHECK(f.accepted(shorter) == "failed: delegation_expired");
  CHECK(f.accepted(record) == "failed: delegation_expired");
  CHECK(f.accepted(f.region_delegation()) == "failed: replay");
  CHECK(Judge(f.trust, f.clock).examine(record)->reason == "delegation_expired");
  REQUIRE(f.accepted(f.region_delegation(3)) == "verified");
  CHECK(f.accepted(record) == "verified");
  // One that was seen before the older one, too.
  Json lab = f.plain("86.31.42", f.lab, f.lab_live, 2);
  lab["not_after"] = "2026-11-22T07:00:00Z";
  CHECK(f.accepted(sign_document(lab, f.region).value()) == "failed: delegation_expired");
  CHECK(f.accepted(f.delegation("86.31.42", f.lab, f.lab_live, f.region)) == "failed: replay");
  // And of a root.
  Json root = f.plain("86", f.root, f.root_live, 2);
  root["not_after"] = "2026-11-22T07:00:00Z";
  CHECK(f.accepted(sign_document(root, f.root).value()) == "failed: delegation_expired");
  CHECK(f.accepted(record) == "failed: delegation_expired");
}

TEST_CASE("what was verified under an anchor goes with its pin") {
  JudgeFixture f;
  f.with_region();
  REQUIRE(f.accepted(f.record("86.31", f.region, 5)) == "verified");
  CHECK(f.trust.unpin("87", JudgeFixture::thumbprint(f.root)) == 0);
  CHECK(f.trust.unpin("86", JudgeFixture::thumbprint(f.root)) == 1);
  Judge judge(f.trust, f.clock);
  CHECK(judge.examine(f.record("86.31", f.region))->reason == "no_anchor");
  REQUIRE(f.trust.pin("86", f.root.public_key(), f.clock.now()));
  Judge again(f.trust, f.clock);
  CHECK(again.examine(f.record("86.31", f.region))->reason == "no_delegation");
}

TEST_CASE("an anchor in the middle vouches below itself alone") {
  JudgeFixture f;
  REQUIRE(f.trust.pin("49.1", f.lab.public_key(), f.clock.now()));
  Judge judge(f.trust, f.clock);
  Json own = f.plain("49.1", f.lab, f.lab_live);
  CHECK(judge.accept(sign_document(own, f.lab).value())->reason == "wrong_parent");
  own.erase("parent");
  REQUIRE(judge.accept(sign_document(own, f.lab).value())->holds());
  CHECK(judge.examine(f.record("49.1", f.lab))->holds());
  CHECK(judge.examine(f.record("49", f.lab))->reason == "no_anchor");
  CHECK(judge.examine(f.record("49.2", f.lab))->reason == "no_anchor");
}

TEST_CASE("a resource that went to another owner needs both signatures") {
  JudgeFixture f;
  f.with_region();
  REQUIRE(f.accepted(f.delegation("86.32", f.lab, f.lab_live, f.root)) == "verified");
  Json moved = f.record("86.31", f.region, 2);
  moved["ended"] = {{"how", "moved"}, {"successor", code_below("86.32")}};
  const Json by_old = sign_document(moved, f.region).value();
  CHECK(f.accepted(by_old) == "failed: one_signature");
  CHECK(f.accepted(sign_document(moved, f.lab).value()) == "failed: one_signature");
  CHECK(f.accepted(countersign_document(by_old, f.root).value()) == "failed: other_owner");
  const Json by_both = countersign_document(by_old, f.lab).value();
  Json by_three = countersign_document(by_both, f.root).value();
  CHECK(f.accepted(by_three) == "failed: malformed");
  Json forged = by_both;
  forged["proof"][1]["jws"] = by_old["proof"]["jws"];
  CHECK(f.accepted(forged) != "verified");
  forged = by_both;
  forged["nodes"] = 9;
  CHECK(f.accepted(forged) == "failed: bad_signature");
  CHECK(f.accepted(by_both) == "verified");
  CHECK_FALSE(countersign_document(by_old, f.region));
}

TEST_CASE("a resource went by its old owner's word, though the new one is not known") {
  JudgeFixture f;
  f.with_region();
  Json moved = f.record("86.31", f.region, 2);
  moved.erase("proof");
  for (const char* where : {"86.32", "44.1"}) {
    moved["ended"] = {{"how", "moved"}, {"successor", code_below(where)}};
    const Json by_old = sign_document(moved, f.region).value();
    CHECK(f.accepted(countersign_document(by_old, f.lab).value()) == "failed: other_owner");
    const Json by_strangers = sign_document(moved, f.root).value();
    CHECK(f.accepted(countersign_document(by_strangers, f.lab).value()) == "failed: unknown_key");
  }
}

TEST_CASE("the chain that another implementation signed holds") {
  JudgeFixture f;
  const auto example = [](const std::string& name) {
    const std::string path = in_source_tree("tests/model/schema_examples/" + name + ".json");
    return cp::model::parse_json(cp::read_file(path, 1U << 20U).value()).value();
  };
  const Json root = example("cp.delegation-1.root");
  REQUIRE(f.trust.unpin("", JudgeFixture::thumbprint(f.root)) == 1);
  REQUIRE(f.trust.pin("86", PublicKey::from_jwk(root["keys"][0]).value(), f.clock.now()));
  Judge judge(f.trust, f.clock);
  CHECK(judge.examine(example("cp.resource-1"))->reason == "no_delegation");
  for (const char* name : {"cp.delegation-1.root", "cp.delegation-1", "cp.delegation-1.enterprise",
                           "cp.head-1", "cp.resource-1"}) {
    const auto verdict = judge.accept(example(name));
    CAPTURE(name, verdict->message);
    CHECK(verdict->holds());
  }
}
