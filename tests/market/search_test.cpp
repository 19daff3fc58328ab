// SPDX-License-Identifier: Apache-2.0
#include "market/search.hpp"

#include "catalog_fixture.hpp"
#include "counting_random.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <thread>
#include <unistd.h>

using cp::market::Demand;
using cp::market::DemandFlags;
using cp::market::LiveResource;
using cp::market::Perception;
using cp::market::SearchOptions;
using cp::market::SearchResult;
using cp::market::Terms;
using cp::model::Json;

namespace {

class FakeSource final : public cp::market::LiveSource {
 public:
  explicit FakeSource(cp::Result<Perception> perception) : perception_(std::move(perception)) {}
  const std::string& name() const override { return name_; }
  cp::Result<Perception> perceive(std::stop_token /*stop*/) override { return perception_; }

 private:
  std::string name_ = "registry:fake";
  cp::Result<Perception> perception_;
};

constexpr std::string_view kCatalog =
    R"({"schema":"cp.resource/1","kind":"instance-type","name":"small","provider":{"name":"p"},"place":{"region":"eu"},"node":{"cpu":{"threads":4},"accelerators":[]},"prices":[{"unit":"node-hour","terms":"on-demand","price":{"amount":"1","currency":"EUR"}},{"unit":"node-hour","terms":"spot","price":{"amount":"0.4","currency":"EUR"}}]}
{"schema":"cp.resource/1","kind":"instance-type","name":"big","node":{"cpu":{"threads":64},"accelerators":[]},"prices":[{"unit":"node-hour","price":{"amount":"9","currency":"EUR"}}]}
{"schema":"cp.resource/1","kind":"instance-type","name":"dollars","node":{"cpu":{"threads":8},"accelerators":[]},"prices":[{"unit":"node-hour","price":{"amount":"0.1","currency":"USD"}}]}
{"schema":"cp.resource/1","kind":"instance-type","name":"unpriced","node":{"cpu":{"threads":8},"accelerators":[]}}
{"schema":"cp.resource/1","kind":"node","name":"mixed","policy":"demand.nodes <= 2","node":{"cpu":{"cores":32},"accelerators":[{"model":"H100-SXM-80GB","count":8},{"model":"T4","count":2}]},"prices":[{"unit":"card-hour","price":{"amount":"2","currency":"EUR"}}]}
{"schema":"cp.resource/1","kind":"node","name":"dark"}
)";

LiveResource live(std::string_view record, std::string trust = "verified", bool runnable = true,
                  std::optional<Json> state = {}) {
  return {Json::parse(record), std::move(trust), "thumb", runnable, std::move(state)};
}

constexpr std::string_view kHere =
    R"({"schema":"cp.resource/1","id":"cp:0/XDPAT3EY-1B","kind":"node","name":"here","alias":["@me/here"],"node":{"cpu":{"cores":4},"accelerators":[]},"prices":[{"unit":"core-hour","terms":"internal","price":{"amount":"0.5","currency":"EUR"}}],"access":[{"role":"launch","url":"local:"}]})";

class World {
 public:
  explicit World(cp::Result<Perception> perception = Perception{}, bool with_catalog = true)
      : source_(std::move(perception)) {
    if (with_catalog) {
      REQUIRE(fixture_.import_text("catalog.ndjson", kCatalog));
      CHECK(fixture_.faults.empty());
    }
  }

  SearchResult ask(const DemandFlags& flags = {}, SearchOptions options = {}) {
    const auto demand = Demand::from_flags(flags);
    REQUIRE(demand);
    CountingRandom random;
    auto result =
        search({&fixture_.cache(), {&source_}}, *demand, options, fixture_.clock, random, {});
    REQUIRE(result);
    return std::move(*result);
  }

 private:
  CatalogFixture fixture_;
  FakeSource source_;
};

DemandFlags where(std::string text) {
  DemandFlags flags;
  flags.where = {std::move(text)};
  return flags;
}

