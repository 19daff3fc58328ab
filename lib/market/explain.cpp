// SPDX-License-Identifier: Apache-2.0
#include "market/explain.hpp"

#include "market/amounts.hpp"
#include "market/clause_tally.hpp"
#include "market/clauses.hpp"
#include "market/column_judge.hpp"
#include "market/field_column.hpp"
#include "market/near_misses.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

namespace cp::market {
namespace {

using model::Json;
using model::Truth;

constexpr std::size_t kMostRelaxations = 5;
constexpr std::size_t kMostSourcesTold = 50;
// A policy is read from the database and parsed: of so many rows it is asked, of others unknown.
constexpr std::int64_t kMostPolicies = 100'000;

std::uint64_t bit(std::size_t clause) { return std::uint64_t{1} << clause; }

// A number of FIELD, whole or an amount; nullopt where it is not known.
std::optional<double> number_of(const model::FieldValue& value) {
  if (const auto* const number = std::get_if<double>(&value)) {
    return *number;
  }
  const auto* const money = std::get_if<Money>(&value);
  return money != nullptr ? std::optional(money->amount.to_double()) : std::nullopt;
}

double limit_of(const Clause& clause) {
  const model::Literal& literal = clause.condition.ranges.front().low;
  const auto* const money = std::get_if<Money>(&literal);
  return money != nullptr ? money->amount.to_double() : std::get<double>(literal);
}

/// Looks at all rows under some clauses.
class Examination {
 public:
  Examination(const ExplainRequest& request, std::vector<Clause> clauses,
              const std::map<std::string, std::size_t>& sources, NearMisses* misses)
      : request_(request),
        clauses_(std::move(clauses)),
        sources_(sources),
        misses_(misses),
        tally_(clauses_.size(), sources.size()),
        policies_left_(kMostPolicies) {
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      // Prices are others without --spot, and the policy is not for us to change.
      const Clause::Type type = clauses_[i].type;
      fixed_ |= type == Clause::Type::spot || type == Clause::Type::policy ? bit(i) : 0;
      policy_ |= type == Clause::Type::policy ? bit(i) : 0;
    }
  }

  Result<void> run() {
    CP_TRY(look_at_live());
    if (request_.snapshot != nullptr) {
      CP_TRY(look_at_columns());
    } else if (request_.cache != nullptr) {
      CP_TRY(look_at_rows());
    }
    tally_.finish();
    return {};
  }

  const ClauseTally& tally() const { return tally_; }
  const std::vector<Clause>& clauses() const { return clauses_; }

 private:
  // --- rows as they are loaded

  Result<void> look_at_live() {
    for (std::size_t i = 0; i < request_.live.size(); ++i) {
      const Subject& subject = request_.live[i];
      RowVerdict verdict = judge(subject);
      verdict.document = subject.row.has_siblings ? subject.row.document : 0;
      verdict.source = sources_.at(subject.provenance.source);
      CP_TRY(take(verdict, subject, -1 - static_cast<std::int64_t>(i)));
    }
    return {};
  }

  Result<void> look_at_rows() {
    CP_TRY_ASSIGN(store::Statement rows,
                  request_.cache->database().prepare(
                      "SELECT row, CASE WHEN flags & 2 THEN document ELSE 0 END FROM offers "
                      "ORDER BY row"));
    while (true) {
      CP_TRY_ASSIGN(const bool is_there, rows.step());
      if (!is_there) {
        return {};
      }
      CP_TRY_ASSIGN(const Subject subject, request_.load(rows.integer(0)));
      RowVerdict verdict = judge(subject);
      verdict.document = rows.integer(1);
      verdict.source = sources_.at(subject.provenance.source);
      CP_TRY(take(verdict, subject, rows.integer(0)));
    }
  }

  RowVerdict judge(const Subject& subject) const {
    RowVerdict verdict;
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      const Truth truth = judge(clauses_[i], subject);
      verdict.no |= truth == Truth::no ? bit(i) : 0;
      verdict.unknown |= truth == Truth::unknown ? bit(i) : 0;
    }
    return verdict;
  }

