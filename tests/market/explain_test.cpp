// SPDX-License-Identifier: Apache-2.0
#include "catalog_fixture.hpp"
#include "counting_random.hpp"
#include "market/clauses.hpp"
#include "market/near_misses.hpp"
#include "market/search.hpp"
#include "market/subject.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

using cp::market::Demand;
using cp::market::DemandFlags;
using cp::market::NearMisses;
using cp::market::SearchOptions;
using cp::market::Subject;
using cp::model::Condition;
using cp::model::Json;
using cp::model::Truth;

namespace {

constexpr std::int64_t kNoColumns = std::numeric_limits<std::int64_t>::max();

// A resource that chance makes: some things are not known, some are of two kinds, some decline.
std::string some_resource(std::mt19937& chance, int number) {
  const auto below = [&](unsigned n) { return static_cast<int>(chance() % n); };
  Json json{{"schema", "cp.resource/1"}, {"name", fmt::format("r{}", number)}};
  json["place"] = {{"region", fmt::format("cn-{}", below(4))}};
  json["node"] = Json::object();
  if (below(5) != 0) {
    json["node"]["cpu"] = {{"cores", 1 << below(8)}};
  }
  if (below(5) != 0) {
    json["node"]["memory_bytes"] = 1'000'000'000LL * (1 + below(500));
  }
  json["node"]["accelerators"] = Json::array();
  for (int i = below(3); i > 0; --i) {
    json["node"]["accelerators"].push_back(
        {{"model", below(2) == 0 ? "H100-SXM-80GB" : "T4"}, {"count", 1 + below(8)}});
  }
  if (below(6) != 0) {
    json["prices"] = Json::array({{{"unit", "node-hour"},
                                   {"price",
                                    {{"amount", fmt::format("{}.{}", below(40), below(1000))},
                                     {"currency", below(5) == 0 ? "USD" : "CNY"}}}}});
  }
  if (below(8) == 0) {
    json["policy"] = below(2) == 0 ? "demand.nodes > 1" : "demand.nodes = 1";
  }
  return cp::model::to_line(json) + "\n";
}

std::string some_clause(std::mt19937& chance) {
  const auto below = [&](unsigned n) { return static_cast<int>(chance() % n); };
  switch (below(8)) {
    case 0:
      return fmt::format("cpus >= {}", 100 + below(100));
    case 1:
      return fmt::format("memory > {}GB", 300 + below(400));
    case 2:
      return fmt::format("price.hour <= {}.{}CNY", below(3), below(10));
    case 3:
      return fmt::format("region in [cn-{}, xx]", below(6));
    case 4:
      return fmt::format("gpu.count >= {}", 6 + below(6));
    case 5:
      return "gpu.model = H100";
    case 6:
      return fmt::format("(cpus < 4 or not region like \"cn-{}\")", below(3));
    default:
      return fmt::format("price.card_hour < {}CNY", below(4));
  }
}

// All rows of a catalog with a demand, and what the explanation ought to say.
class World {
 public:
  explicit World(std::mt19937& chance, int count = 20) {
    for (const char* source : {"a.ndjson", "b.ndjson"}) {
      std::string text;
      for (int i = 0; i < count; ++i) {
        text += some_resource(chance, i);
      }
      REQUIRE(fixture.import_text(source, text));
    }
  }

  Json answer(const std::string& where, std::int64_t columns_from, bool explain) {
    DemandFlags flags;
    if (!where.empty()) {
      flags.where = {where};
    }
    const auto demand = Demand::from_flags(flags);
    REQUIRE(demand);
    SearchOptions options;
    options.columns_from = columns_from;
    options.explain = explain;
    CountingRandom random;
    auto result = search({&fixture.cache(), {}}, *demand, options, fixture.clock, random, {});
    REQUIRE(result);
    return std::move(result->answer);
  }

  // The rows of each resource, by their source.
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Subject>> resources() {
    const auto demand = Demand::from_flags({});
    REQUIRE(demand);
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Subject>> all;
    auto list = fixture.cache().database().prepare("SELECT row FROM offers");
    REQUIRE(list);
    while (*list->step()) {
      const std::int64_t row = list->integer(0);
      auto stored = fixture.cache().load(row);
      REQUIRE(stored);
      Json document = stored->document.empty() ? Json() : *cp::model::parse_json(stored->document);
      const std::int64_t own =
          stored->row.has_siblings ? stored->row.document : std::numeric_limits<int>::max() + row;
      all[{cp::market::Cache::source_of(row), own}].push_back(make_subject(
          std::move(stored->row), std::move(document), {}, {}, *demand, cp::market::Terms::firm));
    }
    return all;
  }

