// SPDX-License-Identifier: Apache-2.0
#include "market/column_scan.hpp"

#include "base/text.hpp"
#include "base/thread.hpp"
#include "market/amounts.hpp"
#include "market/field_column.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <iterator>
#include <limits>
#include <numeric>
#include <thread>
#include <utility>

namespace cp::market {
namespace {

// Below this a second thread costs what it gains.
constexpr std::uint64_t kLeastRowsOfThread = 20'000;
constexpr std::uint64_t kMostThreads = 8;

// Most amounts fit into 64 bits, from which the way is short.
double nearest(Nanos nanos) {
  const auto small = static_cast<std::int64_t>(nanos);
  return small == nanos ? static_cast<double>(small) : static_cast<double>(nanos);
}

// One group of offers is that of one provider; those of nobody are one, too.
std::int64_t group_of(std::uint32_t provider) { return provider; }

}  // namespace

/// The scan of some rows one after the other, for one thread.
class ColumnPart {
 public:
  ColumnPart(const ColumnScan& scan, const ColumnJudge& judge)
      : scan_(scan),
        judge_(judge),
        reader_(scan.snapshot_),
        chooser_(scan.request_.rules),
        least_(scan.currencies_.size(), std::numeric_limits<double>::infinity()),
        most_(scan.currencies_.size(), -1) {}

  /// Rows FIRST up to LAST; no resource reaches beyond.
  Result<void> run(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t at = first; at < last;) {
      const std::uint64_t chunk = at / kChunkRows;
      const std::uint64_t start = chunk * kChunkRows;
      const std::size_t rows = reader_.go_to(chunk);
      const std::uint64_t end = std::min<std::uint64_t>(last, start + rows);
      rows_.resize(end - at);
      std::iota(rows_.begin(), rows_.end(), static_cast<std::uint16_t>(at - start));
      CP_TRY(look_at_chunk());
      at = end;
    }
    end_resource();
    return {};
  }

  ColumnFindings findings;
  Chooser& chooser() { return chooser_; }
  const std::vector<double>& least() const { return least_; }
  const std::vector<double>& most() const { return most_; }

 private:
  bool is_by_group() const { return scan_.request_.rules.of_group > 0; }

