// SPDX-License-Identifier: Apache-2.0
#include "market/search.hpp"

#include "base/text.hpp"
#include "market/amounts.hpp"
#include "market/asking.hpp"
#include "market/column_scan.hpp"
#include "market/explain.hpp"
#include "market/offer.hpp"
#include "market/resource_rows.hpp"
#include "market/sql.hpp"
#include "market/subject.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace cp::market {
namespace {

using model::Json;
using model::Truth;

// The costs of what matched, by currency.
class Costs {
 public:
  void add(std::string_view currency, double cost) {
    if (last_ == nullptr || currency != last_currency_) {
      last_currency_ = currency;
      last_ = &extremes_.try_emplace(last_currency_, cost, cost).first->second;
    }
    last_->first = std::min(last_->first, cost);
    last_->second = std::max(last_->second, cost);
  }
  std::optional<Scale> scale(std::string_view currency) const {
    const auto found = extremes_.find(currency);
    return found == extremes_.end()
               ? std::nullopt
               : std::optional(Scale::of_costs(found->second.first, found->second.second));
  }

 private:
  std::map<std::string, std::pair<double, double>, std::less<>> extremes_;
  std::pair<double, double>* last_ = nullptr;
  std::string last_currency_;
};

// What stands on this machine says nothing that cannot be used: it is damaged.
std::string_view status_of(const LiveSource& source, const Error& error) {
  return source.deadline() ? status_of_failure(error) : "missing";
}

// How many sources were asked, and what became of them.
Json completeness_of(const Json& reports) {
  Json counts{{"asked", reports.size()},
              {"answered", 0},
              {"partial", 0},
              {"stale", 0},
              {"missing", 0},
              {"rejected", 0}};
  for (const Json& report : reports) {
    Json& count = counts[report["status"].get_ref<const std::string&>()];
    count = count.get<std::int64_t>() + 1;
  }
  return counts;
}

class Searcher {
 public:
  Searcher(const Sources& sources, const Demand& demand, const SearchOptions& options,
           const Clock& clock, Random& random)
      : sources_(sources),
        demand_(demand),
        options_(options),
        clock_(clock),
        random_(random),
        now_(clock.now()),
        currencies_(options.currency),
        rules_(rules_of(options, demand)),
        keys_(rules_.keys),
        chooser_(rules_) {
    keys_.insert(keys_.end(), rules_.front.begin(), rules_.front.end());
  }

  Result<SearchResult> run(std::stop_token stop) {
    const SteadyTime start = clock_.steady();
    std::stop_source stopped;
    const std::stop_callback forward(stop, [&] { stopped.request_stop(); });
    // The slowest part is waited for, not the sum of all.
    Result<void> scanned;
    std::vector<Result<Perception>> answers = ask_all(sources_.live, stopped.get_token(), [&] {
      scanned = sources_.cache != nullptr ? scan(*sources_.cache) : Result<void>();
      if (!scanned) {
        stopped.request_stop();  // there will be no answer
      }
    });
    if (!scanned) {
      return Cache::explained(std::move(scanned).error());
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
      take_answer(*sources_.live[i], answers[i]);
    }
    report_cached();
    report_unread();
    CP_TRY_ASSIGN(std::vector<Candidate> chosen, std::move(chooser_).finish());
    std::ranges::move(chosen, std::back_inserter(candidates_));
    if (auto made = make_offers(); !made) {
      return Cache::explained(std::move(made).error());
    }
    CP_TRY_ASSIGN(const Json explanation, explanation_of_all());
    const std::chrono::duration<double> duration = clock_.steady() - start;
    result_.answer = {{"schema", "cp.answer/1"},        {"matched", matched_},
                      {"shown", result_.offers.size()}, {"unknown", unknown_},
                      {"duration_s", duration.count()}, {"completeness", completeness_of(reports_)},
                      {"sources", std::move(reports_)}};
    if (!explanation.is_null()) {
      result_.answer["explanation"] = explanation;
    }
    return std::move(result_);
  }