std::vector<std::string> names(const SearchResult& result) {
  std::vector<std::string> all;
  for (const Json& offer : result.offers) {
    all.push_back(offer["name"].get<std::string>());
  }
  return all;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("nothing that fits is an answer, too") {
  World world;
  const auto result = world.ask(where("cpus > 1000"));
  CHECK(result.offers.empty());
  CHECK(result.answer["matched"] == 0);
  CHECK(result.answer["unknown"] == 1);
  CHECK(result.answer["schema"] == "cp.answer/1");
}

TEST_CASE("a source that cannot be asked is missing in the answer, and the others answer") {
  World world(cp::fail(cp::Errc::unavailable, "timed out after 2 s"));
  const auto result = world.ask(where("cpus >= 64"));
  CHECK(names(result) == Names{"big"});
  const Json& sources = result.answer["sources"];
  REQUIRE(sources.size() == 2);
  CHECK(sources[0]["status"] == "missing");
  CHECK(sources[0]["message"] == "timed out after 2 s");
  CHECK(sources[1]["status"] == "answered");
  CHECK(sources[1]["offers"] == 7);
}

TEST_CASE("the cache is read while sources are asked that take their time") {
  // Answers as soon as the cache's columns are there, which the query itself makes.
  class Patient final : public cp::market::LiveSource {
   public:
    explicit Patient(std::string file) : file_(std::move(file)) {}
    const std::string& name() const override { return name_; }
    std::optional<std::chrono::milliseconds> deadline() const override {
      return std::chrono::seconds(20);
    }
    cp::Result<Perception> perceive(std::stop_token stop) override {
      while (::access(file_.c_str(), F_OK) != 0) {
        if (stop.stop_requested()) {
          return cp::fail(cp::Errc::timed_out, "the cache was not read");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return Perception{};
    }

   private:
    std::string file_;
    std::string name_ = "patient";
  };
  CatalogFixture fixture;
  REQUIRE(fixture.import_text("catalog.ndjson", kCatalog));
  Patient patient(cp::market::snapshot_path(fixture.cache()));
  SearchOptions options;
  options.columns_from = 1;
  CountingRandom random;
  const auto result = search({&fixture.cache(), {&patient}}, *Demand::from_flags({}), options,
                             fixture.clock, random, {});
  REQUIRE(result);
  CHECK(result->answer["sources"][0]["name"] == "patient");
  CHECK(result->answer["sources"][0]["status"] == "answered");
  CHECK(result->answer["sources"][1]["name"] == "catalog");
}

TEST_CASE("the cheapest come first, foreign currencies and unknown prices behind") {
  World world;
  SearchOptions options;
  options.currency = "EUR";
  CHECK(names(world.ask({}, options)) ==
        Names{"small", "mixed", "big", "dollars", "dark", "unpriced"});
  options.limit = 2;
  const auto two = world.ask({}, options);
  CHECK(names(two) == Names{"small", "mixed"});
  CHECK(two.answer["matched"] == 6);
  CHECK(two.answer["shown"] == 2);
  CHECK(two.offers[1]["rank"] == 2);
}

TEST_CASE("any field can be sorted by, in both directions") {
  World world;
  SearchOptions options;
  options.sort = *cp::market::parse_sort("-cpus", false);
  options.limit = 3;
  CHECK(names(world.ask({}, options)) == Names{"big", "mixed", "dollars"});
  options.sort = *cp::market::parse_sort("name", false);
  CHECK(names(world.ask({}, options)) == Names{"big", "dark", "dollars"});
}

TEST_CASE("what is not known is left out and counted, unless it is asked for") {
  World world;
  const auto known = world.ask(where("cpus >= 1"));
  CHECK(known.answer["matched"] == 5);
  CHECK(known.answer["unknown"] == 1);
  SearchOptions options;
  options.include_unknown = true;
  const auto all = world.ask(where("cpus >= 1"), options);
  CHECK(all.offers.size() == 6);
  CHECK(all.offers.back()["name"] == "dark");
  CHECK(all.offers.back()["missing"] == Json::parse(R"(["cpus","price.hour","wait"])"));
  CHECK(all.answer["matched"] == 5);
  CHECK(all.answer["unknown"] == 1);
  CHECK(all.answer["shown"] == 6);
}

TEST_CASE("a verified record that cannot be read is told, not passed over in silence") {
  World world(Perception{{live(R"({"schema":"cp.resource/1","name":"odd","nodes":"two"})")}, ""},
              false);
  const auto result = world.ask();
  CHECK(result.offers.empty());
  CHECK(result.answer["sources"][0]["status"] == "partial");
  CHECK(result.answer["sources"][0]["offers"] == 0);
  const auto message = result.answer["sources"][0]["message"].get<std::string>();
  CHECK(message.starts_with("1 record cannot be read: odd: "));
  CHECK(message.ends_with("(nodes is no number)"));
}

TEST_CASE("a price and an accelerator are judged together, live and cached alike") {
  constexpr std::string_view kTwo =
      R"({"schema":"cp.resource/1","kind":"node","name":"two","node":{"cpu":{"cores":32},"accelerators":[{"model":"H100-SXM-80GB","count":8},{"model":"T4","count":2}]},"prices":[{"unit":"card-hour","price":{"amount":"2","currency":"EUR"}}]})";
  World world(Perception{{live(kTwo)}, ""});
  CHECK(names(world.ask(where("gpu.model = H100 and price.hour <= 4EUR"))).empty());
  CHECK(names(world.ask(where("gpu.model = T4 and price.hour <= 4EUR"))) == Names{"mixed", "two"});
}

TEST_CASE("a condition that SQLite cannot take is judged all the same") {
  World world;
  std::string deep = "cpus >= 64";
  for (int i = 0; i < 10; ++i) {
    deep = "(" + deep + ") or (name = x and (name = y or cpus > 1000))";
    deep = "not (not (" + deep + "))";
  }
  const auto result = world.ask(where(deep));
  CHECK(names(result) == Names{"big"});
  CHECK(result.answer["unknown"] == world.ask(where("cpus >= 64")).answer["unknown"]);
  for (const std::size_t levels : {8U, 12U, 16U, 20U}) {
    std::string broad = "cpus >= 64";
    for (std::size_t level = 0; level < levels; ++level) {
      const std::string join = level % 2 == 0 ? " or " : " and ";
      std::string parts;
      for (std::size_t part = 0; part < 160 / levels; ++part) {
        parts += (level % 2 == 0 ? "runnable" : "not runnable") + join;
      }
      broad = parts + "(" + broad + ")";
    }
    INFO(levels);
    CHECK(names(world.ask(where(broad))) == Names{"big"});
  }
  std::string wide = "cpus in [64";
  for (int i = 1000; i < 1800; ++i) {
    wide += "," + std::to_string(i);
  }
  CHECK(names(world.ask(where(wide + "]"))) == Names{"big"});
}

TEST_CASE("a resource with two accelerators is one offer") {
  World world;
  const auto any = world.ask(where("gpu.count >= 2"));
  CHECK(names(any) == Names{"mixed"});
  CHECK(any.answer["matched"] == 1);
  CHECK(names(world.ask(where("gpu.model = T4"))) == Names{"mixed"});
  CHECK(world.ask(where("gpu.model = T4 and gpu.count >= 8")).offers.empty());
}

TEST_CASE("a resource's own policy declines a demand") {
  World world;
  DemandFlags flags = where("gpu.model = H100");
  CHECK(names(world.ask(flags)) == Names{"mixed"});
  flags.nodes = 3;
  flags.where = {"gpu.model = H100 or nodes > 3"};
  CHECK(world.ask(flags).offers.empty());
}

TEST_CASE("spot prices count only when they are asked for") {
  World world;
  CHECK(world.ask(where("name = small")).offers[0]["price"]["hour"]["amount"] == "1.00");
  SearchOptions options;
  options.terms = Terms::spot;
  const auto spot = world.ask({}, options);
  CHECK(names(spot) == Names{"small"});
  CHECK(spot.offers[0]["price"]["hour"]["amount"] == "0.40");
  CHECK(spot.offers[0]["price"]["terms"] == "spot");
}

TEST_CASE("an imported offer is unsigned, cannot be run on, and shows no way in") {
  World world;
  const Json offer = world.ask(where("name = mixed")).offers[0];
  CHECK(offer["runnable"] == false);
  CHECK(offer["source"]["trust"] == "unsigned");
  CHECK(offer["source"]["line"] == 5);
  CHECK(offer.count("access") == 0);
  CHECK(offer.count("resource") == 0);
  CHECK(offer["availability"]["verdict"] == "unknown");
}

TEST_CASE("a verified resource comes with its identifier, its access and how it is now") {
  const Json state = Json::parse(
      R"({"observed_at":"2026-11-22T08:29:50Z","valid_for_s":60,"health":"ok","cores":{"total":4,"free":3},"shapes":[{"nodes":1,"cores":3,"memory_bytes":100}]})");
  World world(Perception{{live(kHere, "verified", true, state)}, ""});
  DemandFlags flags = where("name = here");
  flags.cpus.low = 2;
  flags.duration_s = 7200;
  const auto result = world.ask(flags);
  REQUIRE(result.offers.size() == 1);
  const Json& offer = result.offers[0];
  CHECK(offer["runnable"] == true);
  CHECK(offer["resource"] == "cp:0/XDPAT3EY-1B");
  CHECK(offer["name"] == "@me/here");
  CHECK(offer["source"] ==
        Json::parse(R"({"name":"registry:fake","age_s":0,"trust":"verified","anchor":"thumb"})"));
  CHECK(offer["access"][0]["url"] == "local:");
  CHECK(offer["availability"]["verdict"] == "free");
  CHECK(offer["expires_at"] == "2026-11-22T08:30:50Z");
  CHECK(offer["price"]["job"]["amount"] == "2.00");
  CHECK(offer["price"]["job"]["compute"] == "2.00");
  CHECK(offer["units"] == Json::parse(R"({"nodes":1,"cards":0,"cores":2})"));
  CHECK(offer["id"].get<std::string>().size() == 28);
}

TEST_CASE("what failed verification is never offered, and the answer says so") {
  World world(Perception{{live(kHere, "failed", false), live(kHere, "unsigned", false)}, ""},
              false);
  const auto result = world.ask();
  REQUIRE(result.offers.size() == 1);
  CHECK(result.offers[0].count("resource") == 0);
  CHECK(result.answer["sources"][0]["status"] == "partial");
  CHECK(result.answer["sources"][0]["message"] == "1 record failed verification: cp:0/XDPAT3EY-1B");
}

TEST_CASE("only what can be run on is left when that is asked") {
  World world(Perception{{live(kHere)}, ""});
  SearchOptions options;
  options.runnable_only = true;
  const auto result = world.ask({}, options);
  CHECK(names(result) == Names{"@me/here"});
  CHECK(result.answer["matched"] == 1);
}

TEST_CASE("live and cached offers are ranked together, by price and by score") {
  const Json state = Json::parse(
      R"({"observed_at":"2026-11-22T08:29:50Z","valid_for_s":60,"shapes":[{"nodes":1,"cores":4}]})");
  World world(Perception{{live(kHere, "verified", true, state)}, ""});
  SearchOptions options;
  options.currency = "EUR";
  options.limit = 2;
  CHECK(names(world.ask(where("cpus <= 64"), options)) == Names{"small", "@me/here"});
  options.sort = *cp::market::parse_sort("score", false);
  CHECK(names(world.ask(where("cpus <= 64"), options)) == Names{"@me/here", "small"});
  options.sort = *cp::market::parse_sort("-score", false);
  CHECK(world.ask(where("cpus <= 64"), options).offers[0]["scores"]["total"] == 0);
}

TEST_CASE("a source past its age is stale, and still answers") {
  World world;
  SearchOptions options;
  options.max_age = std::chrono::seconds(-1);
  const auto result = world.ask({}, options);
  CHECK(result.answer["sources"][1]["status"] == "stale");
  CHECK(result.offers.size() == 6);
}

TEST_CASE("the same question gets the same offers in the same order") {
  World world;
  CHECK(world.ask().offers == world.ask().offers);
}
