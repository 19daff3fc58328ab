// SPDX-License-Identifier: Apache-2.0
#include "identity/bootstrap.hpp"

#include "base/limits.hpp"
#include "fixed_clock.hpp"
#include "identity/delegating.hpp"
#include "identity/judge.hpp"
#include "identity/learning.hpp"
#include "identity/registry.hpp"
#include "identity/trust_store.hpp"
#include "model/json.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using namespace cp::identity;
using cp::model::Json;

namespace {

// A root of prefix 86, and the delegations of its children.
struct Root {
  TemporaryDirectory directory;
  FixedClock clock{"2026-11-22T08:00:00Z"};
  cp::KernelRandom random;
  std::unique_ptr<Estate> estate;

  Root() {
    REQUIRE(Registry::init(directory.path(), "86", "nation", clock, random));
    estate = Estate::open(directory.path(), clock, random).value();
  }

  Json delegate(const std::string& prefix) {
    const TemporaryDirectory elsewhere;
    const auto child = Registry::found(
        elsewhere.path(), {.prefix = prefix, .parent = "86", .registries = {"https://a.example/"}},
        clock, random);
    REQUIRE(child);
    Terms terms;
    terms.not_after = clock.now() + std::chrono::days(100);
    const auto answer = answer_request(*estate, child->delegation(), terms);
    INFO((answer ? "" : answer.error().message));
    REQUIRE(answer);
    auto transaction = cp::store::Transaction::begin(estate->database);
    REQUIRE(enter_delegation(*estate, *answer));
    REQUIRE(transaction->commit());
    return *answer;
  }

  // COUNT more children, whose delegations are copies of LIKE.
  void multiply(const Json& like, int count) {
    auto row = estate->database.prepare(
        "INSERT INTO child (authority, prefix, seq, delegation) VALUES (?1, ?2, 1, ?3)");
    REQUIRE(row);
    for (int i = 0; i < count; ++i) {
      Json copy = like;
      copy["prefix"] = "86." + std::to_string(1000 + i);
      REQUIRE(row->bind(1, estate->authority->row)
                  .bind(2, copy["prefix"].get<std::string>())
                  .bind(3, cp::model::to_line(copy))
                  .run());
    }
  }
};

}  // namespace

TEST_CASE(
    "a bootstrap stays one document whatever the number of children, and a chain leads to each") {
  Root root;
  const Json last = root.delegate("86.9");
  root.multiply(last, 20);
  RegistryView view(*root.estate);
  const Json few = cp::model::parse_json(make_bootstrap(view)->text).value();
  CHECK(few["delegations"].size() == 22);
  CHECK(few["services"].size() == 21);
  CHECK_FALSE(few.contains("partial"));

  REQUIRE(root.estate->database.execute("DELETE FROM child WHERE prefix <> '86.9'"));
  root.multiply(last, 3'000);
  const std::string text = make_bootstrap(view)->text;
  CHECK(text.size() < cp::limits::document_bytes);
  CHECK(text.size() > cp::limits::document_bytes / 2);
  const auto many = cp::model::parse_json(text);
  REQUIRE(many);
  CHECK((*many)["partial"] == true);
  CHECK((*many)["delegations"].back()["prefix"] != "86.9");

  const auto chain = make_chain(view, "86.9");
  REQUIRE(chain);
  const TemporaryDirectory reader;
  auto database = open_registry_database(reader.path()).value();
  TrustStore trust(database);
  Judge judge(trust, root.clock);
  REQUIRE(trust.pin("86", root.estate->trust.anchors()->front().key, root.clock.now()));
  CHECK(learn_chain(judge, cp::model::parse_json(*chain).value(), "86.9")->empty());
  CHECK(judge.delegation("86.9"));
  CHECK(make_chain(view, "86.10").error().code == cp::Errc::denied);
}
