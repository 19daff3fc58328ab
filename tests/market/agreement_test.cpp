// SPDX-License-Identifier: Apache-2.0
// SQL, the columns of a snapshot and the language on resources and conditions that chance makes:
// the same truth for each row, and the same answers.
#include "catalog_fixture.hpp"
#include "counting_random.hpp"
#include "market/column_judge.hpp"
#include "market/search.hpp"
#include "market/snapshot_build.hpp"
#include "market/sql.hpp"
#include "market/subject.hpp"
#include "model/expression_text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <span>

using cp::market::Cache;
using cp::market::ChunkReader;
using cp::market::ColumnJudge;
using cp::market::ColumnPrice;
using cp::market::Demand;
using cp::market::DemandFlags;
using cp::market::SearchOptions;
using cp::market::SearchResult;
using cp::market::Snapshot;
using cp::market::SortKey;
using cp::market::Sql;
using cp::market::SqlTranslator;
using cp::market::Terms;
using cp::model::Condition;
using cp::model::Field;
using cp::model::Json;
using cp::model::Kind;
using cp::model::Truth;

namespace {

constexpr std::array<std::string_view, 14> kTexts{"cn-sh",      "CN-SH",  "nan",  "NaN",  "NULL",
                                                  "1e400",      "a_b",    "100%", "x\\y", "Straße",
                                                  "\U0001F642", "' OR 1", "\"",   "*"};
constexpr std::array<std::string_view, 12> kModels{
    "H100",     "h100",   "H100-SXM-80GB", "NVIDIA H100 80GB HBM3",
    "H100-NVL", "T4",     "Tesla T4",      "A100-SXM-80GB",
    "MI300X",   "vg1000", "VG-1000",       "nan"};
constexpr std::array<double, 14> kNumbers{1,     2,    3,     8,           16,   16.5, 64,
                                          0.167, 1024, 86400, 68719476736, 4e11, 1e15, 7e17};
constexpr std::array<std::string_view, 9> kAmounts{
    "0.000000001", "0.10", "1", "1.25", "10", "14.50", "232", "333333333.333333333", "8999999999"};
constexpr std::array<std::string_view, 3> kCurrencies{"CNY", "USD", "EUR"};

class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  bool one_in(unsigned n) { return engine_() % n == 0; }
  std::size_t below(std::size_t n) { return engine_() % n; }
  template <class Range>
  auto of(const Range& range) {
    return range[below(std::size(range))];
  }
  std::string text() { return std::string(of(kTexts)); }

 private:
  std::mt19937 engine_;
};

// OBJECT's member NAME, sometimes not there, sometimes null.
template <class T>
void maybe(Chance& chance, Json& object, const char* name, T value) {
  if (chance.one_in(3)) {
    return;
  }
  object[name] = chance.one_in(8) ? Json(nullptr) : Json(std::move(value));
}

double whole(Chance& chance) {
  const double number = chance.of(kNumbers);
  return number == std::floor(number) ? number : 1;
}

Json some_accelerator(Chance& chance) {
  Json one = Json::object();
  maybe(chance, one, "vendor", chance.one_in(2) ? "NVIDIA" : "amd");
  maybe(chance, one, "model", std::string(chance.of(kModels)));
  maybe(chance, one, "native_name", std::string(chance.of(kModels)));
  maybe(chance, one, "count", static_cast<int>(1 + chance.below(8)));
  if (chance.one_in(6)) {
    one["share"] = 0.167;
  }
  maybe(chance, one, "memory_bytes", 85899345920);
  return one;
}

Json some_network(Chance& chance) {
  Json one{{"type", "ethernet"}};
  maybe(chance, one, "rate_bps", chance.one_in(2) ? 1e10 : 4e11);
  maybe(chance, one, "rdma", chance.one_in(2));
  return one;
}

template <class Make>
void maybe_list(Chance& chance, Json& object, const char* name, std::size_t most, Make make) {
  Json list = Json::array();
  for (std::size_t i = chance.below(most + 1); i > 0; --i) {
    list.push_back(make(chance));
  }
  maybe(chance, object, name, std::move(list));
}

