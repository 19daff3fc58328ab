// SPDX-License-Identifier: Apache-2.0
#include "market/ranking.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>

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

// What is not known comes last, whatever the direction; so does a foreign currency.
int compare(const KeyValue& a, const KeyValue& b, const SortKey& key) {
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

// A front that is wider says nothing any more, and takes long: each offer is held against it.
constexpr std::size_t kWidestFront = 5000;

}  // namespace

Result<std::vector<SortKey>> parse_sort(std::string_view text, bool has_duration) {
  std::vector<SortKey> keys;
  for (const std::string_view name : text::split(text, ',')) {
    CP_TRY_ASSIGN(const SortKey key, parse_key(text::trim(name), has_duration));
    keys.push_back(key);
  }
  return keys;
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

bool Ranking::would_take(const Candidate& candidate) const {
  return limit_ == 0 || kept_.size() < limit_ || is_before(candidate, kept_.front());
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

const Ranking* Chooser::ranking_of(std::int64_t group) const {
  if (rules_.of_group == 0) {
    return &all_;
  }
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

bool Chooser::may_take(std::int64_t group, model::Truth truth, const KeyValue& first) const {
  const Ranking* const ranking = ranking_of(group);
  return !rules_.front.empty() || ranking == nullptr || ranking->may_take(truth, first);
}

bool Chooser::would_take(const Candidate& candidate) {
  if (!rules_.front.empty()) {
    return !is_beaten(candidate);
  }
  const Ranking* const ranking = ranking_of(candidate.group);
  return ranking == nullptr || ranking->would_take(candidate);
}

void Chooser::take(Candidate candidate) {
  rules_.front.empty() ? rank(std::move(candidate)) : meet_front(std::move(candidate));
}

void Chooser::rank(Candidate candidate) {
  if (rules_.of_group == 0) {
    all_.take(std::move(candidate));
    return;
  }
  const auto [group, is_new] =
      groups_.try_emplace(candidate.group, Ranking(rules_.keys, rules_.of_group));
  group->second.take(std::move(candidate));
}

// Amounts in two currencies have no common measure: neither is better. What is not known is worse
// than what is.
Chooser::Duel Chooser::duel(const Candidate& left, const Candidate& right) const {
  bool left_is_better = left.truth > right.truth;
  bool right_is_better = right.truth > left.truth;
  for (std::size_t i = 0; i < rules_.front.size(); ++i) {
    const KeyValue& a = left.keys[rules_.keys.size() + i];
    const KeyValue& b = right.keys[rules_.keys.size() + i];
    const bool is_foreign =
        a.type == b.type && a.type != KeyValue::Type::unknown && a.currency_rank != b.currency_rank;
    const int order = is_foreign ? 0 : compare(a, b, rules_.front[i]);
    left_is_better = left_is_better || order < 0 || is_foreign;
    right_is_better = right_is_better || order > 0 || is_foreign;
  }
  return left_is_better ? (right_is_better ? Duel::neither : Duel::left_wins)
                        : (right_is_better ? Duel::right_wins : Duel::alike);
}

// What beats one offer tends to beat the next one: it is asked first.
bool Chooser::is_beaten(const Candidate& candidate) {
  for (std::size_t i = 0; i < front_.size(); ++i) {
    if (duel(front_[i].first, candidate) == Duel::left_wins) {
      std::swap(front_[i], front_[i / 2]);
      return true;
    }
  }
  return false;
}

void Chooser::meet_front(Candidate candidate) {
  for (std::size_t i = 0; i < front_.size();) {
    const Duel result = duel(front_[i].first, candidate);
    if (result == Duel::left_wins) {
      return;
    }
    if (result == Duel::alike) {
      front_[i].alike.take(std::move(candidate));
      return;
    }
    if (result == Duel::right_wins) {
      std::swap(front_[i], front_.back());
      front_.pop_back();
    } else {
      ++i;
    }
  }
  is_too_wide_ = is_too_wide_ || front_.size() >= kWidestFront;
  if (!is_too_wide_) {
    Point point{candidate, Ranking(rules_.keys, rules_.of_group == 0 ? rules_.limit : 0)};
    point.alike.take(std::move(candidate));
    front_.push_back(std::move(point));
  }
}

Result<std::vector<Candidate>> Chooser::finish_part() && {
  if (rules_.front.empty()) {
    return std::move(*this).finish();
  }
  if (is_too_wide_) {
    return with_hint(
        fail(Errc::failed, "--pareto: more than {} offers are beaten by none", kWidestFront),
        "ask for less (--where), or name two or three fields in --sort");
  }
  std::vector<Candidate> all;
  for (Point& point : front_) {
    std::ranges::move(std::move(point.alike).finish(), std::back_inserter(all));
  }
  return all;
}

Result<std::vector<Candidate>> Chooser::finish() && {
  if (!rules_.front.empty()) {
    CP_TRY_ASSIGN(std::vector<Candidate> unbeaten, std::move(*this).finish_part());
    for (Candidate& candidate : unbeaten) {
      rank(std::move(candidate));
    }
  }
  for (auto& [group, ranking] : groups_) {
    for (Candidate& candidate : std::move(ranking).finish()) {
      all_.take(std::move(candidate));
    }
  }
  return std::move(all_).finish();
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
