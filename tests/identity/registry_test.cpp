// SPDX-License-Identifier: Apache-2.0
#include "identity/registry.hpp"

#include "base/text.hpp"
#include "fixed_clock.hpp"
#include "identity/estate.hpp"
#include "identity/proof.hpp"
#include "identity/registry_store.hpp"
#include "identity/rekeying.hpp"
#include "identity/resolved.hpp"
#include "model/json.hpp"
#include "store/database.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <thread>

using namespace cp::identity;
using cp::Errc;
using cp::model::Json;

namespace {

struct Fixture {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:00:00Z"};
  cp::KernelRandom random;

  Registry init() { return Registry::init(directory.path(), "0", "test", clock, random).value(); }
  Registry open() { return Registry::open(directory.path(), clock).value(); }

  std::vector<std::string> mint(Registry& registry, std::uint64_t count, std::size_t length = 8) {
    std::vector<std::string> codes;
    const auto done = registry.mint(count, length, random, [&](auto some) -> cp::Result<void> {
      codes.insert(codes.end(), some.begin(), some.end());
      return {};
    });
    REQUIRE(done);
    return codes;
  }

  // Runs SQL on the store behind the registry's back.
  void tamper(std::string_view sql) {
    auto database = open_registry_database(directory.path());
    REQUIRE(database);
    REQUIRE(database->execute(sql));
  }
};

Json plain_resource(const std::string& alias = "") {
  Json record{{"schema", "cp.resource/1"}, {"kind", "node"}, {"nodes", 1}};
  if (!alias.empty()) {
    record["alias"] = Json::array({alias});
  }
  return record;
}

std::string model_fields(const Json& delegation) {
  Json fields = Json::array();
  for (const char* name : {"name", "level", "seq", "not_after", "registries"}) {
    fields.push_back(delegation.at(name));
  }
  return cp::model::to_line(fields);
}

}  // namespace

TEST_CASE("before init there is no authority, and the hint says what to do") {
  Fixture f;
  const auto registry = Registry::open(f.directory.path(), f.clock);
  REQUIRE_FALSE(registry);
  CHECK(registry.error().code == Errc::not_found);
  CHECK(registry.error().message == "there is no authority here");
  CHECK(registry.error().hint == "run cpid init");
  CHECK_FALSE(Registry::init(f.directory.path(), "0.01", "test", f.clock, f.random));
}

TEST_CASE("a second init changes nothing") {
  Fixture f;
  const std::string thumbprint = f.init().thumbprint();
  const auto again = Registry::init(f.directory.path(), "0", "test", f.clock, f.random);
  REQUIRE_FALSE(again);
  CHECK(again.error().code == Errc::cannot_create);
  CHECK(f.open().thumbprint() == thumbprint);
  const std::filesystem::directory_iterator keys(f.directory.path() + "/keys");
  CHECK(std::distance(begin(keys), end(keys)) == 1);
}

TEST_CASE("the authority's delegation is signed by its key") {
  Fixture f;
  const Registry registry = f.init();
  const auto key = PublicKey::from_jwk(registry.delegation()["keys"][0]);
  REQUIRE(key);
  CHECK(key->thumbprint() == registry.thumbprint());
  CHECK(verify_document(registry.delegation(), [&](auto) { return *key; }) ==
        registry.thumbprint());
}