Json some_price(Chance& chance) {
  constexpr std::array<const char*, 3> units{"node-hour", "card-hour", "core-hour"};
  constexpr std::array<const char*, 3> terms{"on-demand", "spot", "internal"};
  Json price{{"unit", chance.of(units)},
             {"price",
              {{"amount", std::string(chance.of(kAmounts))},
               {"currency", std::string(chance.of(kCurrencies))}}}};
  maybe(chance, price, "terms", chance.of(terms));
  maybe(chance, price, "quantum_s", chance.one_in(2) ? 60 : 3600);
  maybe(chance, price, "minimum_s", 600);
  return price;
}

Json some_resource(Chance& chance) {
  constexpr std::array<const char*, 4> kinds{"node", "instance-type", "Instance-Type", "partition"};
  Json cpu = Json::object();
  Json node = Json::object();
  Json place = Json::object();
  Json limits = Json::object();
  Json resource{{"schema", "cp.resource/1"}};
  for (const char* name : {"vendor", "model", "arch"}) {
    maybe(chance, cpu, name, chance.text());
  }
  maybe(chance, cpu, "cores", static_cast<int>(1 + chance.below(64)));
  maybe(chance, cpu, "threads", static_cast<int>(1 + chance.below(64)));
  maybe(chance, node, "cpu", std::move(cpu));
  maybe(chance, node, "memory_bytes", whole(chance));
  maybe(chance, node, "disk_bytes", chance.one_in(3) ? 0 : whole(chance));
  maybe_list(chance, node, "accelerators", 3, some_accelerator);
  maybe_list(chance, node, "network", 3, some_network);
  for (const char* name : {"country", "region", "zone", "city"}) {
    maybe(chance, place, name, chance.one_in(5) ? "" : chance.text());
  }
  maybe(chance, limits, "walltime_s", chance.of(kNumbers));
  maybe(chance, limits, "nodes_per_job", whole(chance));
  maybe(chance, resource, "name", chance.text());
  maybe(chance, resource, "kind", chance.of(kinds));
  maybe(chance, resource, "provider", Json{{chance.one_in(2) ? "name" : "prefix", chance.text()}});
  maybe(chance, resource, "nodes", whole(chance));
  maybe(chance, resource, "node", std::move(node));
  maybe(chance, resource, "place", std::move(place));
  maybe(chance, resource, "limits", std::move(limits));
  maybe_list(chance, resource, "prices", 3, some_price);
  if (chance.one_in(6)) {
    resource["policy"] = chance.one_in(2) ? "demand.nodes <= 20" : "demand.memory <= 1TB";
  }
  return resource;
}

std::string number_for(Chance& chance, std::string_view unit) {
  return fmt::format("{:f}{}", chance.of(kNumbers), unit);
}

std::string literal(Chance& chance, Kind kind) {
  switch (kind) {
    case Kind::text:
      return cp::model::quoted(chance.text());
    case Kind::model:
      return cp::model::quoted(chance.of(kModels));
    case Kind::number:
      return number_for(chance, "");
    case Kind::bytes:
      return fmt::format("{:.0f}B", whole(chance));
    case Kind::rate:
      return number_for(chance, "bps");
    case Kind::duration:
      return fmt::format("{}s", chance.below(1'000'000));
    case Kind::money:
      return fmt::format("{}{}", chance.of(kAmounts), chance.of(kCurrencies));
    case Kind::flops:
      return fmt::format("{}T", chance.below(1200));
    case Kind::boolean:
      break;
  }
  return chance.one_in(2) ? "true" : "false";
}

std::string pattern(Chance& chance) {
  std::string text = chance.text();
  text.insert(chance.below(2) * text.size(), "*");
  return cp::model::quoted(chance.one_in(4) ? "*" : text);
}

bool is_text(Kind kind) { return kind == Kind::text || kind == Kind::model; }

// A number that is of its kind whatever stands beside it.
std::string literal_with_unit(Chance& chance, Kind kind) {
  return kind == Kind::flops ? fmt::format("{}TFLOPS", chance.below(1200)) : literal(chance, kind);
}