 private:
  // What is cached differs in cost only, so that its best scores are the cheapest.
  static std::vector<SortKey> ranking_keys(std::vector<SortKey> keys, const Demand& demand) {
    const model::Field* cost = model::find_field(demand.duration_s() ? "price.job" : "price.hour");
    const bool is_by_score = !keys.empty() && keys.front().field == nullptr;
    if (keys.empty() || is_by_score) {
      keys = {{cost, is_by_score && keys.front().is_descending}};
    }
    std::erase_if(keys, [](const SortKey& key) { return key.field == nullptr; });
    keys.push_back({model::find_field("name"), false});
    return keys;
  }
  bool is_by_score() const { return is_by_score(options_); }
  static bool is_by_score(const SearchOptions& options) {
    return !options.sort.empty() && options.sort.front().field == nullptr;
  }

  static RankingRules rules_of(const SearchOptions& options, const Demand& demand) {
    RankingRules rules;
    rules.keys = ranking_keys(options.sort, demand);
    rules.of_group = options.per_provider;
    if (options.pareto) {
      rules.front = front_of(options.sort, demand);
    }
    // The scores of what stands in the front are not known before.
    rules.limit = options.pareto && is_by_score(options) ? 0 : options.limit;
    return rules;
  }

  // What the user sorts by, where that is more than one amount; else the cost and the size.
  static std::vector<SortKey> front_of(const std::vector<SortKey>& sort, const Demand& demand) {
    std::vector<SortKey> front;
    std::ranges::copy_if(sort, std::back_inserter(front), [](const SortKey& key) {
      return key.field != nullptr && key.field->kind != model::Kind::text &&
             key.field->kind != model::Kind::model;
    });
    if (front.size() > 1) {
      return front;
    }
    front = {{model::find_field(demand.duration_s() ? "price.job" : "price.hour"), false}};
    for (const std::string_view name : {"gpu.count", "gpu.memory", "cpus", "memory"}) {
      front.push_back({model::find_field(name), true});
    }
    return front;
  }

  // The number of PROVIDER's group, when only so many of each are shown.
  std::int64_t group_of(std::string_view provider) {
    if (options_.per_provider == 0) {
      return 0;
    }
    const auto next = static_cast<std::int64_t>(groups_.size());
    return groups_.try_emplace(text::lower(provider), next).first->second;
  }

  // --- live sources

  void take_answer(const LiveSource& source, Result<Perception>& perception) {
    Json report{{"name", source.name()}};
    if (!perception) {
      report["status"] = status_of(source, perception.error());
      report["message"] = perception.error().message;
    } else {
      const Unusable unusable = add_live(source.name(), *perception);
      const std::string problem = problem_of(perception->problem, unusable);
      const bool is_stale = perception->is_stale || perception->age > options_.max_age;
      report["status"] = is_stale ? "stale" : problem.empty() ? "answered" : "partial";
      report["age_s"] = perception->age.count();
      report["offers"] =
          perception->resources.size() - unusable.failed.count - unusable.malformed.count;
      if (!problem.empty()) {
        report["message"] = problem;
      }
    }
    reports_.push_back(std::move(report));
  }

  // Records that no offer is made of, of a kind: how many, and which the first one is.
  struct Useless {
    std::size_t count = 0;
    std::string first;

    void add(const std::string& record) { first = count++ == 0 ? record : first; }
    std::string says(std::string_view what) const {
      return count == 1 ? fmt::format("1 record {}: {}", what, first)
                        : fmt::format("{} records {}, the first is {}", count, what, first);
    }
  };
  struct Unusable {
    Useless failed;
    Useless malformed;
  };

  static std::string problem_of(std::string problem, const Unusable& unusable) {
    for (const auto& [useless, what] : {std::pair(&unusable.failed, "failed verification"),
                                        std::pair(&unusable.malformed, "cannot be read")}) {
      if (useless->count > 0) {
        problem += (problem.empty() ? "" : "; ") + useless->says(what);
      }
    }
    return problem;
  }

  static std::string name_of(const Json& record) {
    const auto id = model::text_at(record, "id");
    return id ? *id : model::text_at(record, "name").value_or("one without a name");
  }