  Truth judge(const Clause& clause, const Subject& subject) const {
    switch (clause.type) {
      case Clause::Type::spot:
        return model::truth_of(subject.row.spot.has_value());
      case Clause::Type::runnable:
        return model::truth_of(subject.provenance.is_runnable);
      case Clause::Type::policy:
        return Truth::yes;  // asked of what is left
      case Clause::Type::condition:
        break;
    }
    return model::evaluate(clause.condition, subject.view, request_.demand.document());
  }

  Result<void> take(RowVerdict verdict, const Subject& subject, std::int64_t row) {
    if ((verdict.no | verdict.unknown) == 0) {
      add_policy(verdict, accepts(subject, request_.demand));
    }
    tally_.take(verdict);
    if (!may_be_near(verdict)) {
      return {};
    }
    std::vector<double> distances(clauses_.size());
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      if ((verdict.no & bit(i)) != 0 && is_threshold(clauses_[i])) {
        const auto value = number_of(model::read_field(*clauses_[i].condition.field, subject.view,
                                                       request_.demand.document()));
        distances[i] = value ? distance(limit_of(clauses_[i]), *value) : kUnknownDistance;
      }
    }
    const auto is_taken = [&]() -> Result<bool> {
      return accepts(subject, request_.demand) == Truth::yes;
    };
    return offer(verdict, row, std::move(distances), is_taken);
  }

  void add_policy(RowVerdict& verdict, Truth truth) const {
    verdict.no |= truth == Truth::no ? policy_ : 0;
    verdict.unknown |= truth == Truth::unknown ? policy_ : 0;
  }

  bool may_be_near(const RowVerdict& verdict) const {
    const std::uint64_t failed = verdict.no | verdict.unknown;
    return misses_ != nullptr && failed != 0 && (failed & fixed_) == 0;
  }

  // DISTANCES are those of thresholds that are passed.
  template <class IsTaken>
  Result<void> offer(const RowVerdict& verdict, std::int64_t row, std::vector<double> distances,
                     const IsTaken& is_taken) {
    double sum = 0;
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      if ((verdict.unknown & bit(i)) != 0) {
        distances[i] = kUnknownDistance;
      } else if ((verdict.no & bit(i)) != 0 && !is_threshold(clauses_[i])) {
        distances[i] = kDroppedDistance;
      }
      sum += distances[i];
    }
    if (!misses_->would_take(verdict.no, verdict.unknown, sum)) {
      return {};
    }
    CP_TRY_ASSIGN(const bool is_good, is_taken());
    if (is_good) {
      misses_->take({verdict.no, verdict.unknown, row, sum, std::move(distances)});
    }
    return {};
  }

  // --- columns

  struct Column {
    std::optional<ColumnJudge> judge;
    // Of a threshold: where its value stands.
    bool is_threshold = false;
    std::optional<ColumnPrice::Kind> price;
    OfferColumn column = OfferColumn::name;
    std::vector<double> values;  ///< by code
    double limit = 0;
    std::vector<double> distances;  ///< of the chunk's rows
  };

  Result<void> look_at_columns() {
    const Snapshot& snapshot = *request_.snapshot;
    CP_TRY_ASSIGN(const ColumnPrice price,
                  ColumnPrice::make(snapshot, request_.demand, request_.terms));
    CP_TRY_ASSIGN(std::vector<Column> columns, prepare(price));
    std::map<std::int64_t, std::size_t> source_of;
    for (const SourceInfo& source : request_.cached) {
      source_of[source.number] = sources_.at(source.name);
    }
    ChunkReader reader(snapshot);
    for (std::size_t chunk = 0; chunk < snapshot.chunks(); ++chunk) {
      CP_TRY(look_at_chunk(reader, chunk, columns, price, source_of));
    }
    return {};
  }

  Result<std::vector<Column>> prepare(const ColumnPrice& price) const {
    const Snapshot& snapshot = *request_.snapshot;
    std::vector<Column> columns(clauses_.size());
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      const Clause& clause = clauses_[i];
      Column& column = columns[i];
      if (clause.type != Clause::Type::condition) {
        continue;
      }
      CP_TRY_ASSIGN(ColumnJudge judge,
                    ColumnJudge::make(clause.condition, snapshot, price, request_.demand,
                                      request_.terms, request_.cached));
      column.judge.emplace(std::move(judge));
      column.is_threshold = misses_ != nullptr && is_threshold(clause);
      if (!column.is_threshold) {
        continue;
      }
      column.limit = limit_of(clause);
      column.price = ColumnPrice::kind_of(*clause.condition.field);
      if (const FieldColumn* found = column_of_field(*clause.condition.field)) {
        column.column = found->column;
        CP_TRY_ASSIGN(const std::vector<double> numbers, snapshot.numbers(found->column));
        column.values.resize(kFirstCode);
        column.values.insert(column.values.end(), numbers.begin(), numbers.end());
      }
    }
    return columns;
  }

  Result<void> look_at_chunk(ChunkReader& reader, std::size_t chunk, std::vector<Column>& columns,
                             const ColumnPrice& price,
                             const std::map<std::int64_t, std::size_t>& source_of) {
    std::vector<std::uint16_t> rows(reader.go_to(chunk));
    std::iota(rows.begin(), rows.end(), std::uint16_t{0});
    std::vector<RowVerdict> verdicts(rows.size());
    CP_TRY(judge_rows(reader, rows, columns, verdicts));
    CP_TRY_ASSIGN(const auto flags, reader.flags());
    CP_TRY_ASSIGN(const auto documents, reader.raw(RawColumn::document));
    CP_TRY_ASSIGN(const auto numbers, reader.raw(RawColumn::row));
    std::vector<std::uint16_t> near;
    for (const std::uint16_t row : rows) {
      RowVerdict& verdict = verdicts[row];
      const bool has_policy = (flags[row] & RowFlags::has_policy) != 0;
      const auto source = source_of.find(Cache::source_of(numbers[row]));
      if (source == source_of.end()) {
        return fail(Errc::bad_data, "the snapshot is of something else");
      }
      verdict.source = source->second;
      verdict.document = (flags[row] & RowFlags::has_siblings) != 0 ? documents[row] : 0;
      if ((verdict.no | verdict.unknown) == 0 && has_policy) {
        CP_TRY_ASSIGN(const Truth truth, policy_of(numbers[row]));
        add_policy(verdict, truth);
      }
      tally_.take(verdict);
      if (may_be_near(verdict)) {
        near.push_back(row);
      }
    }
    return near.empty() ? Result<void>() : offer_rows(reader, near, columns, price, verdicts);
  }

  Result<void> judge_rows(ChunkReader& reader, ChunkRows rows, const std::vector<Column>& columns,
                          std::vector<RowVerdict>& verdicts) const {
    std::vector<Truth> truths;
    for (std::size_t i = 0; i < clauses_.size(); ++i) {
      if (columns[i].judge) {
        CP_TRY(columns[i].judge->judge(reader, rows, truths));
      } else if (clauses_[i].type == Clause::Type::spot) {
        CP_TRY_ASSIGN(const auto spots, reader.raw(RawColumn::spot));
        truths.resize(rows.size());
        std::ranges::transform(rows, truths.begin(), [&](std::uint16_t row) {
          return model::truth_of(spots[row] != kNoAmount);
        });
      } else {
        // cprun launches on nothing that stands in a catalog.
        truths.assign(rows.size(), model::truth_of(clauses_[i].type == Clause::Type::policy));
      }
      for (std::size_t k = 0; k < truths.size(); ++k) {
        verdicts[k].no |= truths[k] == Truth::no ? bit(i) : 0;
        verdicts[k].unknown |= truths[k] == Truth::unknown ? bit(i) : 0;
      }
    }
    return {};
  }

  Result<void> offer_rows(ChunkReader& reader, ChunkRows rows, std::vector<Column>& columns,
                          const ColumnPrice& price, const std::vector<RowVerdict>& verdicts) {
    for (Column& column : columns) {
      if (column.is_threshold) {
        CP_TRY(measure(reader, rows, price, column));
      }
    }
    CP_TRY_ASSIGN(const auto numbers, reader.raw(RawColumn::row));
    CP_TRY_ASSIGN(const auto flags, reader.flags());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const RowVerdict& verdict = verdicts[rows[k]];
      double least = 0;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const bool is_passed = columns[i].is_threshold && (verdict.no & bit(i)) != 0;
        least += is_passed ? columns[i].distances[k] : 0;
      }
      // Most are not: that is seen before anything is made of them.
      least += static_cast<double>(std::popcount(verdict.unknown)) * kUnknownDistance;
      least +=
          static_cast<double>(std::popcount(verdict.no & ~thresholds(columns))) * kDroppedDistance;
      if (!misses_->would_take(verdict.no, verdict.unknown, least)) {
        continue;
      }
      std::vector<double> distances(columns.size());
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const bool is_passed = columns[i].is_threshold && (verdict.no & bit(i)) != 0;
        distances[i] = is_passed ? columns[i].distances[k] : 0;
      }
      const std::int64_t number = numbers[rows[k]];
      const bool has_policy = (flags[rows[k]] & RowFlags::has_policy) != 0;
      CP_TRY(offer(verdict, number, std::move(distances), [&]() -> Result<bool> {
        if (!has_policy) {
          return true;
        }
        CP_TRY_ASSIGN(const Truth truth, policy_of(number));
        return truth == Truth::yes;
      }));
    }
    return {};
  }

  static std::uint64_t thresholds(const std::vector<Column>& columns) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      bits |= columns[i].is_threshold ? bit(i) : 0;
    }
    return bits;
  }

  static Result<void> measure(ChunkReader& reader, ChunkRows rows, const ColumnPrice& price,
                              Column& column) {
    column.distances.assign(rows.size(), kUnknownDistance);
    if (column.price) {
      std::vector<Nanos> amounts;
      CP_TRY(price.read(*column.price, reader, rows, amounts));
      std::ranges::transform(amounts, column.distances.begin(), [&](Nanos nanos) {
        return nanos == kUnknownNanos ? kUnknownDistance
                                      : distance(column.limit, static_cast<double>(nanos) /
                                                                   static_cast<double>(kNano));
      });
    } else if (!column.values.empty()) {
      std::vector<std::uint32_t> codes;
      CP_TRY(reader.codes(column.column, rows, codes));
      std::ranges::transform(codes, column.distances.begin(), [&](std::uint32_t code) {
        return code < kFirstCode ? kUnknownDistance : distance(column.limit, column.values[code]);
      });
    }
    return {};
  }

  Result<Truth> policy_of(std::int64_t row) {
    if (policies_left_ == 0) {
      return Truth::unknown;
    }
    --policies_left_;
    CP_TRY_ASSIGN(const Subject subject, request_.load(row));
    return accepts(subject, request_.demand);
  }

  const ExplainRequest& request_;
  std::vector<Clause> clauses_;
  const std::map<std::string, std::size_t>& sources_;
  NearMisses* misses_;
  ClauseTally tally_;
  std::uint64_t fixed_ = 0, policy_ = 0;
  std::int64_t policies_left_;
};