  CatalogFixture fixture;
};

Truth truth_of(const std::string& clause, const Subject& subject) {
  static std::map<std::string, Condition> conditions;
  const auto [known, is_new] = conditions.try_emplace(clause);
  if (is_new) {
    known->second = *cp::model::parse_condition(clause);
  }
  return evaluate(known->second, subject.view, Json::object());
}

// How far SUBJECT is from fulfilling CLAUSE, by the rule that the manual states.
double far(const std::string& text, const Subject& subject) {
  const Truth truth = truth_of(text, subject);
  if (truth != Truth::no) {
    return truth == Truth::yes ? 0 : 32;
  }
  const Condition condition = *cp::model::parse_condition(text);
  if (condition.type != Condition::Type::comparison || text.find_first_of("<>") == text.npos) {
    return 1;
  }
  const auto number = [](const auto& value) {
    const auto* const money = std::get_if<cp::Money>(&value);
    return money != nullptr ? money->amount.to_double() : std::get<double>(value);
  };
  const double limit = number(condition.ranges.front().low);
  const double value = number(read_field(*condition.field, subject.view, Json::object()));
  return limit > 0 && value > 0 ? std::min(16.0, std::abs(std::log2(value / limit))) : 16;
}

bool takes(const Subject& subject) {
  static const Demand demand = *Demand::from_flags({});
  return accepts(subject, demand) == Truth::yes;
}

void check_counts(const Json& explanation, World& world) {
  const auto resources = world.resources();
  CHECK(explanation["offers"] == resources.size());
  std::vector<std::string> clauses;
  for (const Json& clause : explanation["clauses"]) {
    clauses.push_back(clause["clause"]);
  }
  for (const Json& clause : explanation["clauses"]) {
    const std::string text = clause["clause"];
    if (text == "policy") {
      continue;
    }
    std::int64_t removed = 0;
    std::int64_t unknown = 0;
    std::int64_t alone = 0;
    for (const auto& [key, rows] : resources) {
      Truth best = Truth::no;
      bool is_alone = false;
      bool matches = false;
      for (const Subject& row : rows) {
        const Truth own = truth_of(text, row);
        best = cp::model::either(best, own);
        bool others = true;
        for (const std::string& other : clauses) {
          others =
              others && (other == text || other == "policy" || truth_of(other, row) == Truth::yes);
        }
        is_alone = is_alone || (others && own != Truth::yes);
        matches = matches || (others && own == Truth::yes && takes(row));
      }
      removed += best == Truth::no ? 1 : 0;
      unknown += best == Truth::unknown ? 1 : 0;
      alone += is_alone && !matches ? 1 : 0;
    }
    INFO(text);
    CHECK(clause["removed"] == removed);
    CHECK(clause["unknown"] == unknown);
    CHECK(clause["alone"] == alone);
    std::int64_t by_source = 0;
    for (const Json& source : clause["sources"]) {
      by_source += source["removed"].get<std::int64_t>() + source["unknown"].get<std::int64_t>();
    }
    CHECK(by_source == removed + unknown);
  }
}

void check_relaxations(const Json& explanation, World& world) {
  std::vector<std::string> clauses;
  for (const Json& clause : explanation["clauses"]) {
    if (clause["clause"] != "policy") {
      clauses.push_back(clause["clause"]);
    }
  }
  double nearest = std::numeric_limits<double>::infinity();
  for (const auto& [key, rows] : world.resources()) {
    for (const Subject& row : rows) {
      double sum = 0;
      for (const std::string& clause : clauses) {
        sum += far(clause, row);
      }
      nearest = takes(row) ? std::min(nearest, sum) : nearest;
    }
  }
  const Json& relaxations = explanation["relaxations"];
  REQUIRE_FALSE(relaxations.empty());
  CHECK(relaxations[0]["distance"].get<double>() == Approx(nearest));
  for (const Json& relaxation : relaxations) {
    std::map<std::string, std::string> changed;
    for (const Json& change : relaxation["changes"]) {
      changed[change["clause"]] = change.value("instead", "");
    }
    std::string where;
    for (const std::string& clause : clauses) {
      const auto change = changed.find(clause);
      const std::string text = change == changed.end() ? clause : change->second;
      where +=
          (where.empty() || text.empty() ? "" : " and ") + (text.empty() ? text : "(" + text + ")");
    }
    INFO(where);
    const Json answer = world.answer(where, kNoColumns, false);
    CHECK(answer["matched"] == relaxation["offers"]);
    CHECK(answer["matched"] > 0);
  }
}

}  // namespace