  Unusable add_live(const std::string& name, Perception& perception) {
    Unusable unusable;
    for (LiveResource& resource : perception.resources) {
      if (resource.trust == "failed") {
        unusable.failed.add(name_of(resource.record));
        continue;
      }
      Provenance provenance{name,
                            perception.age.count(),
                            resource.trust,
                            resource.anchor,
                            resource.is_runnable,
                            perception.is_trusted};
      const Availability availability =
          resource.state ? judge(*resource.state, demand_, now_) : Availability{};
      if (const auto flaw = add_rows(resource.record, provenance, availability)) {
        unusable.malformed.add(fmt::format("{}: {}", name_of(resource.record), *flaw));
      }
    }
    return unusable;
  }

  // Why no offer can be made of RECORD; nullopt when one can.
  std::optional<std::string> add_rows(Json& record, const Provenance& provenance,
                                      const Availability& availability) {
    ResourceRows read = rows_of(record);
    ++live_documents_;
    for (Row& row : read.rows) {
      row.document = -live_documents_;
      consider(
          make_subject(std::move(row), record, provenance, availability, demand_, options_.terms));
    }
    if (!read.rows.empty()) {
      return std::nullopt;
    }
    if (read.faults.empty()) {
      return "it holds nothing";
    }
    const auto& [fault, detail] = read.faults.back();
    const auto rule = std::ranges::find(rules(), fault, &Rule::fault);
    const std::string_view says = rule->says;
    return detail.empty() ? std::string(says) : fmt::format("{} ({})", says, detail);
  }

  void consider(Subject subject) {
    if (options_.explain) {
      considered_.push_back(subject);
    }
    if ((options_.terms == Terms::spot && !subject.row.spot) ||
        (options_.runnable_only && !subject.provenance.is_runnable)) {
      return;
    }
    const Truth truth = matches(subject, demand_);
    if (!count(truth, subject.row.has_siblings ? subject.row.document : 0)) {
      return;
    }
    if (const auto cost = cost_of(subject.quote)) {
      costs_.add(subject.row.currency, *cost);
    }
    Candidate candidate;
    candidate.truth = truth;
    candidate.row = -1 - static_cast<std::int64_t>(live_.size());
    candidate.document = subject.row.document;
    for (const SortKey& key : keys_) {
      candidate.keys.push_back(
          key_of(model::read_field(*key.field, subject.view, demand_.document())));
    }
    candidate.group = group_of(subject.row.provider);
    live_.push_back(std::move(subject));
    // Of cached ones the cheapest have the best scores; live ones are scored to be known.
    if (is_by_score() && !options_.pareto) {
      candidates_.push_back(std::move(candidate));
    } else {
      chooser_.take(std::move(candidate));
    }
  }

  KeyValue key_of(const model::FieldValue& value) const {
    KeyValue key;
    if (const auto* number = std::get_if<double>(&value)) {
      key.type = KeyValue::Type::number;
      key.number = *number;
    } else if (const auto* truth = std::get_if<bool>(&value)) {
      key.type = KeyValue::Type::number;
      key.number = *truth ? 1 : 0;
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      key.type = KeyValue::Type::text;
      key.text = text::lower(*text);
    } else if (const auto* money = std::get_if<Money>(&value)) {
      key.type = KeyValue::Type::number;
      key.currency_rank = currencies_.rank(money->currency);
      key.number = money->amount.to_double() * static_cast<double>(kNano);
    }
    return key;
  }

  // --- the cache

  struct Scan {
    std::optional<store::Statement> statement;
    bool is_judged = true;     ///< the condition's truth is in the rows
    std::vector<int> columns;  ///< of each key
  };
  enum Place : int { kRow, kFlags, kDocument, kCurrency, kProvider, kCost, kFirstKey };
  enum Flag : std::int64_t { kHasPolicy = 1, kHasSiblings = 2, kIsTrue = 4 };

  Result<void> scan(Cache& cache) {
    CP_TRY_ASSIGN(cached_, cache.sources());
    CP_TRY_ASSIGN(result_.models, cache.models());
    if (options_.runnable_only) {
      return {};
    }
    CP_TRY_ASSIGN(const bool is_done, scan_columns(cache));
    if (is_done) {
      return {};
    }
    CP_TRY_ASSIGN(Scan scan, prepare(cache));
    while (true) {
      CP_TRY_ASSIGN(const bool is_there, scan.statement->step());
      if (!is_there) {
        return {};
      }
      CP_TRY(look_at(cache, scan));
    }
  }