class Explainer {
 public:
  explicit Explainer(const ExplainRequest& request) : request_(request) {
    for (const Subject& subject : request.live) {
      add_source(subject.provenance.source);
    }
    for (const SourceInfo& source : request.cached) {
      add_source(source.name);
    }
  }

  Result<Json> run() {
    NearMisses misses;
    Examination all(request_,
                    clauses_of(request_.demand.condition(), request_.terms, request_.runnable_only),
                    sources_, request_.wants_relaxations ? &misses : nullptr);
    CP_TRY(all.run());
    Json clauses = Json::array();
    for (std::size_t i = 0; i < all.clauses().size(); ++i) {
      if (all.clauses()[i].type != Clause::Type::policy || counts_policy(all.tally(), i)) {
        clauses.push_back(said(all, i));
      }
    }
    Json json{{"offers", all.tally().offers()}, {"clauses", std::move(clauses)}};
    if (request_.wants_relaxations) {
      CP_TRY_ASSIGN(json["relaxations"], relaxations(all.clauses(), misses));
    }
    return json;
  }

 private:
  void add_source(const std::string& name) {
    if (sources_.try_emplace(name, sources_.size()).second) {
      names_.push_back(name);
    }
  }

  static bool counts_policy(const ClauseTally& tally, std::size_t clause) {
    const ClauseTally::Counts counts = tally.total(clause);
    return counts.removed + counts.unknown > 0;
  }