  Result<void> look_at_chunk() {
    if (scan_.request_.terms == Terms::spot) {
      CP_TRY_ASSIGN(const auto spots, reader_.raw(RawColumn::spot));
      std::erase_if(rows_, [&](std::uint16_t row) { return spots[row] == kNoAmount; });
    }
    CP_TRY(judge_.select(reader_, rows_, truths_));
    if (rows_.empty()) {
      return {};
    }
    CP_TRY(scan_.price_.read(scan_.cost_, reader_, rows_, costs_));
    CP_TRY_ASSIGN(flags_, reader_.flags());
    CP_TRY(reader_.codes(OfferColumn::currency, rows_, currencies_));
    if (is_by_group()) {
      CP_TRY(reader_.codes(OfferColumn::provider, rows_, providers_));
    }
    CP_TRY(read_first_keys());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      CP_TRY(look_at(i));
    }
    return {};
  }

  // The first key is asked of each row, the others of few: it is read for all of them at once.
  Result<void> read_first_keys() {
    const ColumnScan::Key& key = scan_.keys_.front();
    is_amount_ = key.type == ColumnScan::Key::Type::price;
    if (is_amount_ && key.price == scan_.cost_) {
      amounts_ = costs_;
    } else if (is_amount_) {
      CP_TRY(scan_.price_.read(key.price, reader_, rows_, other_amounts_));
      amounts_ = other_amounts_;
    }
    is_coded_ =
        key.type == ColumnScan::Key::Type::number || key.type == ColumnScan::Key::Type::text;
    if (is_coded_) {
      CP_TRY(reader_.codes(key.column, rows_, codes_));
    }
    return {};
  }

  Result<void> read_first_key(std::size_t i) {
    const ColumnScan::Key& key = scan_.keys_.front();
    if (is_amount_) {
      first_.type = amounts_[i] == kUnknownNanos ? KeyValue::Type::unknown : KeyValue::Type::number;
      first_.number = nearest(amounts_[i]);
      first_.currency_rank = scan_.currency_ranks_[currencies_[i]];
    } else if (is_coded_) {
      const std::uint32_t code = codes_[i];
      first_.number = key.values.empty() ? code : key.values[code];
      const bool is_known = code >= kFirstCode && !std::isnan(first_.number);
      first_.type = is_known ? KeyValue::Type::number : KeyValue::Type::unknown;
    } else {
      CP_TRY_ASSIGN(first_, scan_.read_key(key, reader_, rows_[i]));
    }
    return {};
  }

  Result<void> look_at(std::size_t i) {
    const std::uint16_t row = rows_[i];
    const model::Truth truth = truths_[i];
    if ((flags_[row] & RowFlags::has_policy) != 0) {
      ColumnFindings::Undecided undecided;
      undecided.candidate.row = static_cast<std::int64_t>(index_of_row(row));
      undecided.candidate.truth = truth;
      findings.undecided.push_back(std::move(undecided));
      return {};
    }
    std::int64_t document = 0;
    if ((flags_[row] & RowFlags::has_siblings) != 0) {
      CP_TRY_ASSIGN(const auto documents, reader_.raw(RawColumn::document));
      document = documents[row];
    }
    if (document == 0 || document != document_) {
      end_resource();
    }
    if (document == 0) {
      ++(truth == model::Truth::yes ? findings.matched : findings.unknown);
    } else {
      truth_ = document_ == document ? model::either(truth_, truth) : truth;
      document_ = document;
    }
    if (truth != model::Truth::yes && !scan_.request_.include_unknown) {
      return {};
    }
    const std::uint32_t currency = currencies_[i];
    if (costs_[i] != kUnknownNanos) {
      const double cost = nearest(costs_[i]);
      least_[currency] = std::min(least_[currency], cost);
      most_[currency] = std::max(most_[currency], cost);
    }
    return offer(i, document);
  }

  // Hands the row to the chooser, if that may want it.
  Result<void> offer(std::size_t i, std::int64_t document) {
    const std::uint16_t row = rows_[i];
    const std::int64_t group = is_by_group() ? group_of(providers_[i]) : 0;
    CP_TRY(read_first_key(i));
    if (!chooser_.may_take(group, truths_[i], first_)) {
      return {};
    }
    scratch_.row = static_cast<std::int64_t>(index_of_row(row));
    scratch_.group = group;
    scratch_.truth = truths_[i];
    scratch_.keys.resize(scan_.keys_.size());
    scratch_.keys[0] = first_;
    for (std::size_t k = 1; k < scan_.keys_.size(); ++k) {
      CP_TRY_ASSIGN(scratch_.keys[k], scan_.read_key(scan_.keys_[k], reader_, row));
    }
    if (!chooser_.would_take(scratch_)) {
      return {};
    }
    // Of a front each row of a resource may be a point.
    scratch_.document = scan_.request_.rules.front.empty() ? 0 : document;
    if (document == scratch_.document) {
      chooser_.take(scratch_);
    } else if (!has_best_ || chooser_.is_before(scratch_, best_)) {
      best_ = scratch_;
      has_best_ = true;
    }
    return {};
  }

  void end_resource() {
    if (document_ != 0) {
      ++(truth_ == model::Truth::yes ? findings.matched : findings.unknown);
    }
    if (has_best_) {
      chooser_.take(std::move(best_));
    }
    document_ = 0;
    has_best_ = false;
  }

  std::uint64_t index_of_row(std::uint16_t row) const {
    return std::uint64_t{reader_.chunk()} * kChunkRows + row;
  }

  const ColumnScan& scan_;
  const ColumnJudge& judge_;
  ChunkReader reader_;
  Chooser chooser_;
  std::vector<double> least_, most_;
  std::vector<std::uint16_t> rows_;
  std::vector<model::Truth> truths_;
  std::vector<Nanos> costs_;
  std::span<const std::uint8_t> flags_;
  std::vector<std::uint32_t> currencies_, providers_;
  bool is_amount_ = false, is_coded_ = false;
  std::vector<Nanos> other_amounts_;
  std::span<const Nanos> amounts_;
  std::vector<std::uint32_t> codes_;
  KeyValue first_;
  Candidate scratch_;
  // The resource of several rows that is being looked at, and the first of its rows so far.
  std::int64_t document_ = 0;
  model::Truth truth_ = model::Truth::no;
  Candidate best_;
  bool has_best_ = false;
};

/// Says of rows what stands in the file, their indices in the order of the file.
class ColumnTeller {
 public:
  /// Of about COUNT rows.
  ColumnTeller(const ColumnScan& scan, std::size_t count)
      : scan_(scan), reader_(scan.snapshot_), count_(count) {}