  // Whether a snapshot answered in place of the database. One that turns out damaged is made anew,
  // once.
  Result<bool> scan_columns(Cache& cache) {
    constexpr int most_tries = 2;
    for (int i = 0; i < most_tries; ++i) {
      CP_TRY_ASSIGN(const auto snapshot, snapshot_of(cache, cached_, options_.columns_from));
      if (!snapshot) {
        return false;
      }
      const ColumnRequest request{demand_, cached_,    options_.terms, options_.include_unknown,
                                  rules_,  currencies_};
      const auto scan = ColumnScan::make(*snapshot, request);
      auto findings = scan ? scan->run() : tl::unexpected<Error>(scan.error());
      if (findings) {
        CP_TRY(take_findings(cache, *std::move(findings)));
        return true;
      }
      if (findings.error().code == Errc::unavailable) {
        return false;
      }
      if (findings.error().code != Errc::bad_data && findings.error().code != Errc::io) {
        return tl::unexpected<Error>(std::move(findings).error());
      }
      forget_snapshot(cache);
    }
    return false;
  }

  Result<void> take_findings(Cache& cache, ColumnFindings findings) {
    matched_ += findings.matched;
    unknown_ += findings.unknown;
    for (const auto& [currency, extremes] : findings.costs) {
      costs_.add(currency, extremes.first / static_cast<double>(kNano));
      costs_.add(currency, extremes.second / static_cast<double>(kNano));
    }
    for (std::size_t i = 0; i < findings.best.size(); ++i) {
      findings.best[i].group = group_of(findings.providers.empty() ? "" : findings.providers[i]);
      chooser_.take(std::move(findings.best[i]));
    }
    for (ColumnFindings::Undecided& row : findings.undecided) {
      CP_TRY_ASSIGN(const Subject subject, load(cache, row.candidate.row));
      row.candidate.truth = model::both(row.candidate.truth, accepts(subject, demand_));
      if (!count(row.candidate.truth, row.candidate.document)) {
        continue;
      }
      if (row.cost) {
        costs_.add(row.currency, *row.cost / static_cast<double>(kNano));
      }
      row.candidate.group = group_of(row.provider);
      chooser_.take(std::move(row.candidate));
    }
    return {};
  }

  Result<Scan> prepare(Cache& cache) {
    const SqlTranslator translator(demand_, options_.terms, result_.models, cached_);
    const model::Field* cost = model::find_field(demand_.duration_s() ? "price.job" : "price.hour");
    const bool says_all = translator.can_say(demand_.condition());
    Scan scan;
    scan.is_judged = says_all;
    Sql sql{"SELECT row, ", {}};
    if (says_all) {
      // What is known and not false is true. As conditions of WHEN, and not as values, both are
      // judged no farther than they must be.
      (sql += "CASE WHEN ") += translator.is_known(demand_.condition());
      ((sql += " THEN flags + 4 WHEN ") += translator.truth(demand_.condition())) +=
          " THEN flags + 4 ELSE flags END";
    } else {
      sql += "flags";
    }
    sql += ", CASE WHEN flags & 2 THEN document END, currency, ";
    sql += options_.per_provider == 0 ? "NULL, " : "provider, ";
    sql += translator.value(*cost);
    int column = kFirstKey;
    for (const SortKey& key : keys_) {
      // What an expression costs is computed once.
      if (key.field == cost) {
        scan.columns.push_back(kCost);
        continue;
      }
      (sql += ", ") += translator.value(*key.field);
      scan.columns.push_back(column++);
    }
    CP_TRY_ASSIGN(const Sql from, rows_to_look_at(cache, translator, says_all));
    sql += from;
    CP_TRY_ASSIGN(scan.statement, cache.database().prepare(sql.text));
    bind(*scan.statement, sql);
    return scan;
  }