  Json said(const Examination& all, std::size_t clause) const {
    const ClauseTally::Counts total = all.tally().total(clause);
    Json json{{"clause", all.clauses()[clause].text},
              {"removed", total.removed},
              {"unknown", total.unknown},
              {"alone", total.alone}};
    std::vector<std::size_t> told;
    const auto touched = [&](std::size_t source) {
      const ClauseTally::Counts& counts = all.tally().counts(clause, source);
      return counts.removed + counts.unknown;
    };
    for (std::size_t source = 0; source < names_.size(); ++source) {
      if (touched(source) > 0) {
        told.push_back(source);
      }
    }
    std::ranges::stable_sort(told, std::ranges::greater{}, touched);
    told.resize(std::min(told.size(), kMostSourcesTold));
    json["sources"] = Json::array();
    for (const std::size_t source : told) {
      const ClauseTally::Counts& counts = all.tally().counts(clause, source);
      json["sources"].push_back({{"name", model::text_value(names_[source])},
                                 {"removed", counts.removed},
                                 {"unknown", counts.unknown},
                                 {"alone", counts.alone}});
    }
    return json;
  }

  Result<Json> relaxations(const std::vector<Clause>& clauses, const NearMisses& misses) const {
    Json all = Json::array();
    for (const NearMiss& miss : misses.nearest(kMostRelaxations)) {
      Json changes = Json::array();
      CP_TRY_ASSIGN(std::vector<Clause> relaxed, relax(clauses, miss, changes));
      Examination again(request_, std::move(relaxed), sources_, nullptr);
      CP_TRY(again.run());
      if (again.tally().matched() > 0) {
        all.push_back({{"distance", miss.distance},
                       {"offers", again.tally().matched()},
                       {"changes", std::move(changes)}});
      }
    }
    return all;
  }