// A field that can be calculated with.
const Field& some_number(Chance& chance) {
  const std::span<const Field> fields = cp::model::fields();
  while (true) {
    const Field& field = fields[chance.below(fields.size())];
    if (!is_text(field.kind) && field.kind != Kind::boolean) {
      return field;
    }
  }
}

// A product of fields, in which the exponent of money is counted; now and then a sum of two alike.
std::string product(Chance& chance, int& money) {
  std::string text;
  bool is_divided = false;
  for (std::size_t more = 1 + chance.below(3); more > 0; --more) {
    const Field& field = some_number(chance);
    money += field.kind == Kind::money ? (is_divided ? -1 : 1) : 0;
    std::string one(field.name);
    if (chance.one_in(4)) {
      const std::string other = chance.one_in(2) ? one : literal_with_unit(chance, field.kind);
      one = fmt::format("({} {} {})", one, chance.one_in(2) ? "+" : "-", other);
    }
    text += one;
    is_divided = chance.one_in(2);
    text += more == 1 ? "" : is_divided ? " / " : " * ";
  }
  return text;
}

std::string calculation(Chance& chance) {
  constexpr std::array<const char*, 6> operators{"=", "!=", "<", "<=", ">", ">="};
  if (chance.one_in(4)) {
    // The same units on both sides.
    const Field& field = some_number(chance);
    const Field& other = some_number(chance);
    return fmt::format("{0} * {1} {2} {3} * {0}", field.name, other.name, chance.of(operators),
                       chance.one_in(2) ? other.name : fmt::format("{} * 2", other.name));
  }
  int money = 0;
  const std::string text = product(chance, money);
  const std::string number = money == 0
                                 ? fmt::format("{}", chance.below(2000))
                                 : fmt::format("{}{}", chance.of(kAmounts), chance.of(kCurrencies));
  return fmt::format("{} * 1 {} {}", text, chance.of(operators), number);
}

std::string comparison(Chance& chance) {
  if (chance.one_in(4)) {
    return calculation(chance);
  }
  constexpr std::array<const char*, 6> operators{"=", "!=", "<", "<=", ">", ">="};
  const std::span<const Field> fields = cp::model::fields();
  const Field& field = fields[chance.below(fields.size())];
  const bool is_ordered = !is_text(field.kind) && field.kind != Kind::boolean;
  const std::string name(field.name);
  const std::string negated = chance.one_in(3) ? " not" : "";
  if (is_text(field.kind) && chance.one_in(2)) {
    return name + negated + " like " + pattern(chance);
  }
  if (chance.one_in(3)) {
    std::string list = literal(chance, field.kind) + ", " + literal(chance, field.kind);
    if (is_ordered && chance.one_in(2)) {
      list += ".." + literal(chance, field.kind);
    }
    return name + negated + " in [" + list + "]";
  }
  if (is_ordered && chance.one_in(4)) {
    const Field& other = fields[chance.below(fields.size())];
    if (other.kind == field.kind) {
      return name + " " + chance.of(operators) + " " + std::string(other.name);
    }
  }
  const std::size_t choice = chance.below(is_ordered ? 6 : 2);
  return name + " " + operators[choice] + " " + literal(chance, field.kind);
}

std::string condition(Chance& chance, int depth) {
  if (depth == 0 || chance.one_in(3)) {
    return comparison(chance);
  }
  std::string text = chance.one_in(3) ? "not (" : "(";
  text += condition(chance, depth - 1);
  for (std::size_t more = 1 + chance.below(2); more > 0; --more) {
    text += (chance.one_in(2) ? ") and (" : ") or (") + condition(chance, depth - 1);
  }
  return text + ")";
}

DemandFlags some_flags(Chance& chance) {
  DemandFlags flags;
  flags.nodes = static_cast<std::int64_t>(chance.one_in(2) ? 1 : 1 + chance.below(64));
  if (chance.one_in(2)) {
    flags.gpu = cp::market::GpuWish{};
    flags.gpu->count.low = 4;
  }
  if (chance.one_in(2)) {
    flags.cpus.low = 16;
  }
  flags.duration_s = chance.one_in(2) ? 1234.5 : 2'592'000;
  return flags;
}