  /// Puts the number of the row in place of its index, and texts in place of their codes.
  Result<void> say(Candidate& candidate) {
    const auto index = static_cast<std::uint64_t>(candidate.row);
    reader_.go_to(index / kChunkRows);
    CP_TRY_ASSIGN(const auto rows, reader_.raw(RawColumn::row));
    candidate.row = rows[index % kChunkRows];
    for (std::size_t i = 0; i < scan_.keys_.size(); ++i) {
      const ColumnScan::Key& key = scan_.keys_[i];
      KeyValue& value = candidate.keys[i];
      if (key.type != ColumnScan::Key::Type::text || value.type == KeyValue::Type::unknown) {
        continue;
      }
      const auto place = static_cast<std::uint32_t>(value.number);
      const bool is_model = key.column == OfferColumn::gpu_model;
      CP_TRY_ASSIGN(const std::string text,
                    text_of(key.column, is_model ? key.places[place] : place));
      value.type = KeyValue::Type::text;
      value.text = text::lower(text);
      value.number = 0;
    }
    return {};
  }

  /// The provider of what has its code for a group.
  Result<std::string> provider_of(const Candidate& candidate) {
    const auto code = static_cast<std::uint32_t>(candidate.group);
    return code < kFirstCode ? std::string() : text_of(OfferColumn::provider, code);
  }

  /// All but the truth of ROW, whose candidate has its index.
  Result<void> describe(ColumnFindings::Undecided& row) {
    Candidate& candidate = row.candidate;
    const auto index = static_cast<std::uint64_t>(candidate.row);
    reader_.go_to(index / kChunkRows);
    const auto place = static_cast<std::uint16_t>(index % kChunkRows);
    for (const ColumnScan::Key& key : scan_.keys_) {
      CP_TRY_ASSIGN(KeyValue value, scan_.read_key(key, reader_, place));
      candidate.keys.push_back(std::move(value));
    }
    CP_TRY_ASSIGN(const auto flags, reader_.flags());
    CP_TRY_ASSIGN(const auto documents, reader_.raw(RawColumn::document));
    candidate.document = (flags[place] & RowFlags::has_siblings) != 0 ? documents[place] : 0;
    if (scan_.request_.rules.of_group > 0) {
      CP_TRY_ASSIGN(const std::uint32_t provider, reader_.code(OfferColumn::provider, place));
      candidate.group = group_of(provider);
      CP_TRY_ASSIGN(row.provider, provider_of(candidate));
    }
    CP_TRY_ASSIGN(const std::uint32_t currency, reader_.code(OfferColumn::currency, place));
    row.currency = scan_.currencies_[currency];
    std::vector<Nanos> cost;
    CP_TRY(scan_.price_.read(scan_.cost_, reader_, ChunkRows(&place, 1), cost));
    if (cost.front() != kUnknownNanos) {
      row.cost = nearest(cost.front());
    }
    return say(candidate);
  }

 private:
  // One text takes a block of its end, one of its bytes, and one more where they meet a border: of
  // many the whole dictionary costs less.
  Result<std::string> text_of(OfferColumn column, std::uint32_t code) {
    constexpr std::uint64_t bytes_a_text = 3 * SnapshotFile::kBlockBytes;
    std::optional<Texts>& texts = texts_[index_of(column)];
    if (!texts && scan_.snapshot_.text_bytes(column) / bytes_a_text > count_) {
      return scan_.snapshot_.text(column, code);
    }
    if (!texts) {
      CP_TRY_ASSIGN(texts, scan_.snapshot_.texts(column));
    }
    return std::string((*texts)[code - kFirstCode]);
  }

  const ColumnScan& scan_;
  ChunkReader reader_;
  std::size_t count_;
  std::array<std::optional<Texts>, kColumns> texts_;
};

Result<ColumnScan> ColumnScan::make(const Snapshot& snapshot, const ColumnRequest& request) {
  CP_TRY_ASSIGN(ColumnPrice price, ColumnPrice::make(snapshot, request.demand, request.terms));
  ColumnScan scan(snapshot, request, std::move(price));
  scan.cost_ = request.demand.duration_s() ? ColumnPrice::Kind::job : ColumnPrice::Kind::hour;
  for (const auto* keys : {&request.rules.keys, &request.rules.front}) {
    for (const SortKey& key : *keys) {
      CP_TRY_ASSIGN(Key made, scan.key_of(*key.field));
      scan.keys_.push_back(std::move(made));
    }
  }
  CP_TRY_ASSIGN(const Texts currencies, snapshot.texts(OfferColumn::currency));
  scan.currencies_.resize(kFirstCode);
  for (std::size_t i = 0; i < currencies.size(); ++i) {
    scan.currencies_.emplace_back(currencies[i]);
  }
  for (const std::string& currency : scan.currencies_) {
    scan.currency_ranks_.push_back(request.currencies.rank(currency));
  }
  return scan;
}

