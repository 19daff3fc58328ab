// SPDX-License-Identifier: Apache-2.0
#include "identity/sync.hpp"

#include "base/text.hpp"
#include "fake_registry.hpp"
#include "fixed_clock.hpp"
#include "identity/authority.hpp"
#include "identity/canonical.hpp"
#include "identity/following.hpp"
#include "identity/identifier.hpp"
#include "identity/proof.hpp"
#include "identity/sha256.hpp"
#include "model/json.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <semaphore>
#include <string>

using namespace cp::identity;
using cp::model::Json;
using cp::model::to_line;

namespace {

// A registry of prefix 86 with a ledger of its own making, and an aggregator that has pinned it.
struct Follower {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:00:00Z"};
  cp::KernelRandom random;
  PrivateKey root = PrivateKey::generate(random);
  PrivateKey stranger = PrivateKey::generate(random);
  FakeRegistry registry;
  std::unique_ptr<Estate> estate = Estate::open(directory.path(), clock, random).value();
  ResolverStore store = ResolverStore::open(directory.path()).value();
  RegistryClient client{{"", cp::net::AllowNet::parse({"127.0.0.1"}).value(), {}},
                        std::chrono::seconds(20)};
  std::vector<Json> lines;                         // of the feed
  PrivateKey live = PrivateKey::generate(random);  // a second record key of prefix 86
  bool has_live_key = false;                       // in its delegation
  Json revoked = Json::array();
  bool may_delegate = true;
  ChildLimitTable limits;
  std::string last = std::string(32, '\0');

  Follower() { REQUIRE(estate->trust.pin("86", root.public_key(), clock.now())); }

