// SPDX-License-Identifier: Apache-2.0
#include "market/ranking.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace cp::market {
namespace {

Result<SortKey> parse_key(std::string_view name, bool has_duration) {
  SortKey key;
  key.is_descending = name.starts_with('-');
  name.remove_prefix(key.is_descending ? 1 : 0);
  if (name == "score") {
    return key;
  }
  if (name == "price") {
    name = has_duration ? "price.job" : "price.hour";
  }
  if (name == "price.job" && !has_duration) {
    return with_hint(fail(Errc::usage, "--sort: price.job needs a duration"), "say --hours N");
  }
  constexpr std::array<std::string_view, 2> own_keys{"price", "score"};
  const auto near = model::find_field(name) ? std::nullopt : text::near_match(name, own_keys);
  if (near) {
    return with_hint(fail(Errc::usage, "--sort: there is no field '{}'", name),
                     fmt::format("did you mean {}?", *near));
  }
  auto field = model::require_field(name);
  if (!field) {
    field.error().message = "--sort: " + field.error().message;
    return tl::unexpected<Error>(std::move(field).error());
  }
  key.field = *field;
  return key;
}

int sign(bool less, bool greater) { return less ? -1 : greater ? 1 : 0; }

}  // namespace

Result<std::vector<SortKey>> parse_sort(std::string_view text, bool has_duration) {
  std::vector<SortKey> keys;
  for (const std::string_view name : text::split(text, ',')) {
    CP_TRY_ASSIGN(const SortKey key, parse_key(text::trim(name), has_duration));
    keys.push_back(key);
  }
  return keys;
}

// What is not known comes last, whatever the direction; so does a foreign currency.
int Ranking::compare(const KeyValue& a, const KeyValue& b, const SortKey& key) const {
  if (a.type != b.type || a.type == KeyValue::Type::unknown) {
    return sign(a.type > b.type, a.type < b.type);
  }
  if (a.currency_rank != b.currency_rank) {
    return sign(a.currency_rank < b.currency_rank, true);
  }
  const int order = a.type == KeyValue::Type::text ? a.text.compare(b.text)
                                                   : sign(a.number<b.number, a.number> b.number);
  return key.is_descending ? -order : order;
}

bool Ranking::is_before(const Candidate& a, const Candidate& b) const {
  if (a.truth != b.truth) {
    return a.truth > b.truth;
  }
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const int order = compare(a.keys[i], b.keys[i], keys_[i]);
    if (order != 0) {
      return order < 0;
    }
  }
  return a.row < b.row;
}

bool Ranking::may_take(model::Truth truth, const KeyValue& first) const {
  if (limit_ == 0 || kept_.size() < limit_ || keys_.empty()) {
    return true;
  }
  const Candidate& last = kept_.front();
  return truth != last.truth ? truth > last.truth
                             : compare(first, last.keys.front(), keys_.front()) <= 0;
}

void Ranking::take(Candidate candidate) {
  if (candidate.document == 0) {
    keep(std::move(candidate));
    return;
  }
  const auto [known, is_new] = siblings_.try_emplace(candidate.document, candidate);
  if (!is_new && is_before(candidate, known->second)) {
    known->second = std::move(candidate);
  }
}

void Ranking::keep(Candidate candidate) {
  const auto before = [this](const Candidate& a, const Candidate& b) { return is_before(a, b); };
  kept_.push_back(std::move(candidate));
  if (limit_ == 0) {
    return;
  }
  std::push_heap(kept_.begin(), kept_.end(), before);
  if (kept_.size() > limit_) {
    std::pop_heap(kept_.begin(), kept_.end(), before);
    kept_.pop_back();
  }
}

std::vector<Candidate> Ranking::finish() && {
  for (auto& [document, best] : siblings_) {
    keep(std::move(best));
  }
  std::sort(kept_.begin(), kept_.end(),
            [this](const Candidate& a, const Candidate& b) { return is_before(a, b); });
  return std::move(kept_);
}

int CurrencyRanks::rank(std::string_view currency) const {
  if (currency == home_) {
    return 0;
  }
  int rank = 0;
  for (const char c : currency.substr(0, 3)) {
    rank = rank * 256 + static_cast<unsigned char>(c);
  }
  return rank;
}

}  // namespace cp::market