// The snapshot of CACHE as it is now.
Snapshot snapshot_of_all(Cache& cache) {
  const auto sources = cache.sources();
  REQUIRE(sources);
  auto snapshot = cp::market::snapshot_of(cache, *sources, 1);
  REQUIRE(snapshot);
  REQUIRE(*snapshot);
  return std::move(**snapshot);
}

class TwoReaders {
 public:
  explicit TwoReaders(Chance& chance)
      : chance_(chance), demand_(*Demand::from_flags(some_flags(chance))) {
    terms_ = chance.one_in(3) ? Terms::spot : Terms::firm;
    std::string text;
    for (int i = 0; i < 60; ++i) {
      text += cp::model::to_line(some_resource(chance)) + "\n";
    }
    REQUIRE(fixture_.import_text("random.ndjson", text));
    models_ = *fixture_.cache().models();
    sources_ = *fixture_.cache().sources();
    auto list = fixture_.cache().database().prepare("SELECT row FROM offers");
    REQUIRE(list);
    while (*list->step()) {
      add(list->integer(0));
    }
    snapshot_.emplace(snapshot_of_all(fixture_.cache()));
    REQUIRE(snapshot_->rows() == subjects_.size());
    price_.emplace(*ColumnPrice::make(*snapshot_, demand_, terms_));
  }

  void check_prices() {
    ChunkReader reader(*snapshot_);
    std::vector<std::uint16_t> rows(reader.go_to(0));
    std::iota(rows.begin(), rows.end(), std::uint16_t{0});
    for (const auto kind :
         {ColumnPrice::Kind::hour, ColumnPrice::Kind::card_hour, ColumnPrice::Kind::job}) {
      std::vector<cp::market::Nanos> prices;
      REQUIRE(price_->read(kind, reader, rows, prices));
      std::size_t i = 0;
      for (const auto& [row, subject] : subjects_) {
        const auto& quote = subject.quote;
        const auto& money = kind == ColumnPrice::Kind::hour        ? quote.hour
                            : kind == ColumnPrice::Kind::card_hour ? quote.card_hour
                                                                   : quote.job;
        const auto nanos = money ? cp::market::nanos_of(money->amount) : cp::market::kUnknownNanos;
        CHECK((prices[i++] == nanos));
      }
    }
  }

  // Some of the rows, as a condition is asked of those that others left.
  void check_columns(const Condition& condition) {
    const auto judge = ColumnJudge::make(condition, *snapshot_, *price_, demand_, terms_, sources_);
    REQUIRE(judge);
    ChunkReader reader(*snapshot_);
    reader.go_to(0);
    std::vector<std::uint16_t> rows;
    std::vector<const cp::market::Subject*> asked;
    std::uint16_t next = 0;
    for (const auto& [row, subject] : subjects_) {
      if (!chance_.one_in(5)) {
        rows.push_back(next);
        asked.push_back(&subject);
      }
      ++next;
    }
    std::vector<Truth> truths;
    REQUIRE(judge->judge(reader, rows, truths));
    REQUIRE(truths.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Truth truth = evaluate(condition, asked[i]->view, demand_.document());
      if (truth != truths[i]) {
        INFO(asked[i]->view.dump(-1, ' ', false, Json::error_handler_t::replace));
        CHECK(static_cast<int>(truths[i]) == static_cast<int>(truth));
      }
    }
  }

  void check(const std::string& text) {
    INFO(text);
    const auto condition = cp::model::parse_condition(text);
    REQUIRE(condition);
    check_columns(*condition);
    if (chance_.one_in(4)) {
      check_text(*condition);
    }
    const SqlTranslator translator(demand_, terms_, models_, sources_);
    REQUIRE(translator.can_say(*condition));
    const Sql truth = translator.truth(*condition);
    const Sql necessary = translator.necessary(*condition);
    Sql sql{"SELECT row, CASE WHEN ", {}};
    ((((sql += truth) += " THEN 1 END, (") += truth) += ") IS NOT FALSE");
    (sql += ", (") += necessary.text.empty() ? Sql{"1", {}} : necessary;
    (sql += "), ") += translator.is_known(*condition);
    sql += " FROM offers";
    INFO(sql.text);
    auto statement = fixture_.cache().database().prepare(sql.text);
    REQUIRE(statement);
    bind(*statement, sql);
    while (*statement->step()) {
      check_row(*statement, *condition);
    }
  }