  // FROM and WHERE. What is judged by a run of rows is judged once for all of them, if there are
  // much fewer runs than rows.
  Result<Sql> rows_to_look_at(Cache& cache, const SqlTranslator& translator, bool says_all) const {
    CP_TRY_ASSIGN(const std::int64_t runs, cache.runs());
    std::int64_t rows = 0;
    for (const SourceInfo& source : cached_) {
      rows += source.rows;
    }
    constexpr std::int64_t least_rows_a_run = 4;
    Sql by_run;
    Sql by_row;
    if (says_all) {
      for (const model::Condition& part : parts_of(demand_.condition())) {
        const bool is_by_run = runs * least_rows_a_run <= rows && SqlTranslator::is_of_run(part);
        // "IS NOT FALSE" is a jump to SQLite, where "IS NOT 0" would be a value that is compared.
        ((((is_by_run ? by_run : by_row) += " AND (") += translator.truth(part)) +=
         ") IS NOT FALSE");
      }
    }
    Sql sql{" FROM offers WHERE 1", {}};
    if (!by_run.text.empty()) {
      sql = {" FROM (SELECT first, last FROM runs WHERE 1", {}};
      (sql += by_run) += ") CROSS JOIN offers WHERE row BETWEEN first AND last";
    } else if (const Sql necessary = translator.necessary(demand_.condition());
               !necessary.text.empty()) {
      (sql += " AND ") += necessary;
    }
    sql += options_.terms == Terms::spot ? " AND spot IS NOT NULL" : "";
    return sql += by_row;
  }

  static std::vector<model::Condition> parts_of(const model::Condition& condition) {
    return condition.type == model::Condition::Type::conjunction ? condition.parts
                                                                 : std::vector{condition};
  }

  Result<void> look_at(Cache& cache, const Scan& scan) {
    const store::Statement& row = *scan.statement;
    const std::int64_t flags = row.integer(kFlags);
    Truth truth = (flags & kIsTrue) != 0 ? Truth::yes : Truth::unknown;
    if ((flags & kHasPolicy) != 0 || !scan.is_judged) {
      CP_TRY_ASSIGN(const Subject subject, load(cache, row.integer(kRow)));
      truth = scan.is_judged ? model::both(truth, accepts(subject, demand_))
                             : matches(subject, demand_);
    }
    const std::int64_t document = (flags & kHasSiblings) != 0 ? row.integer(kDocument) : 0;
    if (truth == Truth::no || !count(truth, document)) {
      return {};
    }
    const std::string_view currency = row.text(kCurrency);
    const KeyValue cost = number_at(scan, kCost, currency);
    if (cost.type == KeyValue::Type::number) {
      costs_.add(currency, cost.number / static_cast<double>(kNano));
    }
    const KeyValue first = scan.columns.front() == kCost ? cost : key_at(scan, 0);
    const std::int64_t group = group_of(row.text(kProvider));
    if (chooser_.may_take(group, truth, first)) {
      take(scan, truth, document, group, first);
    }
    return {};
  }

  // A column of a row costs a call or two into SQLite, so that 0 alone is asked whether it is NULL.
  KeyValue number_at(const Scan& scan, int column, std::string_view currency) const {
    KeyValue key;
    key.number = scan.statement->real(column);
    if (key.number != 0 || !scan.statement->is_null(column)) {
      key.type = KeyValue::Type::number;
      key.currency_rank = currencies_.rank(currency);
    }
    return key;
  }

  void take(const Scan& scan, Truth truth, std::int64_t document, std::int64_t group,
            const KeyValue& first) {
    Candidate candidate;
    candidate.row = scan.statement->integer(kRow);
    candidate.group = group;
    candidate.truth = truth;
    candidate.document = document;
    candidate.keys.push_back(first);
    for (std::size_t i = 1; i < keys_.size(); ++i) {
      candidate.keys.push_back(key_at(scan, i));
    }
    chooser_.take(std::move(candidate));
  }

  KeyValue key_at(const Scan& scan, std::size_t index) const {
    const store::Statement& row = *scan.statement;
    const int column = scan.columns[index];
    const model::Kind kind = keys_[index].field->kind;
    if (kind != model::Kind::text && kind != model::Kind::model) {
      const bool is_money = kind == model::Kind::money;
      return number_at(scan, column, is_money ? row.text(kCurrency) : currencies_.home());
    }
    KeyValue key;
    if (!row.is_null(column)) {
      key.type = KeyValue::Type::text;
      key.text = text::lower(row.text(column));
    }
    return key;
  }