Result<ColumnScan::Key> ColumnScan::key_of(const model::Field& field) const {
  Key key;
  if (field.name == "price.terms" && request_.terms == Terms::spot) {
    key.type = Key::Type::all_spot;
    return key;
  }
  if (const auto price = ColumnPrice::kind_of(field)) {
    key.type = Key::Type::price;
    key.price = *price;
    return key;
  }
  if (field.kind == model::Kind::flops) {
    key.type = Key::Type::number;
    key.column = OfferColumn::gpu_model;
    CP_TRY_ASSIGN(key.values, flops_by_code(snapshot_, field.format()));
    return key;
  }
  const bool is_terms = field.name == "price.terms";
  const FieldColumn* found = column_of_field(field);
  constexpr static OfferColumn terms = OfferColumn::terms;
  const OfferColumn* const column = is_terms ? &terms : found != nullptr ? &found->column : nullptr;
  if (column != nullptr) {
    key.type = is_text(*column) ? Key::Type::text : Key::Type::number;
    key.column = *column;
  }
  if (key.type == Key::Type::number) {
    CP_TRY_ASSIGN(const std::vector<double> numbers, snapshot_.numbers(*column));
    key.values.resize(kFirstCode);
    key.values.insert(key.values.end(), numbers.begin(), numbers.end());
  } else if (column != nullptr && *column == OfferColumn::gpu_model) {
    CP_TRY(order_models(key));
  } else if (field.scope == model::Scope::demand) {
    const auto number = model::number_at(request_.demand.document(), field.path);
    key.type = number ? Key::Type::constant : Key::Type::nothing;
    key.constant = number.value_or(0);
  }
  return key;
}

// Models stand in the dictionary as they are written; they are ordered without case.
Result<void> ColumnScan::order_models(Key& key) const {
  CP_TRY_ASSIGN(const Texts names, snapshot_.texts(OfferColumn::gpu_model));
  std::vector<std::pair<std::string, std::uint32_t>> order;
  for (std::size_t i = 0; i < names.size(); ++i) {
    order.emplace_back(text::lower(names[i]), static_cast<std::uint32_t>(i) + kFirstCode);
  }
  std::ranges::sort(order);
  key.values.resize(names.size() + kFirstCode);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool is_new = i == 0 || order[i].first != order[i - 1].first;
    if (is_new) {
      key.places.push_back(order[i].second);
    }
    key.values[order[i].second] = static_cast<double>(key.places.size() - 1);
  }
  return {};
}

KeyValue ColumnScan::amount(Nanos nanos, std::uint32_t currency) const {
  KeyValue value;
  if (nanos != kUnknownNanos) {
    value.type = KeyValue::Type::number;
    value.number = nearest(nanos);
    value.currency_rank = currency_ranks_[currency];
  }
  return value;
}

Result<KeyValue> ColumnScan::read_key(const Key& key, ChunkReader& reader,
                                      std::uint16_t row) const {
  KeyValue value;
  switch (key.type) {
    case Key::Type::nothing:
      return value;
    case Key::Type::all_spot:
      value.type = KeyValue::Type::text;
      value.text = "spot";
      return value;
    case Key::Type::constant:
      value.type = KeyValue::Type::number;
      value.number = key.constant;
      return value;
    case Key::Type::price: {
      std::vector<Nanos> nanos;
      CP_TRY(price_.read(key.price, reader, ChunkRows(&row, 1), nanos));
      CP_TRY_ASSIGN(const std::uint32_t currency, reader.code(OfferColumn::currency, row));
      return amount(nanos.front(), currency);
    }
    case Key::Type::number:
    case Key::Type::text:
      break;
  }
  CP_TRY_ASSIGN(const std::uint32_t code, reader.code(key.column, row));
  if (code >= kFirstCode) {
    value.number = key.values.empty() ? code : key.values[code];
    value.type = std::isnan(value.number) ? KeyValue::Type::unknown : KeyValue::Type::number;
  }
  return value;
}