  // The clauses that the row of MISS fulfils; what is other than in CLAUSES goes to CHANGES.
  Result<std::vector<Clause>> relax(const std::vector<Clause>& clauses, const NearMiss& miss,
                                    Json& changes) const {
    std::optional<Subject> loaded;
    if (miss.row >= 0) {
      CP_TRY_ASSIGN(loaded, request_.load(miss.row));
    }
    const Subject& subject =
        loaded ? *loaded : request_.live[static_cast<std::size_t>(-1 - miss.row)];
    std::vector<Clause> relaxed;
    for (std::size_t i = 0; i < clauses.size(); ++i) {
      const Clause& clause = clauses[i];
      if (((miss.no | miss.unknown) & bit(i)) == 0) {
        relaxed.push_back(clause);
        continue;
      }
      Json change{{"clause", clause.text}};
      std::optional<Clause> wider;
      if ((miss.no & bit(i)) != 0 && is_threshold(clause)) {
        wider = widened(clause, model::read_field(*clause.condition.field, subject.view,
                                                  request_.demand.document()));
      }
      if (wider) {
        relaxed.push_back(*std::move(wider));
        change["instead"] = relaxed.back().text;
      } else {
        change["dropped"] = true;
      }
      changes.push_back(std::move(change));
    }
    return relaxed;
  }

  const ExplainRequest& request_;
  std::map<std::string, std::size_t> sources_;
  std::vector<std::string> names_;
};

}  // namespace

Result<Json> explain(const ExplainRequest& request) { return Explainer(request).run(); }

}  // namespace cp::market