TEST_CASE("what an explanation says is what asking for each thing in turn gives") {
  int explained = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    std::mt19937 chance(seed);
    World world(chance);
    for (int i = 0; i < 10; ++i) {
      std::set<std::string> clauses;
      for (int n = 1 + static_cast<int>(chance() % 4); n > 0; --n) {
        clauses.insert(some_clause(chance));
      }
      std::string where;
      for (const std::string& clause : clauses) {
        where += (where.empty() ? "" : " and ") + clause;
      }
      INFO("seed " << seed << ": " << where);
      const Json answer = world.answer(where, kNoColumns, true);
      const Json& explanation = answer["explanation"];
      CHECK(explanation.dump() == world.answer(where, 1, true)["explanation"].dump());
      check_counts(explanation, world);
      CHECK(explanation.contains("relaxations") == (answer["matched"] == 0));
      if (answer["matched"] == 0) {
        ++explained;
        check_relaxations(explanation, world);
      }
    }
  }
  CHECK(explained > 5);
}

TEST_CASE("a limit is moved no farther than to the nearest offer, and to what it costs exactly") {
  CatalogFixture fixture;
  REQUIRE(fixture.import_text(
      "a.ndjson",
      R"({"schema":"cp.resource/1","name":"near","place":{"region":"cn-sh"},"node":{"memory_bytes":85899345920},"prices":[{"unit":"node-hour","price":{"amount":"3.20","currency":"CNY"}}]}
{"schema":"cp.resource/1","name":"far","place":{"region":"cn-sh"},"node":{"memory_bytes":85899345920},"prices":[{"unit":"node-hour","price":{"amount":"9","currency":"CNY"}}]}
{"schema":"cp.resource/1","name":"elsewhere","place":{"region":"us"},"node":{"memory_bytes":85899345920},"prices":[{"unit":"node-hour","price":{"amount":"1","currency":"CNY"}}]}
)"));
  DemandFlags flags;
  flags.regions = {"cn-*"};
  flags.memory_bytes.low = 68'719'476'736;
  flags.max_price = {*cp::Money::parse("2.5CNY"), "hour"};
  SearchOptions options;
  options.explain = true;
  CountingRandom random;
  const auto result = search({&fixture.cache(), {}}, *Demand::from_flags(flags), options,
                             fixture.clock, random, {});
  REQUIRE(result);
  const Json& explanation = result->answer["explanation"];
  REQUIRE(explanation["clauses"].size() == 3);
  CHECK(explanation["clauses"][0]["clause"] == "memory >= 64GiB");
  CHECK(explanation["clauses"][0]["removed"] == 0);
  CHECK(explanation["clauses"][2]["clause"] == "price.hour <= 2.5CNY");
  CHECK(explanation["clauses"][2]["alone"] == 2);
  REQUIRE(explanation["relaxations"].size() == 2);
  CHECK(explanation["relaxations"][0]["changes"] ==
        Json::parse(R"([{"clause":"price.hour <= 2.5CNY","instead":"price.hour <= 3.2CNY"}])"));
  CHECK(explanation["relaxations"][0]["offers"] == 1);
  CHECK(explanation["relaxations"][1]["changes"] ==
        Json::parse(R"([{"clause":"region like \"cn-*\"","dropped":true}])"));
}

TEST_CASE("of very many kinds of misses the nearest are kept") {
  NearMisses misses;
  for (int i = 20'000; i > 0; --i) {
    const double distance = i / 1000.0;
    misses.take({static_cast<std::uint64_t>(i) << 1U, 1, i, distance, {distance}});
  }
  const auto nearest = misses.nearest(1);
  REQUIRE(nearest.size() == 1);
  CHECK(nearest.front().row == 1);
}