  Result<Subject> load(Cache& cache, std::int64_t number) {
    CP_TRY_ASSIGN(Cache::Stored stored, cache.load(number));
    Json document;
    if (!stored.document.empty()) {
      CP_TRY_ASSIGN(document, model::parse_json(stored.document, {"the cache", 1, 1}));
    }
    Provenance provenance;
    const std::int64_t source = Cache::source_of(number);
    for (const SourceInfo& info : cached_) {
      if (info.number == source) {
        provenance.source = info.name;
        provenance.age_s = age_of(info);
        const SourceSettings* settings = settings_of_source(info.name);
        provenance.is_trusted = settings != nullptr && settings->is_trusted;
      }
    }
    stored.row.document = 0;
    return make_subject(std::move(stored.row), std::move(document), std::move(provenance), {},
                        demand_, options_.terms);
  }

  std::optional<std::int64_t> age_of(const SourceInfo& source) const {
    const auto then = parse_time(source.as_of.empty() ? source.imported_at : source.as_of);
    if (!then || *then > now_) {
      return std::nullopt;
    }
    return std::chrono::duration_cast<std::chrono::seconds>(now_ - *then).count();
  }

  void report_cached() {
    for (const SourceInfo& source : cached_) {
      Json report{{"name", source.name}, {"status", "answered"}, {"offers", source.rows}};
      if (const auto age = age_of(source)) {
        report["age_s"] = *age;
        const SourceSettings* settings = settings_of_source(source.name);
        if (std::chrono::seconds(*age) >
            (settings != nullptr ? settings->max_age : options_.max_age)) {
          report["status"] = "stale";
        }
      }
      if (source.rejected > 0) {
        report["rejected"] = source.rejected;
        report["message"] =
            fmt::format("{} rows were kept out when it was imported", source.rejected);
      }
      reports_.push_back(std::move(report));
    }
  }

  const SourceSettings* settings_of_source(const std::string& name) const {
    const auto found = std::ranges::find(sources_.catalogs, name, &SourceSettings::name);
    return found == sources_.catalogs.end() ? nullptr : &*found;
  }

  // Catalogs that were added and never read.
  void report_unread() {
    for (const SourceSettings& settings : sources_.catalogs) {
      if (std::ranges::find(cached_, settings.name, &SourceInfo::name) == cached_.end()) {
        reports_.push_back(
            {{"name", settings.name},
             {"status", "missing"},
             {"message", fmt::format("never read: cpfind sources refresh {}", settings.name)}});
      }
    }
  }

  // --- both

  // Counts a candidate, rows of one resource (DOCUMENT, not 0) once; whether it may be shown.
  bool count(Truth truth, std::int64_t document) {
    if (truth == Truth::no) {
      return false;
    }
    const bool may_show = truth == Truth::yes || options_.include_unknown;
    if (document == 0) {
      ++(truth == Truth::yes ? matched_ : unknown_);
      return may_show;
    }
    const auto [known, is_new] = siblings_.try_emplace(document, truth);
    if (is_new) {
      ++(truth == Truth::yes ? matched_ : unknown_);
    } else if (known->second == Truth::unknown && truth == Truth::yes) {
      known->second = truth;
      ++matched_;
      --unknown_;
    }
    return may_show;
  }

  Result<void> make_offers() {
    std::vector<Subject> subjects;
    std::vector<Truth> truths;
    std::unordered_map<std::int64_t, bool> shown;
    for (const Candidate& candidate : candidates_) {
      const bool is_sibling = candidate.document != 0 && siblings_.contains(candidate.document);
      if (is_sibling && !shown.try_emplace(candidate.document, true).second) {
        continue;
      }
      truths.push_back(candidate.truth);
      if (candidate.row < 0) {
        subjects.push_back(std::move(live_[static_cast<std::size_t>(-1 - candidate.row)]));
      } else {
        CP_TRY_ASSIGN(Subject subject, load(*sources_.cache, candidate.row));
        subjects.push_back(std::move(subject));
      }
    }
    for (const Subject& subject : subjects) {
      add_offer(subject);
    }
    if (is_by_score()) {
      order_by_score(truths);
    }
    return {};
  }