  static std::string code(int number) {
    return Identifier::make("86", std::to_string(number) + "AB").value().text();
  }
  Json record(int number, int seq = 1) const { return record_by(root, number, seq); }
  static Json record_by(const PrivateKey& key, int number, int seq = 1) {
    return sign_document({{"schema", "cp.resource/1"},
                          {"id", code(number)},
                          {"seq", seq},
                          {"issued", "2026-11-22T08:00:00Z"},
                          {"valid_until", "2027-11-22T00:00:00Z"},
                          {"alias", {"@lab/" + std::to_string(number)}},
                          {"kind", "node"}},
                         key)
        .value();
  }
  void enter(Json entry, const std::string& kind, const Json& document) {
    entry["seq"] = lines.size() + 1;
    const std::string form = canonical(entry).value();
    const std::string hash = sha256({last, form});
    Json line{{"schema", "cp.entry/1"},
              {"seq", lines.size() + 1},
              {"hash", sha256_text(hash)},
              {"previous", sha256_text(last)},
              {"kind", kind},
              {"at", "2026-11-22T08:00:00Z"},
              {"entry", entry}};
    if (!document.is_null()) {
      line["document"] = document;
    }
    lines.push_back(line);
    last = hash;
  }
  void enter_record(const Json& document, bool is_shown = true) {
    enter({{"op", "register"},
           {"id", document["id"]},
           {"record_seq", document["seq"]},
           {"record", digest_of(document).value()}},
          "resource", is_shown ? document : Json());
  }
  void enter_child(const std::string& prefix) {
    Json key = stranger.public_key().jwk();
    key["for"] = {"record", "head"};
    const Json child = sign_document({{"schema", "cp.delegation/1"},
                                      {"prefix", prefix},
                                      {"parent", "86"},
                                      {"seq", 1},
                                      {"label", "lab" + prefix.substr(3)},
                                      {"keys", {key}},
                                      {"not_after", "2028-01-01T00:00:00Z"}},
                                     root)
                           .value();
    enter({{"op", "delegate"}, {"child", prefix}, {"delegation", digest_of(child).value()}},
          "delegation", child);
  }
  // The head is an entry, too.
  Json enter_head() {
    enter({{"op", "head"}, {"revoked", 0}}, "head", Json());
    return sign_document({{"schema", "cp.head/1"},
                          {"prefix", "86"},
                          {"seq", lines.size()},
                          {"hash", lines.back()["hash"]},
                          {"revoked", revoked},
                          {"issued", cp::format_time(clock.now())},
                          {"valid_until", cp::format_time(clock.now() + std::chrono::days(1))}},
                         root)
        .value();
  }
  Json own() const {
    Json key = root.public_key().jwk();
    key["for"] = {"delegate", "record", "head"};
    Json keys = Json::array({key});
    if (has_live_key) {
      keys.push_back(live.public_key().jwk());
      keys.back()["for"] = {"record"};
    }
    return sign_document({{"schema", "cp.delegation/1"},
                          {"prefix", "86"},
                          {"seq", 1},
                          {"keys", keys},
                          {"may_delegate", may_delegate},
                          {"max_depth", 2},
                          {"not_after", "2028-01-01T00:00:00Z"}},
                         root)
        .value();
  }
  void publish_at(FakeRegistry& place, const Json& head) const {
    place.say("v1/bootstrap",
              to_line({{"schema", "cp.bootstrap/1"}, {"delegations", {own()}}, {"head", head}}));
    std::vector<std::string> texts;
    for (const Json& line : lines) {
      texts.push_back(to_line(line));
    }
    place.say_feed(std::move(texts), to_line(head));
  }
  void publish(const Json& head) { publish_at(registry, head); }
  void publish() { publish(enter_head()); }
  // Three records and a head.
  void begin() {
    for (const int number : {1000, 2000, 3000}) {
      enter_record(record(number));
    }
  }
  // What it does to the ledger is undone, as if a mirror had done it.
  void as_mirror(const Json& head, const std::function<void()>& change) {
    const auto kept_lines = lines;
    const std::string kept_last = last;
    change();
    publish(head);
    lines = kept_lines;
    last = kept_last;
  }
  void invent(int count) {
    for (int at = 0; at < count; ++at) {
      enter({{"op", "mint"}, {"first", "X" + std::to_string(at)}, {"count", 1}}, "mint", Json());
    }
  }
  SyncRun new_run() const { return {limits, estate->trust.newest_heads().value()}; }
  Synced sync_in(SyncRun& run, const FakeRegistry& place) {
    auto synced = sync_feed(*estate, store, client, place.url(), "", run, {});
    REQUIRE(synced);
    return *std::move(synced);
  }
  Synced sync_whole() {
    SyncRun run = new_run();
    return sync_in(run, registry);
  }
  ResolverStore::Feed sync() { return sync_whole().feed; }
  static std::string outcome_of(const ResolverStore::Feed& feed) {
    return feed.status + (feed.problem.empty() ? "" : ": " + feed.problem);
  }
  std::string outcome() { return outcome_of(sync()); }
  bool has(int number) {
    return estate->trust.find(root.public_key().thumbprint(), "cp.resource", code(number))
        ->has_value();
  }
};

// A code of PREFIX; not every serial makes one.
std::string code_of_prefix(const std::string& prefix) {
  for (int serial = 4000;; ++serial) {
    if (const auto id = Identifier::make(prefix, std::to_string(serial) + "AB")) {
      return id->text();
    }
  }
}

bool tells(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a feed is followed to its head, and then only what is new") {
  Follower f;
  f.begin();
  f.publish();
  const auto first = f.sync();
  CHECK(first.status == "complete");
  CHECK(first.prefix == "86");
  CHECK(first.records == 3);
  CHECK(first.seq == 4);
  CHECK(f.has(3000));
  CHECK(f.store.named("@lab/2000")->size() == 1);
  f.enter_record(f.record(4000));
  f.publish();
  (void)f.registry.asked();
  const auto second = f.sync();
  CHECK(second.status == "complete");
  CHECK(second.records == 4);
  CHECK(f.registry.asked().back() == "v1/feed?since=4");
}

TEST_CASE(
    "a feed that begins at its beginning each time is followed, unless its past has changed") {
  Follower f;
  f.begin();
  f.publish();
  CHECK(f.outcome() == "complete");
  f.enter_record(f.record(4000));
  const Json head = f.enter_head();
  f.publish(head);
  std::string all;
  for (const Json& line : f.lines) {
    all += to_line(line) + "\n";
  }
  f.registry.say("v1/feed?since=4", all + to_line(head) + "\n");
  const auto feed = f.sync();
  CHECK(feed.status == "complete");
  CHECK(feed.seq == 6);
  CHECK(feed.records == 4);
  CHECK(f.has(4000));
  // Another history of the same length.
  Follower g;
  g.begin();
  g.publish();
  CHECK(g.outcome() == "complete");
  Follower other;
  other.begin();
  other.enter_record(other.record(4000));
  g.registry.say("v1/feed?since=4", to_line(other.lines.back()) + "\n");
  (void)g.registry.asked();
  CHECK(tells(g.outcome(), "lying: entry 4 is not what it was"));
  CHECK(g.registry.asked().size() == 2);  // a head has named it: nobody asks once more
}

TEST_CASE("a registry that cannot be asked is missing, or stale") {
  Follower f;
  CHECK(tells(f.outcome(), "missing"));
  f.begin();
  f.publish();
  CHECK(f.outcome() == "complete");
  f.registry.end();
  CHECK(tells(f.outcome(), "stale"));
}

TEST_CASE("a feed with a gap is told, and what comes behind it is not taken") {
  Follower f;
  f.begin();
  const Json head = f.enter_head();
  f.lines.erase(f.lines.begin() + 1);
  f.publish(head);
  CHECK(tells(f.outcome(), "gap: entry 3 follows entry 1"));
  CHECK(f.has(1000));
  CHECK(!f.has(3000));
}

TEST_CASE("a feed that ends before its head has a gap, and so has one without a head") {
  Follower f;
  f.begin();
  const Json head = f.enter_head();
  f.lines.pop_back();
  f.lines.pop_back();
  f.publish(head);
  CHECK(tells(f.outcome(), "gap: its feed ends at entry 2, its head says 4"));
  Follower g;
  g.begin();
  g.publish();
  g.registry.say("v1/feed?since=0", to_line(g.lines[0]) + "\n");
  CHECK(tells(g.outcome(), "gap: its feed is not closed by a head"));
}

TEST_CASE("a feed that says nothing new, and has no head, is a gap, with or without empty lines") {
  for (const char* body : {"", "\n", "\n\n\n"}) {
    Follower f;
    f.begin();
    f.publish();
    CHECK(f.outcome() == "complete");
    f.registry.say("v1/feed?since=4", body);
    CHECK(f.outcome() == "gap: its feed is not closed by a head");
  }
  Follower f;
  f.begin();
  f.publish();
  f.registry.say("v1/feed?since=0", std::string(10'000, '\n'));
  CHECK(tells(f.outcome(), "stale: "));
}

TEST_CASE("an entry beyond the bound is a lie, and what came before it is kept") {
  Follower f;
  f.begin();
  f.publish();
  std::string body;
  for (const Json& line : f.lines) {
    body += to_line(line) + "\n";
  }
  f.registry.say("v1/feed?since=0", body + std::string(1'100'000, 'x'));
  CHECK(tells(f.outcome(), "lying: entry 5 has more than 1048576 bytes"));
  CHECK(f.has(3000));
}

TEST_CASE("a changed entry, hash or order is a lie") {
  const auto with = [](const std::function<void(Follower&)>& change) {
    Follower f;
    f.begin();
    const Json head = f.enter_head();
    change(f);
    f.publish(head);
    return f.outcome();
  };
  CHECK(tells(with([](Follower& f) { f.lines[1]["entry"]["at"] = "2020-01-01T00:00:00Z"; }),
              "lying: the hash of entry 2 does not fit"));
  CHECK(tells(with([](Follower& f) { f.lines[1]["previous"] = f.lines[1]["hash"]; }),
              "lying: the hash of entry 2"));
  CHECK(tells(with([](Follower& f) { f.lines[1]["document"] = f.lines[0]["document"]; }),
              "lying: entry 2 brings another document"));
  CHECK(tells(with([](Follower& f) { f.lines[1]["document"]["kind"] = "cluster"; }),
              "(bad_signature)"));
  CHECK(tells(with([](Follower& f) { f.lines[1] = "nothing"; }), "lying"));
  // A whole chain of its own, which the head does not know.
  CHECK(tells(with([](Follower& f) {
                f.lines.clear();
                f.last = std::string(32, '\0');
                for (const int number : {1000, 2000, 4000}) {
                  f.enter_record(f.record(number));
                }
                f.enter_head();
              }),
              "lying: its head and its feed have different hashes"));
}

TEST_CASE("a record that would be stored in more bytes than it was sent in is held to the bound") {
  Follower f;
  f.enter_record(f.record(1000));
  Json wide = f.record(2000);
  wide.erase("proof");
  wide["notes"] = std::vector<std::int64_t>(50'000, 1'000'000'000'000'000'000);
  f.enter_record(sign_document(wide, f.root).value());
  f.enter_record(f.record(3000));
  const Json head = f.enter_head();
  f.publish(head);
  std::vector<std::string> sent;
  for (const Json& line : f.lines) {
    sent.push_back(cp::text::replace_all(to_line(line), "1000000000000000000", "1e18"));
    CHECK(sent.back().size() < 300'000);
  }
  f.registry.say_feed(std::move(sent), to_line(head));
  const Synced synced = f.sync_whole();
  CHECK(Follower::outcome_of(synced.feed) == "complete");
  REQUIRE(synced.refusals.size() == 1);
  CHECK(synced.refusals[0].reason == "too_long");
  CHECK(tells(synced.refusals[0].message, "a record has 917504 bytes at most"));
  CHECK(f.has(1000));
  CHECK(!f.has(2000));
  CHECK(f.has(3000));
}

TEST_CASE("a record that another key has signed, or that is of another prefix, is a lie") {
  Follower f;
  f.begin();
  Json forged = f.record(4000);
  forged.erase("proof");
  f.enter_record(sign_document(forged, f.stranger).value());
  f.publish();
  CHECK(tells(f.outcome(), "(unknown_key)"));
  CHECK(f.has(3000));
  CHECK(!f.has(4000));
  Follower g;
  g.begin();
  Json foreign = g.record(4000);
  foreign["id"] = Identifier::make("86.31", "4000AB")->text();
  foreign.erase("proof");
  g.enter_record(sign_document(foreign, g.root).value());
  g.publish();
  CHECK(tells(g.outcome(), "not of its prefix"));
}

TEST_CASE("what a key signed that was revoked since is refused, and the rest is followed") {
  for (const bool has_live_key : {true, false}) {
    Follower f;
    f.has_live_key = has_live_key;  // until the next delegation drops it
    f.begin();
    f.enter_record(Follower::record_by(f.live, 4000), false);
    f.enter_record(Follower::record_by(f.live, 5000));
    f.enter_record(f.record(4000, 2));
    f.revoked.push_back({{"key", f.live.public_key().thumbprint()}, {"why", "lost"}});
    f.publish();
    const Synced synced = f.sync_whole();
    CHECK(synced.feed.status == "complete");
    CHECK(synced.feed.records == 4);
    CHECK(synced.feed.refused == 1);
    REQUIRE(synced.refusals.size() == 1);
    CHECK(synced.refusals[0].entry == 5);
    CHECK(synced.refusals[0].subject == Follower::code(5000));
    CHECK(synced.refusals[0].reason == "revoked");
    CHECK(f.has(4000));
    CHECK(!f.has(5000));
    CHECK(f.outcome() == "complete");
  }
}

TEST_CASE("delegations that were revoked, or for which the leave is gone, are refused one by one") {
  for (const bool may_delegate : {true, false}) {
    Follower f;
    f.may_delegate = may_delegate;
    f.begin();
    f.enter_child("86.1");
    f.enter_child("86.2");
    f.enter_record(f.record(4000));
    if (may_delegate) {
      f.revoked.push_back({{"delegation", "86.1"}, {"seq", 1}, {"why", "left"}});
    }
    f.publish();
    const Synced synced = f.sync_whole();
    CHECK(synced.feed.status == "complete");
    CHECK(synced.feed.refused == (may_delegate ? 1 : 2));
    CHECK(synced.refusals[0].subject == "86.1");
    CHECK(synced.refusals[0].reason == (may_delegate ? "revoked" : "may_not_delegate"));
    CHECK(f.has(4000));
  }
}

TEST_CASE("a delegation in the place of another one is a lie, whether it holds or not") {
  Follower f;
  f.may_delegate = false;
  f.enter_child("86.1");
  f.lines.back()["document"]["label"] = "other";
  f.publish();
  CHECK(tells(f.outcome(), "lying: entry 1 brings another document"));
}

TEST_CASE("a registry whose own authority ended is missing, or stale, and does not lie") {
  const auto outcome = [](bool was_followed, std::chrono::hours later) {
    Follower f;
    f.begin();
    const Json head = f.enter_head();
    f.publish(head);
    if (was_followed) {
      CHECK(f.outcome() == "complete");
    }
    f.clock.move(later);
    f.enter_record(f.record(4000));
    f.publish();
    return f.outcome();
  };
  constexpr auto kAfterItsDelegation = std::chrono::hours(24 * 500);
  CHECK(tells(outcome(false, kAfterItsDelegation), "missing: its head: "));
  CHECK(tells(outcome(true, kAfterItsDelegation), "stale: its head: "));
}

TEST_CASE("a resource that went to an unknown owner is put off, and taken when he is known") {
  Follower f;
  f.begin();
  const PrivateKey lab = PrivateKey::generate(f.random);
  Json moved = f.record(4000);
  moved.erase("proof");
  moved["ended"] = {{"how", "moved"}, {"successor", code_of_prefix("86.9")}};
  moved = sign_document(std::move(moved), f.root).value();
  f.enter_record(countersign_document(moved, lab).value());
  f.enter_record(f.record(5000));
  f.publish();
  const auto first = f.sync();
  CHECK(first.status == "complete");
  CHECK(tells(first.problem, Follower::code(4000) + ": it went to "));
  CHECK(tells(first.problem, "the delegation of prefix 86.9 is not known (other_owner)"));
  CHECK(f.has(5000));
  CHECK(!f.has(4000));
  CHECK(tells(f.outcome(), "complete: " + Follower::code(4000)));
  // Its registry refers to him.
  Json key = lab.public_key().jwk();
  key["for"] = {"record", "head"};
  const Json delegation = sign_document({{"schema", "cp.delegation/1"},
                                         {"prefix", "86.9"},
                                         {"parent", "86"},
                                         {"seq", 1},
                                         {"label", "lab"},
                                         {"keys", {key}},
                                         {"not_after", "2028-01-01T00:00:00Z"}},
                                        f.root)
                              .value();
  const Json referral{{"schema", "cp.referral/1"},
                      {"prefix", "86.9"},
                      {"registries", {"https://lab.example/"}},
                      {"delegation", delegation}};
  f.registry.say("v1/id/" + code_of_prefix("86.9"),
                 {307, to_line(referral), {{"Location", "https://lab.example/"}}});
  CHECK(f.outcome() == "complete");
  CHECK(f.has(4000));
  CHECK(f.outcome() == "complete");
}

TEST_CASE("a move that one of two known owners has signed alone is a lie") {
  Follower f;
  f.enter_child("86.1");
  Json moved = f.record(4000);
  moved.erase("proof");
  moved["ended"] = {{"how", "moved"}, {"successor", code_of_prefix("86.1")}};
  f.enter_record(sign_document(moved, f.root).value());
  f.publish();
  CHECK(tells(f.outcome(), "lying: " + Follower::code(4000)));
  CHECK(tells(f.outcome(), "only one of both owners has signed (one_signature)"));
  CHECK(!f.has(4000));
}

TEST_CASE("records that a registry keeps for those below it are taken by their own chain") {
  const auto with = [](const PrivateKey& key, const std::string& prefix, const std::string& op,
                       Follower& f) {
    Json record = f.record(4000);
    record["id"] = code_of_prefix(prefix);
    record.erase("proof");
    record = sign_document(std::move(record), key).value();
    f.begin();
    f.enter_child("86.1");
    f.enter({{"op", op},
             {"id", record["id"]},
             {"record_seq", 1},
             {"record", digest_of(record).value()}},
            "kept", record);
    f.publish();
    return f.outcome();
  };
  Follower good;
  CHECK(with(good.stranger, "86.1", "keep", good) == "complete");
  CHECK(good.estate->trust
            .find(good.root.public_key().thumbprint(), "cp.resource", code_of_prefix("86.1"))
            ->has_value());
  CHECK(good.outcome() == "complete");
  Follower forged;
  CHECK(with(forged.root, "86.1", "keep", forged) == "complete");
  CHECK(forged.sync().refused == 1);
  CHECK(forged.sync().records == 3);
  Follower own;
  CHECK(tells(with(own.root, "86", "keep", own), "lying: entry 5 is about"));
  Follower other;
  CHECK(tells(with(other.root, "87", "keep", other), "lying: entry 5 is about"));
  Follower unentered;  // what the line says of its kind is nothing
  CHECK(tells(with(unentered.stranger, "86.1", "register", unentered), "lying: entry 5 is about"));
  Follower unknown;
  CHECK(tells(with(unknown.stranger, "86.2", "keep", unknown), "(no_delegation)"));
}

TEST_CASE("a record that is kept for another is passed over when that one has shown a newer one") {
  Follower f;
  f.enter_child("86.1");
  const auto version = [&](int seq) {
    Json record = f.record(4000, seq);
    record["id"] = code_of_prefix("86.1");
    record.erase("proof");
    return sign_document(std::move(record), f.stranger).value();
  };
  const Json old = version(1);
  f.enter(
      {{"op", "keep"}, {"id", old["id"]}, {"record_seq", 1}, {"record", digest_of(old).value()}},
      "kept", old);
  f.publish();
  for (const Json& known : {f.own(), f.lines[0]["document"], version(2)}) {
    REQUIRE(f.estate->judge.accept(known)->holds());
  }
  const auto feed = f.sync();
  CHECK(feed.status == "complete");
  CHECK(feed.refused == 0);
  CHECK(feed.records == 0);
}

TEST_CASE("a registry for which nothing is pinned here is missing, and does not lie") {
  Follower f;
  f.begin();
  f.publish();
  REQUIRE(f.estate->trust.unpin("86", f.root.public_key().thumbprint()) == 1);
  CHECK(tells(f.outcome(), "missing: its head: no trust anchor is pinned for prefix 86"));
}

TEST_CASE("what is shown in the place of a record by a revoked key is a lie") {
  Follower f;
  f.has_live_key = true;
  f.begin();
  f.enter_record(Follower::record_by(f.live, 4000));
  f.lines.back()["document"]["kind"] = "cluster";
  f.revoked.push_back({{"key", f.live.public_key().thumbprint()}, {"why", "lost"}});
  f.publish();
  CHECK(tells(f.outcome(), "lying: entry 4 brings another document"));
}

TEST_CASE("a record by a key that is none now is a lie, unless the ledger says it was replaced") {
  Follower f;
  f.begin();
  f.enter_record(Follower::record_by(f.live, 4000));
  f.enter_record(f.record(5000));
  f.publish();
  CHECK(tells(f.outcome(), "lying: " + Follower::code(4000) + ": its key "));
  CHECK(f.has(5000));
  CHECK(tells(f.outcome(), "(unknown_key)"));  // nothing is new, and it was not forgotten
  // Another key does not clear it.
  f.enter({{"op", "rekey"}, {"from", {f.stranger.public_key().thumbprint()}}, {"to", {"x"}}},
          "rekey", Json());
  f.publish();
  CHECK(tells(f.outcome(), "lying"));
  f.enter({{"op", "rekey"}, {"from", {f.live.public_key().thumbprint()}}, {"to", {"x"}}}, "rekey",
          Json());
  f.publish();
  CHECK(f.outcome() == "complete");
  // Said before, too: a child signs with the old key until its parent has answered.
  f.enter_record(Follower::record_by(f.live, 6000));
  f.publish();
  const auto last = f.sync();
  CHECK(last.status == "complete");
  CHECK(last.refused == 2);
  CHECK(!f.has(6000));
}

TEST_CASE("a record by a strange key that was replaced by a good one is no lie any more") {
  Follower f;
  f.begin();
  f.enter_record(Follower::record_by(f.stranger, 4000));
  f.publish();
  CHECK(tells(f.outcome(), "lying"));
  f.enter_record(f.record(4000, 2));
  f.publish();
  CHECK(f.outcome() == "complete");
  CHECK(f.has(4000));
}

TEST_CASE("a record that is held back is a gap, unless a newer version is shown") {
  Follower f;
  f.begin();
  f.enter_record(f.record(4000), false);
  f.enter_record(f.record(5000), false);
  f.enter_record(f.record(4000, 2));
  f.publish();
  const std::string gap = "gap: 1 records were not shown, among them " + Follower::code(5000);
  CHECK(f.outcome() == gap);
  CHECK(f.outcome() == gap);  // nothing is new, and it was not forgotten
  f.enter_record(f.record(6000));
  f.publish();
  CHECK(f.outcome() == gap);
  CHECK(f.has(6000));
  f.enter_record(f.record(5000, 2));
  f.publish();
  CHECK(f.outcome() == "complete");
  CHECK(f.outcome() == "complete");
}

TEST_CASE("a record that was held back is no gap any more when whoever asks for it is shown it") {
  Follower f;
  f.begin();
  f.enter_record(f.record(4000, 2), false);
  f.publish();
  const std::string path = "v1/id/" + Follower::code(4000);
  CHECK(tells(f.outcome(), "gap: 1 records"));
  f.registry.say(path, to_line(f.record(3000, 2)));
  CHECK(tells(f.outcome(), "gap: 1 records"));
  f.registry.say(path, to_line(f.record(4000, 1)));
  CHECK(tells(f.outcome(), "gap: 1 records"));
  f.registry.say(path, to_line(Follower::record_by(f.stranger, 4000, 2)));
  CHECK(tells(f.outcome(), "gap: 1 records"));
  CHECK(!f.has(4000));
  f.registry.say(path, to_line(f.record(4000, 2)));
  CHECK(f.outcome() == "complete");
  CHECK(f.has(4000));
  CHECK(f.sync().records == 4);
  // Or when it has come from elsewhere.
  Follower g;
  g.enter_record(g.record(4000), false);
  g.publish();
  CHECK(tells(g.outcome(), "gap: 1 records"));
  REQUIRE(g.estate->judge.accept(g.record(4000))->holds());
  CHECK(g.outcome() == "complete");
}

TEST_CASE("a record that was held back before a run was broken off is a gap after it") {
  Follower f;
  f.enter_record(f.record(5000), false);
  f.begin();
  f.publish();
  f.limits = ChildLimitTable::parse({"records=1"}).value();
  CHECK(tells(f.outcome(), "limited"));
  f.limits = {};
  CHECK(tells(f.outcome(), "gap: 1 records"));
  CHECK(f.has(3000));
}

TEST_CASE("an older head that another registry overtook in the same run is stale, and no lie") {
  Follower f;
  FakeRegistry mirror;
  f.begin();
  const Json old = f.enter_head();
  f.publish_at(mirror, old);
  f.enter_record(f.record(4000));
  f.publish();
  SyncRun run = f.new_run();
  CHECK(f.sync_in(run, f.registry).feed.status == "complete");
  CHECK(tells(Follower::outcome_of(f.sync_in(run, mirror).feed), "stale: its head: "));
  // What was seen before the run began was seen.
  SyncRun next = f.new_run();
  CHECK(tells(Follower::outcome_of(f.sync_in(next, mirror).feed), "lying: its head: "));
}

TEST_CASE("a head that another registry overtakes while its feed comes is stale, and no lie") {
  Follower f;
  FakeRegistry mirror;
  f.begin();
  const Json old = f.enter_head();
  f.lines.back()["document"] = old;
  f.publish_at(mirror, old);
  f.lines.back().erase("document");
  f.enter_record(f.record(4000));
  const Json head = f.enter_head();
  f.publish(head);
  mirror.before_each([&](const std::string& path) {
    if (path.starts_with("v1/feed")) {
      const auto other = Estate::open(f.directory.path(), f.clock, f.random);
      (void)other.value()->judge.accept(head);
    }
  });
  SyncRun run = f.new_run();
  const auto feed = f.sync_in(run, mirror).feed;
  CHECK(tells(Follower::outcome_of(feed), "stale: its head: "));
  CHECK(feed.records == 3);
  f.publish_at(mirror, head);
  mirror.before_each(nullptr);
  CHECK(f.sync_in(run, mirror).feed.status == "complete");
}

TEST_CASE("a registry that hangs within its feed holds up no other one, nor the stores") {
  constexpr auto kLong = std::chrono::seconds(60);
  Follower f;
  FakeRegistry mirror;
  f.begin();
  const Json head = f.enter_head();
  f.publish(head);
  f.publish_at(mirror, head);
  std::counting_semaphore<> is_asked(0);
  std::counting_semaphore<> may_go(0);
  std::atomic<bool> is_free = false;
  f.registry.before_each([&](const std::string& path) {
    if (path.starts_with("v1/feed")) {
      const auto other = Estate::open(f.directory.path(), f.clock, f.random);
      is_free = cp::store::Transaction::begin(other.value()->database).has_value();
      is_asked.release();
      (void)may_go.try_acquire_for(kLong);
    }
  });
  mirror.before_each([&](const std::string& path) {
    if (path == "v1/bootstrap") {
      (void)is_asked.try_acquire_for(kLong);
    }
  });
  SyncRun run = f.new_run();
  const auto make_client = [] {
    return std::make_unique<RegistryClient>(
        cp::net::HttpClient::Settings{"", cp::net::AllowNet::parse({"127.0.0.1"}).value(), {}},
        std::chrono::seconds(60));
  };
  Followers followers(f.directory.path(), f.clock, run, make_client, {});
  followers.follow({"", {f.registry.url()}, 0});
  followers.follow({"", {mirror.url()}, 0});
  const auto first = followers.next();
  may_go.release();
  const auto second = followers.next();
  CHECK(followers.is_idle());
  CHECK(is_free);
  REQUIRE(first.feeds);
  CHECK(first.station.urls.front() == mirror.url());
  CHECK(first.feeds->front().feed.status == "complete");
  REQUIRE(second.feeds);
  CHECK(second.feeds->front().feed.status == "complete");
  CHECK(second.feeds->front().feed.records == 3);
}

TEST_CASE(
    "a registry that goes back, or two heads of one number, is a lie, and a frozen one stale") {
  Follower f;
  f.begin();
  const Json old = f.enter_head();
  const auto shorter = f.lines;
  f.publish(old);
  CHECK(f.outcome() == "complete");
  f.enter_record(f.record(4000));
  f.publish();
  CHECK(f.outcome() == "complete");
  f.lines = shorter;
  f.publish(old);
  CHECK(tells(f.outcome(), "lying: its head: its sequence number is 4, and 6 was seen already"));

  Follower g;
  g.begin();
  Json one = g.enter_head();
  g.publish(one);
  CHECK(g.outcome() == "complete");
  one.erase("proof");
  one["hash"] = "sha256:" + std::string(64, '0');
  g.publish(sign_document(one, g.root).value());
  CHECK(tells(g.outcome(), "(equivocation)"));
  CHECK(g.estate->trust.count_evidence() == 1);

  Follower h;
  h.begin();
  h.publish();
  CHECK(h.outcome() == "complete");
  h.clock.move(std::chrono::days(2));
  CHECK(tells(h.outcome(), "stale: its head: it expired"));
}

TEST_CASE("what a mirror without a key appends is dropped as soon as the ledger says otherwise") {
  const auto begun = [](Follower& f) {
    f.begin();
    const Json head = f.enter_head();
    f.as_mirror(head, [&] { f.invent(3); });
    const auto feed = f.sync();
    CHECK(feed.status == "complete");
    CHECK(feed.head_seq == 4);
    CHECK(feed.confirmed.seq == 4);
    return head;
  };
  // By a head, though no entry comes.
  Follower f;
  begun(f);
  f.enter_record(f.record(4000));
  f.enter_record(f.record(5000));
  f.publish();
  const auto feed = f.sync();
  CHECK(feed.status == "complete");
  CHECK(feed.records == 5);
  CHECK(feed.confirmed.seq == 7);
  CHECK(f.has(4000));
  CHECK(f.has(5000));
  // By an entry that follows another one, behind the head.
  Follower g;
  const Json head = begun(g);
  for (const int number : {4000, 5000, 6000, 7000}) {
    g.enter_record(g.record(number));
  }
  g.publish(head);
  CHECK(g.outcome() == "complete");
  CHECK(g.has(4000));
  CHECK(g.has(7000));
  g.publish();
  CHECK(g.sync().records == 7);
  CHECK(g.outcome() == "complete");
}

TEST_CASE("what was taken from entries that are dropped is counted once") {
  Follower f;
  f.begin();
  const Json head = f.enter_head();
  f.as_mirror(head, [&] { f.enter_record(f.record(4000)); });
  CHECK(f.sync().records == 4);
  f.enter_record(f.record(5000));
  f.enter_record(f.record(4000));
  f.publish();
  const auto feed = f.sync();
  CHECK(feed.status == "complete");
  CHECK(feed.records == 5);
}

TEST_CASE("a feed that disagrees with its head each time is a lie, though its end was dropped") {
  Follower f;
  f.begin();
  f.as_mirror(f.enter_head(), [&] { f.invent(3); });
  CHECK(f.outcome() == "complete");
  const auto lines = f.lines;
  const std::string last = f.last;
  f.enter_record(f.record(4000));
  const Json head = f.enter_head();
  f.lines = lines;
  f.last = last;
  f.invent(3);
  f.publish(head);
  (void)f.registry.asked();
  CHECK(f.outcome() == "lying: its head and its feed have different hashes");
  CHECK(f.registry.asked().size() == 3);  // once more from where it was confirmed
}

TEST_CASE("a history of another's making below the head is dropped with what broke it off") {
  Follower f;
  f.begin();
  f.publish();
  CHECK(f.outcome() == "complete");
  const auto lines = f.lines;
  const std::string last = f.last;
  f.enter_record(f.record(4000));
  f.enter_record(f.record(5000));
  const Json head = f.enter_head();
  Follower other;
  other.lines = lines;
  other.last = last;
  other.invent(2);
  f.registry.say(
      "v1/bootstrap",
      to_line({{"schema", "cp.bootstrap/1"}, {"delegations", {f.own()}}, {"head", head}}));
  f.registry.say("v1/feed?since=4", to_line(other.lines[4]) + "\n" + to_line(other.lines[5]) +
                                        "\n" + R"({"schema":"cp.ent)");
  CHECK(tells(f.outcome(), "stale"));
  f.publish(head);
  CHECK(f.outcome() == "complete");
  CHECK(f.has(5000));
}

TEST_CASE("what entries behind the head say of keys and of records counts when a head names them") {
  // A doubt that the ledger raises is not laid by anybody.
  Follower f;
  f.begin();
  f.enter_record(Follower::record_by(f.live, 4000));
  const Json head = f.enter_head();
  const auto give_up = [&] {
    f.enter({{"op", "rekey"}, {"from", {f.live.public_key().thumbprint()}}, {"to", {"x"}}}, "rekey",
            Json());
  };
  f.as_mirror(head, give_up);
  CHECK(tells(f.outcome(), "lying: " + Follower::code(4000)));
  CHECK(tells(f.outcome(), "lying: " + Follower::code(4000)));
  give_up();
  f.publish();
  CHECK(f.outcome() == "complete");
  // Nor does anybody raise one, or say that something is withheld.
  Follower g;
  g.begin();
  const Json before = g.enter_head();
  g.as_mirror(before, [&] { g.enter_record(Follower::record_by(g.live, 4000)); });
  CHECK(g.outcome() == "complete");
  g.as_mirror(before, [&] { g.enter_record(g.record(5000), false); });
  g.enter_record(g.record(6000));
  g.publish();
  CHECK(g.outcome() == "complete");
  CHECK(g.has(6000));
}

TEST_CASE("what was put off behind the head is anybody's, and no lie when it turns out to be one") {
  Follower f;
  f.begin();
  Json moved = f.record(4000);
  moved.erase("proof");
  moved["ended"] = {{"how", "moved"}, {"successor", code_of_prefix("86.1")}};
  f.as_mirror(f.enter_head(), [&] { f.enter_record(sign_document(moved, f.root).value()); });
  CHECK(tells(f.outcome(), "complete: " + Follower::code(4000)));
  // Its other owner is known now, and has not signed.
  Follower other;
  other.enter_child("86.1");
  Json child = other.lines[0]["document"];
  child.erase("proof");
  REQUIRE(f.estate->judge.accept(sign_document(child, f.root).value())->holds());
  CHECK(f.outcome() == "complete");
}

TEST_CASE("a record that is not shown behind the head is asked for again, and is no gap") {
  Follower f;
  f.begin();
  const Json head = f.enter_head();
  f.enter_record(f.record(4000));
  const Json record = std::exchange(f.lines.back()["document"], Json());
  f.lines.back().erase("document");
  f.publish(head);
  CHECK(f.outcome() == "complete");
  f.lines.back()["document"] = record;
  f.publish();
  CHECK(f.outcome() == "complete");
  CHECK(f.has(4000));
}

TEST_CASE("entries behind the head are taken, and fetched once") {
  Follower f;
  f.begin();
  const Json head = f.enter_head();
  f.enter_record(f.record(4000));
  f.publish(head);
  CHECK(f.sync().records == 4);
  CHECK(f.has(4000));
  (void)f.registry.asked();
  CHECK(f.outcome() == "complete");
  CHECK(f.registry.asked().back() == "v1/feed?since=5");
  f.enter_record(f.record(5000));
  f.publish();
  const auto feed = f.sync();
  CHECK(feed.records == 5);
  CHECK(feed.confirmed.seq == 7);
  CHECK(f.registry.asked().back() == "v1/feed?since=5");
}

TEST_CASE("what was broken off goes on where it was") {
  Follower f;
  for (int number = 1000; f.lines.size() < 1000; ++number) {
    if (Identifier::make("86", std::to_string(number) + "AB")) {
      f.enter_record(f.record(number));
    }
  }
  f.publish();
  std::string half;
  for (int at = 0; at < 500; ++at) {
    half += to_line(f.lines[static_cast<std::size_t>(at)]) + "\n";
  }
  f.registry.say("v1/feed?since=0", half + R"({"schema":"cp.ent)");
  const auto first = f.sync();
  CHECK(first.status == "stale");
  CHECK(first.seq > 0);
  CHECK(first.records == first.seq);
  (void)f.registry.asked();
  const auto second = f.sync();
  CHECK(second.status == "complete");
  CHECK(second.records == 1000);
  CHECK(f.registry.asked()[1] == "v1/feed?since=" + std::to_string(first.seq));
}

TEST_CASE("prefix 0 of others is not followed") {
  Follower f;
  f.begin();
  Json head = f.enter_head();
  head.erase("proof");
  head["prefix"] = "0";
  f.publish(sign_document(head, f.root).value());
  CHECK(tells(f.outcome(), "prefix 0 means nothing here"));
}

TEST_CASE("a feed with more records, bytes or entries than are allowed is limited") {
  const auto limited = [](const std::string& words) {
    Follower f;
    f.limits = ChildLimitTable::parse({words}).value();
    f.begin();
    f.publish();
    const std::string outcome = f.outcome();
    INFO(words);
    CHECK(f.has(1000));
    CHECK(!f.has(3000));
    return outcome;
  };
  CHECK(limited("records=2") == "limited: it has more than 2 records");
  CHECK(limited("86:rate=2/d") == "limited: it has more entries than 2/d");
  CHECK(tells(limited("bytes=1700"), "limited: "));
}

TEST_CASE("what a registry delegates is limited as its records are") {
  Follower f;
  f.limits = ChildLimitTable::parse({"records=3"}).value();
  for (const char* child : {"86.1", "86.2"}) {
    f.enter_child(child);
  }
  f.begin();
  f.publish();
  CHECK(tells(f.outcome(), "limited: it has more than 3 records"));
  CHECK(f.has(1000));
  CHECK(!f.has(2000));
  f.limits = ChildLimitTable::parse({"records=1"}).value();
  Follower g;
  g.limits = f.limits;
  g.enter_child("86.1");
  g.enter_child("86.2");
  g.publish();
  CHECK(g.outcome() == "limited: it has more than 1 records and delegations");
}

TEST_CASE("a page is closed by one head, which is not too long") {
  Follower f;
  f.begin();
  const Json head = f.enter_head();
  f.publish(head);
  std::string body;
  for (const Json& line : f.lines) {
    body += to_line(line) + "\n";
  }
  f.registry.say("v1/feed?since=0", body + to_line(head) + "\n" + to_line(head) + "\n");
  CHECK(f.outcome() == "lying: its feed goes on behind its head");
  Follower g;
  g.begin();
  g.publish();
  Json long_head = g.lines.back();
  long_head = {{"schema", "cp.head/1"}, {"revoked", Json::array()}};
  for (int at = 0; at < 1'001; ++at) {
    long_head["revoked"].push_back({{"key", std::to_string(at)}, {"why", "x"}});
  }
  body.clear();
  for (const Json& line : g.lines) {
    body += to_line(line) + "\n";
  }
  g.registry.say("v1/feed?since=0", body + to_line(long_head) + "\n");
  CHECK(tells(g.outcome(), "lying: its head: a head declares 1000 keys"));
}

TEST_CASE("a limited feed takes new versions of what is here, and goes on when it may") {
  Follower f;
  f.limits = ChildLimitTable::parse({"records=3"}).value();
  f.begin();
  f.enter_record(f.record(1000, 2));
  f.enter_record(f.record(4000));
  f.publish();
  CHECK(tells(f.outcome(), "limited: it has more than 3 records"));
  const auto kept =
      f.estate->trust.find(f.root.public_key().thumbprint(), "cp.resource", Follower::code(1000));
  CHECK(kept->value().seq == 2);
  CHECK(f.sync().seq == 4);
  f.limits = {};
  CHECK(f.outcome() == "complete");
  CHECK(f.has(4000));
}

TEST_CASE("a feed that has used up its rate goes on as time goes by") {
  Follower f;
  f.limits = ChildLimitTable::parse({"rate=2/h"}).value();
  f.begin();
  f.publish();
  CHECK(tells(f.outcome(), "limited"));
  CHECK(f.sync().seq == 2);
  f.clock.move(std::chrono::hours(1));
  CHECK(f.outcome() == "complete");
}

TEST_CASE("what a feed sends in a day is bounded, whether it is kept or not") {
  Follower f;
  f.limits = ChildLimitTable::parse({"bytes=20KB"}).value();
  f.begin();
  f.enter({{"op", "unheard-of"}, {"junk", std::string(30'000, 'x')}}, "unheard-of", Json());
  f.publish();
  CHECK(tells(f.outcome(), "limited: it has sent 20 kB in a day"));
  CHECK(f.has(3000));
  CHECK(f.sync().seq == 3);
}