 private:
  // What a condition is in words is one that means the same.
  void check_text(const Condition& condition) {
    const std::string text = to_text(condition);
    INFO("again: " << text);
    const auto again = cp::model::parse_condition(text);
    REQUIRE(again);
    CHECK(std::ranges::all_of(subjects_, [&](const auto& one) {
      const Json& view = one.second.view;
      return evaluate(condition, view, demand_.document()) ==
             evaluate(*again, view, demand_.document());
    }));
  }

  void add(std::int64_t row) {
    auto stored = fixture_.cache().load(row);
    REQUIRE(stored);
    Json document = stored->document.empty() ? Json() : *cp::model::parse_json(stored->document);
    subjects_.emplace(row, make_subject(std::move(stored->row), std::move(document),
                                        {"random", 0, "unsigned", "", false}, {}, demand_, terms_));
  }

  void check_row(const cp::store::Statement& row, const Condition& condition) {
    const auto& subject = subjects_.at(row.integer(0));
    const Truth truth = evaluate(condition, subject.view, demand_.document());
    const Truth by_sql = row.integer(2) == 0 ? Truth::no
                         : row.is_null(1)    ? Truth::unknown
                                             : Truth::yes;
    const bool is_known = row.integer(4) != 0;
    CHECK((!is_known || truth != Truth::unknown));
    if (truth != by_sql || (truth != Truth::no && row.integer(3) == 0)) {
      INFO(subject.view.dump(-1, ' ', false, Json::error_handler_t::replace));
      INFO("necessary: " << row.integer(3));
      CHECK(static_cast<int>(by_sql) == static_cast<int>(truth));
      CHECK((truth == Truth::no || row.integer(3) != 0));
    }
  }

  Chance& chance_;
  Demand demand_;
  Terms terms_ = Terms::firm;
  CatalogFixture fixture_;
  std::vector<std::string> models_;
  std::vector<cp::market::SourceInfo> sources_;
  std::map<std::int64_t, cp::market::Subject> subjects_;
  std::optional<Snapshot> snapshot_;
  std::optional<ColumnPrice> price_;
};

class Registry final : public cp::market::LiveSource {
 public:
  explicit Registry(Chance& chance) {
    for (int i = 0; i < 5; ++i) {
      perception_.resources.push_back({some_resource(chance), "verified", "thumb", true, {}});
    }
  }
  const std::string& name() const override { return name_; }
  cp::Result<cp::market::Perception> perceive(std::stop_token /*stop*/) override {
    return perception_;
  }

 private:
  std::string name_ = "registry:chance";
  cp::market::Perception perception_;
};

SearchOptions some_options(Chance& chance) {
  constexpr std::array<const char*, 10> keys{
      "price", "-price",     "price.card_hour", "gpu.model",   "-memory",
      "name",  "-gpu.count", "-gpu.flops_fp16", "price.terms", "cpus"};
  constexpr std::array<std::size_t, 4> limits{0, 1, 5, 20};
  SearchOptions options;
  std::string sort = chance.one_in(5) ? "score" : chance.of(keys);
  while (chance.one_in(2)) {
    sort += std::string(",") + chance.of(keys);
  }
  options.sort = *cp::market::parse_sort(sort, true);
  options.terms = chance.one_in(3) ? Terms::spot : Terms::firm;
  options.limit = chance.of(limits);
  options.per_provider = chance.one_in(3) ? 1 + chance.below(2) : 0;
  options.pareto = chance.one_in(3);
  options.include_unknown = chance.one_in(2);
  options.explain = chance.one_in(16);
  options.currency = chance.one_in(2) ? "CNY" : "";
  return options;
}