TEST_CASE("identifiers are unique and stay in the ledger") {
  Fixture f;
  Registry registry = f.init();
  CHECK(registry.mint(1, 3, f.random, [](auto) { return cp::Result<void>(); }).error().code ==
        Errc::usage);
  CHECK(registry.mint(1, 33, f.random, [](auto) { return cp::Result<void>(); }).error().code ==
        Errc::usage);
  std::set<std::string> all;
  for (const std::size_t length : {4U, 8U, 32U}) {
    for (const std::string& code : f.mint(registry, 2'500, length)) {
      CHECK(Identifier::parse(code)->serial().size() == length);
      all.insert(code);
    }
  }
  CHECK(all.size() == 7'500);
  std::set<std::string> listed;
  REQUIRE(f.open().for_each_code([&](std::string_view code) -> cp::Result<void> {
    listed.emplace(code);
    return {};
  }));
  CHECK(listed == all);
  CHECK(registry.audit()->codes == 7'500);
  CHECK(registry.audit()->entries == 10);  // init, and three for each of three
}

TEST_CASE("sequential serials go on where the last ones ended, around those that are taken") {
  Fixture f;
  Registry registry = f.init();
  std::vector<std::string> codes;
  const auto next = [&](Registry& from, std::uint64_t count) {
    return from.mint(
        count, 4, f.random,
        [&](auto some) -> cp::Result<void> {
          codes.insert(codes.end(), some.begin(), some.end());
          return {};
        },
        Registry::Serials::next);
  };
  f.mint(registry, 5'000, 4);
  REQUIRE(next(registry, 300));
  Registry other = f.open();
  REQUIRE(next(other, 300));
  CHECK(codes.size() == 600);
  CHECK(std::is_sorted(codes.begin(), codes.end()));
  CHECK(std::set<std::string>(codes.begin(), codes.end()).size() == 600);
  CHECK(registry.audit()->codes == 5'600);
  f.tamper("UPDATE counter SET last = 'ZZZZ'");
  CHECK(next(registry, 1).error().code == Errc::failed);
  CHECK(registry.audit()->codes == 5'600);
}

TEST_CASE("the last free serials of a length are found, and no more are promised") {
  Fixture f;
  Registry registry = f.init();
  const auto mint = [&](std::uint64_t count, Registry::Serials order) {
    return registry.mint(
        count, 4, f.random, [](auto) { return cp::Result<void>(); }, order);
  };
  const std::uint64_t all = count_serials("0", 4);
  CHECK(mint(all + 1, Registry::Serials::random).error().code == Errc::usage);
  REQUIRE(mint(7, Registry::Serials::random));
  REQUIRE(mint(all - 10, Registry::Serials::next));
  CHECK(mint(4, Registry::Serials::random).error().code == Errc::failed);
  CHECK(mint(2, Registry::Serials::random));
  CHECK(mint(1, Registry::Serials::random));
  CHECK(mint(1, Registry::Serials::random).error().code == Errc::failed);
  CHECK(static_cast<std::uint64_t>(registry.audit()->codes) == all);
}

TEST_CASE("an error from the reader ends the minting, and what was allocated stays") {
  Fixture f;
  Registry registry = f.init();
  const auto done = registry.mint(200'000, 8, f.random, [](auto) -> cp::Result<void> {
    return cp::fail(Errc::io, "no space left on device");
  });
  REQUIRE_FALSE(done);
  CHECK(done.error().code == Errc::io);
  CHECK(registry.audit()->codes == 65'536);
}

TEST_CASE("two processes mint at once and never the same identifier") {
  Fixture f;
  f.init();
  std::vector<std::vector<std::string>> minted(4);
  std::vector<std::thread> threads;
  for (auto& codes : minted) {
    threads.emplace_back([&f, &codes] {
      Registry registry = f.open();
      cp::KernelRandom random;
      for (int i = 0; i < 25; ++i) {
        (void)registry.mint(10, 4, random, [&](auto some) -> cp::Result<void> {
          codes.insert(codes.end(), some.begin(), some.end());
          return {};
        });
      }
    });
  }
  std::set<std::string> all;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    all.insert(minted[i].begin(), minted[i].end());
  }
  CHECK(all.size() == 1'000);
  CHECK(f.open().audit()->codes == 1'000);
}

TEST_CASE("a record that is not sound is refused and nothing is written") {
  Fixture f;
  Registry registry = f.init();
  const auto refused = [&](const Json& record, Errc code) {
    const auto done = registry.register_resource(record, f.random);
    CAPTURE(record.dump());
    REQUIRE_FALSE(done);
    CHECK(done.error().code == code);
  };
  refused(Json::array(), Errc::bad_data);
  refused({{"schema", "cp.resource/2"}, {"kind", "node"}}, Errc::bad_data);
  refused({{"schema", "cp.state/1"}}, Errc::bad_data);
  Json record = plain_resource();
  record["nodes"] = 0;
  refused(record, Errc::bad_data);
  record = plain_resource();
  record["valid_until"] = "2026-11-22T08:00:00Z";
  refused(record, Errc::bad_data);
  record = plain_resource();
  record["provider"] = {{"prefix", "86"}};
  refused(record, Errc::denied);
  record = plain_resource();
  record["id"] = Identifier::make("0", "77777777")->text();
  refused(record, Errc::denied);
  record["id"] = "cp:86.3101.42/7F3K9Q2M-JB";
  refused(record, Errc::denied);
  record["id"] = "cp:86.3101.42/7F3K9Q2M-JC";
  refused(record, Errc::bad_data);
  record = plain_resource();
  record["seq"] = 1;  // made from a version that never was
  refused(record, Errc::denied);
  CHECK(registry.audit()->codes == 0);
  CHECK(registry.audit()->entries == 1);
}

TEST_CASE("a registered record is found by code and alias, signed and sequenced") {
  Fixture f;
  Registry registry = f.init();
  Json record = plain_resource("@lab/one");
  record["unknown_field"] = {{"kept", true}};
  const auto first = registry.register_resource(record, f.random);
  REQUIRE(first);
  const std::string id = (*first)["id"];
  CHECK((*first)["seq"] == 1);
  CHECK((*first)["issued"] == "2026-11-22T08:00:00Z");
  CHECK((*first)["valid_until"] == "2027-11-22T08:00:00Z");
  CHECK((*first)["provider"] == Json{{"prefix", "0"}, {"name", "test"}});
  CHECK((*first)["unknown_field"]["kept"] == true);

  for (const std::string& name : {id, cp::text::lower(id), std::string("@lab/one")}) {
    const auto resolved = f.open().resolve(name);
    REQUIRE(resolved);
    CHECK(resolved->record == *first);
    CHECK(resolved->trust == "verified");
    CHECK(resolved->own_authority);
    CHECK(resolved->anchor == registry.thumbprint());
  }
}

TEST_CASE("what is not there is told apart from what was never allocated") {
  Fixture f;
  Registry registry = f.init();
  REQUIRE(registry.register_resource(plain_resource("@lab/h100"), f.random));
  const std::string code = f.mint(registry, 1).front();
  CHECK(registry.resolve("h100").error().code == Errc::bad_data);
  CHECK(registry.resolve("@Lab/h100").error().code == Errc::bad_data);
  CHECK(registry.resolve("cp:86.3101.42/7F3K9Q2M-JC").error().code == Errc::bad_data);
  const auto alias = registry.resolve("@lab/h10");
  REQUIRE_FALSE(alias);
  CHECK(alias.error().code == Errc::not_found);
  CHECK(alias.error().hint == "did you mean @lab/h100?");
  CHECK(registry.resolve("cp:86.3101.42/7F3K9Q2M-JB").error().code == Errc::not_found);
  CHECK(registry.resolve(code).error().message == code + " is allocated, but has no record yet");
  const auto id = Identifier::make("0", "77777777").value_or(*Identifier::make("0", "77777778"));
  CHECK(registry.resolve(id.text()).error().message == id.text() + " is not allocated");
}

TEST_CASE("a resource is found by the code that others know it as, unless two claim that") {
  Fixture f;
  Registry registry = f.init();
  Json record = plain_resource();
  record["also_known_as"] = {{{"scheme", "lei"}, {"id", "5493001KJTIIGC8Y1R12"}}};
  const Json first = registry.register_resource(record, f.random).value();
  const auto found = f.open().find("lei:5493001KJTIIGC8Y1R12");
  REQUIRE(found);
  CHECK(found->record == first);
  CHECK(found->trust == "verified");
  CHECK(registry.find("lei:5493001KJTIIGC8Y1R13").error().code == Errc::not_found);
  CHECK(registry.find("ror:5493001KJTIIGC8Y1R12").error().code == Errc::not_found);
  const Json second = registry.register_resource(record, f.random).value();
  const auto both = registry.find("lei:5493001KJTIIGC8Y1R12");
  REQUIRE_FALSE(both);
  CHECK(both.error().code == Errc::denied);
  // The one that gives it up leaves it to the other.
  Json without = second;
  without.erase("also_known_as");
  REQUIRE(registry.register_resource(without, f.random));
  CHECK(registry.find("lei:5493001KJTIIGC8Y1R12")->record == first);
}

TEST_CASE("a change must be made from the newest record") {
  Fixture f;
  Registry registry = f.init();
  const Json first = registry.register_resource(plain_resource("@lab/a"), f.random).value();
  Json change = first;
  change["nodes"] = 2;
  f.clock.move(std::chrono::hours(1));
  const Json second = registry.register_resource(change, f.random).value();
  CHECK(second["seq"] == 2);
  CHECK(second["issued"] == "2026-11-22T09:00:00Z");
  CHECK(second["id"] == first["id"]);

  const auto late = registry.register_resource(change, f.random);  // made from the first
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::denied);
  CHECK(registry.resolve("@lab/a")->record == second);
  change.erase("seq");  // whatever is there
  CHECK(registry.register_resource(change, f.random).value()["seq"] == 3);
  CHECK(registry.audit());
}

TEST_CASE("an alias names one resource, and is free when that one gives it up") {
  Fixture f;
  Registry registry = f.init();
  Json first = registry.register_resource(plain_resource("@lab/a"), f.random).value();
  const auto second = registry.register_resource(plain_resource("@lab/a"), f.random);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::denied);
  CHECK(registry.audit()->codes == 1);
  CHECK(registry.aliases("")->size() == 1);

  first["alias"] = Json::array({"@lab/b", "@lab/b", "@lab/$(touch pwned)"});
  REQUIRE(registry.register_resource(first, f.random));
  CHECK(registry.resolve("@lab/a").error().code == Errc::not_found);
  CHECK(registry.resolve("@lab/$(touch pwned)"));
  CHECK(registry.register_resource(plain_resource("@lab/a"), f.random));
  CHECK(registry.aliases("@lab/") ==
        std::vector<std::string>{"@lab/$(touch pwned)", "@lab/a", "@lab/b"});
  CHECK(registry.aliases("@lab/b")->size() == 1);
  CHECK(registry.aliases("@other")->empty());
}

TEST_CASE("a record that was changed, moved or replayed in the store is not trusted") {
  Fixture f;
  Registry registry = f.init();
  const Json record = registry.register_resource(plain_resource("@lab/a"), f.random).value();
  const Json other = registry.register_resource(plain_resource("@lab/b"), f.random).value();
  const auto trust_of = [&f](std::string_view name) {
    const auto resolved = f.open().resolve(name);
    return resolved ? resolved->trust + ": " + resolved->problem : resolved.error().message;
  };
  CHECK(trust_of("@lab/a") == "verified: ");
  SECTION("another node count") {
    f.tamper(R"(UPDATE resource SET record = replace(record, '"nodes":1', '"nodes":9'))");
    CHECK(trust_of("@lab/a") == "failed: the signature is wrong");
    CHECK_FALSE(f.open().audit());
  }
  SECTION("no proof") {
    f.tamper("UPDATE resource SET record = json_remove(record, '$.proof')");
    CHECK(trust_of("@lab/a") == "unsigned: it is not signed");
  }
  SECTION("another resource's record") {
    f.tamper("UPDATE resource SET record = (SELECT max(record) FROM resource)");
    CHECK((trust_of("@lab/a") + trust_of("@lab/b")).find("failed: its record is another") !=
          std::string::npos);
  }
  SECTION("another resource's alias") {
    f.tamper("UPDATE alias SET serial = (SELECT serial FROM alias WHERE alias = '@lab/b')");
    CHECK(trust_of("@lab/a") == "failed: its record does not name @lab/a");
  }
  SECTION("an older version") {
    const auto newer = registry.register_resource(record, f.random);
    REQUIRE(newer);
    std::string old = record.dump();
    f.tamper("UPDATE resource SET record = '" + old + "' WHERE record LIKE '%@lab/a%'");
    CHECK(trust_of("@lab/a") == "failed: its record is another resource's or another version's");
    f.tamper("UPDATE resource SET record = '" + old + "', seq = 1 WHERE record LIKE '%@lab/a%'");
    CHECK_FALSE(f.open().audit());
  }
  SECTION("another authority's delegation") {
    f.tamper(R"(UPDATE kept SET document = replace(document, '"seq":1', '"seq":2'))");
    CHECK(trust_of("@lab/a") ==
          "failed: the delegation of prefix 0 does not hold: the signature is wrong");
  }
  SECTION("no anchor") {
    f.tamper("DELETE FROM anchor");
    CHECK(trust_of("@lab/a") == "unsigned: no trust anchor is pinned for prefix 0");
  }
  SECTION("time") {
    f.clock.move(std::chrono::hours(24 * 365));
    CHECK(trust_of("@lab/a") == "failed: it expired at 2027-11-22T08:00:00Z");
  }
}

TEST_CASE("the ledger is neither changed nor cut, and a broken chain is found") {
  Fixture f;
  Registry registry = f.init();
  f.mint(registry, 10);
  f.mint(registry, 10);
  auto database = open_registry_database(f.directory.path());
  CHECK_FALSE(database->execute("UPDATE ledger SET entry = ''"));
  CHECK_FALSE(database->execute("DELETE FROM ledger WHERE seq = 3"));
  CHECK_FALSE(database->execute("DELETE FROM identifier"));
  REQUIRE(registry.audit());
  SECTION("an entry is changed") {
    f.tamper("DROP TRIGGER ledger_is_not_changed");
    f.tamper("UPDATE ledger SET entry = replace(entry, '\"seq\":2', '\"seq\": 2') WHERE seq = 2");
  }
  SECTION("an entry is cut out") {
    f.tamper("DROP TRIGGER ledger_is_not_cut");
    f.tamper("DELETE FROM ledger WHERE seq = 2");
  }
  SECTION("an identifier is added") { f.tamper("INSERT INTO identifier VALUES (1, '77777777')"); }
  SECTION("an identifier is taken away") {
    f.tamper("DROP TRIGGER identifier_is_not_freed");
    f.tamper("DELETE FROM identifier WHERE serial = (SELECT min(serial) FROM identifier)");
  }
  const auto audit = f.open().audit();
  REQUIRE_FALSE(audit);
  CHECK(audit.error().code == Errc::bad_data);
}

TEST_CASE("records are listed in the order of their codes") {
  Fixture f;
  Registry registry = f.init();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(registry.register_resource(plain_resource(), f.random));
  }
  std::vector<std::string> ids;
  REQUIRE(registry.for_each([&](const Resolved& resolved) -> cp::Result<void> {
    CHECK(resolved.trust == "verified");
    ids.push_back(resolved.record["id"]);
    return {};
  }));
  CHECK(ids.size() == 20);
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  const auto done = registry.for_each(
      [](const Resolved&) -> cp::Result<void> { return cp::fail(Errc::io, "stop"); });
  CHECK(done.error().message == "stop");
}

TEST_CASE("an authority whose key file is open to others signs nothing") {
  Fixture f;
  Registry registry = f.init();
  const std::string file = f.directory.path() + "/keys/" + registry.thumbprint() + ".pem";
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  CHECK(registry.register_resource(plain_resource(), f.random).error().code == Errc::bad_config);
  std::filesystem::remove(file);
  CHECK(registry.register_resource(plain_resource(), f.random).error().code == Errc::not_found);
  CHECK(registry.audit()->entries == 1);
}

TEST_CASE("an authority whose time is over, or has not come, gives nothing out") {
  Fixture f;
  Founding founding;
  founding.prefix = "4";
  founding.not_after = f.clock.now() + std::chrono::hours(1);
  auto registry = Registry::found(f.directory.path(), founding, f.clock, f.random);
  REQUIRE(registry);
  const auto none = [](auto) { return cp::Result<void>(); };
  for (const auto by : {std::chrono::hours(2), std::chrono::hours(-3)}) {
    f.clock.move(by);
    Registry later = f.open();
    for (const cp::Error& error :
         {registry->mint(1, 8, f.random, none).error(), later.mint(1, 8, f.random, none).error(),
          later.register_resource(plain_resource(), f.random).error()}) {
      CHECK(error.code == Errc::denied);
      CHECK(error.message == (by.count() > 0 ? "the delegation of prefix 4 ended at "
                                               "2026-11-22T09:00:00Z (delegation_expired)"
                                             : "the delegation of prefix 4 begins at "
                                               "2026-11-22T08:00:00Z (not_yet_valid)"));
      CHECK_FALSE(error.hint.empty());
    }
  }
  CHECK(registry->audit()->codes == 0);
  f.clock.move(std::chrono::hours(1));
  f.mint(*registry, 1);
}

TEST_CASE(
    "a root whose time is over is prolonged by its anchor, and nothing is changed by nothing") {
  Fixture f;
  Founding founding;
  founding.prefix = "4";
  founding.not_after = f.clock.now() + std::chrono::hours(1);
  auto registry = Registry::found(f.directory.path(), founding, f.clock, f.random);
  REQUIRE(registry);
  f.clock.move(std::chrono::hours(2));
  const auto estate = Estate::open(f.directory.path(), f.clock, f.random).value();
  CHECK(renew_own(*estate, {}).error().code == Errc::usage);
  CHECK(renew_own(*estate, {.not_after = f.clock.now()}).error().code == Errc::usage);
  {
    const auto dropped = cp::store::Transaction::begin(estate->database);
    CHECK(renew_own(*estate, {.name = "four"}).error().code == Errc::denied);
  }
  auto transaction = cp::store::Transaction::begin(estate->database);
  const auto next = renew_own(*estate, {.name = "four",
                                        .level = "industry",
                                        .registries = {"https://four.example/"},
                                        .not_after = f.clock.now() + std::chrono::hours(1)});
  REQUIRE(next);
  REQUIRE(rekey(*estate, {}));
  REQUIRE(transaction->commit());
  CHECK(model_fields(*next) ==
        R"(["four","industry",2,"2026-11-22T11:00:00Z",["https://four.example/"]])");
  CHECK(estate->trust.succession(estate->authority->thumbprint, "4")->size() == 3);
  Registry again = f.open();
  f.mint(again, 1);
  CHECK(again.audit()->entries == 4);  // init, accept, rekey, mint
}