  // Null where nobody asked for one.
  Result<Json> explanation_of_all() {
    if (!options_.explain) {
      return Json();
    }
    std::optional<Snapshot> snapshot;
    if (sources_.cache != nullptr) {
      CP_TRY_ASSIGN(snapshot, snapshot_of(*sources_.cache, cached_, options_.columns_from));
    }
    ExplainRequest request{demand_,
                           options_.terms,
                           options_.runnable_only,
                           matched_ == 0,
                           considered_,
                           sources_.cache,
                           cached_,
                           snapshot ? &*snapshot : nullptr,
                           [this](std::int64_t row) { return load(*sources_.cache, row); }};
    auto said = explain(request);
    // What the columns cannot judge, or hold no longer, is read row by row.
    const bool is_of_columns =
        !said && snapshot &&
        (said.error().code == Errc::unavailable || said.error().code == Errc::bad_data ||
         said.error().code == Errc::io);
    if (is_of_columns) {
      request.snapshot = nullptr;
      said = explain(request);
    }
    return said ? std::move(said) : Cache::explained(std::move(said).error());
  }

  void add_offer(const Subject& subject) {
    const auto rank = static_cast<std::int64_t>(result_.offers.size()) + 1;
    result_.offers.push_back(offer_of(subject, demand_, rank, "o-" + make_ulid(now_, random_),
                                      costs_.scale(subject.row.currency)));
  }

  // Scores of two currencies have no common measure, as their amounts have none, and what is not
  // known comes last, as everywhere. So the best ones of all are among the cheapest of each.
  void order_by_score(const std::vector<Truth>& truths) {
    const double direction = options_.sort.front().is_descending ? -1 : 1;
    std::vector<std::pair<std::tuple<int, bool, int, double>, Json>> order;
    for (std::size_t i = 0; i < truths.size(); ++i) {
      Json& offer = result_.offers[i];
      const auto cost = cost_of_offer(offer);
      const int currency = cost ? currencies_.rank(cost->currency) : 0;
      const double total = offer["scores"]["total"].get<double>();
      order.push_back(
          {{-static_cast<int>(truths[i]), !cost, currency, -direction * total}, std::move(offer)});
    }
    std::ranges::stable_sort(
        order, {}, [](const auto& one) -> const auto& { return one.first; });
    std::ranges::transform(order, result_.offers.begin(),
                           [](auto& one) { return std::move(one.second); });
    if (options_.per_provider > 0) {
      std::map<std::string, std::size_t> shown;
      std::erase_if(result_.offers, [&](const Json& offer) {
        const auto provider = model::text_at(offer, "provider").value_or("");
        return ++shown[text::lower(provider)] > options_.per_provider;
      });
    }
    if (options_.limit > 0 && result_.offers.size() > options_.limit) {
      result_.offers.resize(options_.limit);
    }
    for (std::size_t i = 0; i < result_.offers.size(); ++i) {
      result_.offers[i]["rank"] = i + 1;
    }
  }

  const Sources& sources_;
  const Demand& demand_;
  const SearchOptions& options_;
  const Clock& clock_;
  Random& random_;
  UnixTime now_;
  CurrencyRanks currencies_;
  RankingRules rules_;
  std::vector<SortKey> keys_;  ///< of the order, then of the front
  Chooser chooser_;
  std::unordered_map<std::string, std::int64_t> groups_;
  std::vector<Candidate> candidates_;
  Costs costs_;
  std::vector<SourceInfo> cached_;
  std::vector<Subject> live_;
  std::vector<Subject> considered_;  ///< all live ones, to be explained
  std::int64_t live_documents_ = 0;
  std::unordered_map<std::int64_t, Truth> siblings_;
  std::int64_t matched_ = 0;
  std::int64_t unknown_ = 0;
  Json reports_ = Json::array();
  SearchResult result_;
};

}  // namespace

Result<SearchResult> search(const Sources& sources, const Demand& demand,
                            const SearchOptions& options, const Clock& clock, Random& random,
                            std::stop_token stop) {
  return Searcher(sources, demand, options, clock, random).run(std::move(stop));
}

}  // namespace cp::market