// A whole resource belongs to one part.
Result<bool> ColumnScan::is_within_resource(ChunkReader& reader, std::uint64_t index) const {
  std::array<std::int64_t, 2> documents{};
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const std::uint64_t at = index - 1 + i;
    reader.go_to(at / kChunkRows);
    CP_TRY_ASSIGN(const auto flags, reader.flags());
    CP_TRY_ASSIGN(const auto numbers, reader.raw(RawColumn::document));
    const std::size_t row = at % kChunkRows;
    documents.at(i) = (flags[row] & RowFlags::has_siblings) != 0 ? numbers[row] : 0;
  }
  return documents[0] != 0 && documents[0] == documents[1];
}

Result<std::vector<std::uint64_t>> ColumnScan::cuts() const {
  const std::uint64_t rows = snapshot_.rows();
  const std::uint64_t parts = std::clamp<std::uint64_t>(
      std::min<std::uint64_t>(std::thread::hardware_concurrency(), rows / kLeastRowsOfThread), 1,
      kMostThreads);
  std::vector<std::uint64_t> cuts{0};
  ChunkReader reader(snapshot_);
  for (std::uint64_t i = 1; i < parts; ++i) {
    std::uint64_t at = std::max(cuts.back() + 1, rows / parts * i);
    while (at < rows) {
      CP_TRY_ASSIGN(const bool is_within, is_within_resource(reader, at));
      if (!is_within) {
        break;
      }
      ++at;
    }
    cuts.push_back(std::min(at, rows));
  }
  cuts.push_back(rows);
  return cuts;
}

// Runs each of PARTS between its CUTS, the first one here. Where no more threads can be had they
// run one after the other.
Result<void> ColumnScan::run_parts(std::deque<ColumnPart>& parts,
                                   std::span<const std::uint64_t> cuts) {
  std::vector<Result<void>> done(parts.size());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = parts.size() - 1; i > 0; --i) {
      const auto run = [&, i] {
        done[i] = within_means([&] { return parts[i].run(cuts[i], cuts[i + 1]); });
      };
      if (auto thread = start_thread(run)) {
        threads.push_back(*std::move(thread));
      } else {
        run();
      }
    }
    done[0] = parts[0].run(cuts[0], cuts[1]);
  }
  for (Result<void>& one : done) {
    CP_TRY(std::move(one));
  }
  return {};
}

Result<ColumnFindings> ColumnScan::run() const {
  CP_TRY_ASSIGN(const ColumnJudge judge,
                ColumnJudge::make(request_.demand.condition(), snapshot_, price_, request_.demand,
                                  request_.terms, request_.sources));
  CP_TRY_ASSIGN(const std::vector<std::uint64_t> cuts, this->cuts());
  std::deque<ColumnPart> parts;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    parts.emplace_back(*this, judge);
  }
  CP_TRY(run_parts(parts, cuts));
  ColumnFindings all;
  Chooser chooser(request_.rules);
  for (ColumnPart& part : parts) {
    all.matched += part.findings.matched;
    all.unknown += part.findings.unknown;
    std::ranges::move(part.findings.undecided, std::back_inserter(all.undecided));
    CP_TRY_ASSIGN(std::vector<Candidate> kept, std::move(part.chooser()).finish_part());
    for (Candidate& candidate : kept) {
      chooser.take(std::move(candidate));
    }
  }
  add_costs(parts, all);
  CP_TRY_ASSIGN(all.best, std::move(chooser).finish_part());
  // What can be told of those is told before anything is believed of the rest.
  CP_TRY(tell(all));
  return all;
}

void ColumnScan::add_costs(const std::deque<ColumnPart>& parts, ColumnFindings& all) const {
  for (std::size_t i = 0; i < currencies_.size(); ++i) {
    double least = std::numeric_limits<double>::infinity();
    double most = -1;
    for (const ColumnPart& part : parts) {
      least = std::min(least, part.least()[i]);
      most = std::max(most, part.most()[i]);
    }
    if (most >= 0) {
      all.costs.push_back({currencies_[i], {least, most}});
    }
  }
}

// Says the best rows and those that nobody decided on, in the order in which the file has them.
Result<void> ColumnScan::tell(ColumnFindings& all) const {
  ColumnTeller teller(*this, all.best.size() + all.undecided.size());
  std::vector<std::size_t> order(all.best.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return all.best[i].row; });
  all.providers.resize(request_.rules.of_group > 0 ? all.best.size() : 0);
  for (const std::size_t i : order) {
    if (!all.providers.empty()) {
      CP_TRY_ASSIGN(all.providers[i], teller.provider_of(all.best[i]));
    }
    CP_TRY(teller.say(all.best[i]));
  }
  for (ColumnFindings::Undecided& undecided : all.undecided) {
    CP_TRY(teller.describe(undecided));
  }
  return {};
}

}  // namespace cp::market