// SQLite counts in binary64 what is past the billionths that 64 bits hold; columns and quotes do
// not.
Json with_small_prices(Json resource) {
  if (resource.contains("prices") && resource["prices"].is_array()) {
    for (Json& price : resource["prices"]) {
      std::string amount = price["price"]["amount"];
      constexpr std::size_t longest = 5;
      price["price"]["amount"] = amount.size() > longest ? "3.25" : amount;
    }
  }
  return resource;
}

// The search in columns and in SQL.
void compare_searches(CatalogFixture& fixture, Registry& registry, const Demand& demand,
                      SearchOptions options) {
  std::array<SearchResult, 2> results;
  for (std::size_t i = 0; i < results.size(); ++i) {
    options.columns_from = i == 0 ? 1 : std::numeric_limits<std::int64_t>::max();
    CountingRandom random;
    auto result =
        search({&fixture.cache(), {&registry}}, demand, options, fixture.clock, random, {});
    REQUIRE(result);
    results.at(i) = *std::move(result);
  }
  CHECK(results[0].answer.dump() == results[1].answer.dump());
  REQUIRE(results[0].offers.size() == results[1].offers.size());
  for (std::size_t i = 0; i < results[0].offers.size(); ++i) {
    INFO("offer " << i);
    CHECK(cp::model::to_line(results[0].offers[i]) == cp::model::to_line(results[1].offers[i]));
  }
}

}  // namespace

TEST_CASE("SQL and columns find what the language says, whatever is asked of whatever is known") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    Chance chance(seed);
    TwoReaders world(chance);
    world.check_prices();
    for (int i = 0; i < 80; ++i) {
      world.check(condition(chance, 3));
    }
  }
}

TEST_CASE("a search through columns gives what one through SQL gives, whatever is asked") {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    Chance chance(seed);
    CatalogFixture fixture;
    for (const char* source : {"a.ndjson", "b.ndjson"}) {
      std::string text;
      for (int i = 0; i < 40; ++i) {
        text += cp::model::to_line(with_small_prices(some_resource(chance))) + "\n";
      }
      REQUIRE(fixture.import_text(source, text));
    }
    Registry registry(chance);
    for (int i = 0; i < 60; ++i) {
      DemandFlags flags = some_flags(chance);
      if (!chance.one_in(4)) {
        flags.where = {condition(chance, 2)};
      }
      INFO("seed " << seed << ", query " << i << ": "
                   << (flags.where.empty() ? "" : flags.where.front()));
      compare_searches(fixture, registry, *Demand::from_flags(flags), some_options(chance));
    }
  }
}

TEST_CASE("several threads find what one finds, and cut no resource in two") {
  Chance chance(1);
  CatalogFixture fixture;
  std::string text;
  for (int i = 0; i < 14'001; ++i) {
    text += fmt::format(
        R"({{"schema":"cp.resource/1","name":"r{}","provider":{{"name":"p{}"}},"node":{{"cpu":{{"cores":{}}},)"
        R"("accelerators":[{{"model":"H100","count":8}},{{"model":"T4","count":{}}},{{"model":"V100"}}]}},)"
        R"("prices":[{{"unit":"card-hour","price":{{"amount":"{}.5","currency":"CNY"}}}}]}})"
        "\n",
        i, i % 700, i % 128 + 1, i % 8 + 1, i * 37 % 101);
  }
  REQUIRE(fixture.import_text("many.ndjson", text));
  Registry registry(chance);
  for (const char* where : {"gpu.count >= 4", "cpus < 100 or gpu.count = 2", "gpu.model = T4"}) {
    for (const bool pareto : {false, true}) {
      INFO(where << (pareto ? " --pareto" : ""));
      DemandFlags flags;
      flags.where = {where};
      flags.duration_s = 3600;
      SearchOptions options;
      options.sort = *cp::market::parse_sort("price,-cpus", true);
      options.limit = 50;
      options.include_unknown = true;
      options.pareto = pareto;
      options.per_provider = 3;
      compare_searches(fixture, registry, *Demand::from_flags(flags), options);
    }
  }
}
