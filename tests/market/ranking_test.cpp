// SPDX-License-Identifier: Apache-2.0
#include "market/ranking.hpp"

#include "catch.hpp"
#include <algorithm>
#include <vector>

using cp::market::Candidate;
using cp::market::KeyValue;
using cp::market::parse_sort;
using cp::market::Ranking;
using cp::market::SortKey;
using cp::model::Truth;

namespace {

KeyValue number(double value, int currency_rank = 0) {
  KeyValue key;
  key.type = KeyValue::Type::number;
  key.number = value;
  key.currency_rank = currency_rank;
  return key;
}

Candidate candidate(std::int64_t row, KeyValue key, Truth truth = Truth::yes) {
  Candidate candidate;
  candidate.row = row;
  candidate.truth = truth;
  candidate.keys = {std::move(key)};
  return candidate;
}

std::vector<std::int64_t> order(std::vector<Candidate> candidates, bool is_descending = false,
                                std::size_t limit = 0) {
  Ranking ranking({SortKey{cp::model::find_field("cpus"), is_descending}}, limit);
  for (Candidate& one : candidates) {
    if (ranking.may_take(one.truth, one.keys.front())) {
      ranking.take(std::move(one));
    }
  }
  std::vector<std::int64_t> rows;
  for (const Candidate& one : std::move(ranking).finish()) {
    rows.push_back(one.row);
  }
  return rows;
}

}  // namespace

TEST_CASE("a sort key that nobody knows has its near match") {
  const auto unknown = parse_sort("price,memry", false);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message == "--sort: there is no field 'memry'");
  CHECK(unknown.error().hint == "did you mean memory?");
  CHECK_FALSE(parse_sort("", false));
  CHECK_FALSE(parse_sort("price,,name", false));
  CHECK_FALSE(parse_sort("price.job", false));
}

TEST_CASE("price means the job's where its duration is known") {
  CHECK(parse_sort("price", true)->front().field->name == "price.job");
  CHECK(parse_sort("price", false)->front().field->name == "price.hour");
  const auto keys = *parse_sort("-memory, score", false);
  CHECK(keys[0].is_descending);
  CHECK(keys[1].field == nullptr);
}

TEST_CASE("what is not known comes last in both directions") {
  const std::vector<Candidate> given{candidate(1, KeyValue{}), candidate(2, number(5)),
                                     candidate(3, number(7))};
  CHECK(order(given) == std::vector<std::int64_t>{2, 3, 1});
  CHECK(order(given, true) == std::vector<std::int64_t>{3, 2, 1});
}

TEST_CASE("amounts of one currency stay together") {
  CHECK(order({candidate(1, number(5, 9)), candidate(2, number(100, 0)),
               candidate(3, number(1, 9))}) == std::vector<std::int64_t>{2, 3, 1});
  const cp::market::CurrencyRanks ranks("CNY");
  CHECK(ranks.rank("CNY") == 0);
  CHECK(ranks.rank("EUR") < ranks.rank("USD"));
}

TEST_CASE("what could not be judged comes behind what could") {
  CHECK(order({candidate(1, number(1), Truth::unknown), candidate(2, number(9))}, false, 1) ==
        std::vector<std::int64_t>{2});
  CHECK(order({candidate(2, number(9)), candidate(1, number(1), Truth::unknown)}, false, 1) ==
        std::vector<std::int64_t>{2});
}

TEST_CASE("a limit keeps the first ones, whatever the order in which they come") {
  std::vector<Candidate> many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(candidate(i, number((i * 617) % 1000 / 2)));
  }
  const auto all = order(many);
  const auto few = order(many, false, 10);
  REQUIRE(few.size() == 10);
  CHECK(std::equal(few.begin(), few.end(), all.begin()));
  CHECK(order(many, false, 0).size() == 1000);
}

TEST_CASE("equal ones keep the order of the cache") {
  CHECK(order({candidate(3, number(1)), candidate(1, number(1)), candidate(2, number(1))}) ==
        std::vector<std::int64_t>{1, 2, 3});
}

namespace {

using cp::market::Chooser;
using cp::market::RankingRules;

// Price (less is better) and cards (more is better), also the order.
RankingRules front_rules(std::size_t limit = 0, std::size_t of_group = 0) {
  const SortKey price{cp::model::find_field("price.hour"), false};
  const SortKey cards{cp::model::find_field("gpu.count"), true};
  return {{price}, limit, of_group, {price, cards}};
}

Candidate point(std::int64_t row, KeyValue price, KeyValue cards, std::int64_t group = 0) {
  Candidate one;
  one.row = row;
  one.group = group;
  one.keys = {price, std::move(price), std::move(cards)};
  return one;
}

std::vector<std::int64_t> chosen(const RankingRules& rules, std::vector<Candidate> candidates) {
  Chooser chooser(rules);
  for (Candidate& one : candidates) {
    if (chooser.would_take(one)) {
      chooser.take(std::move(one));
    }
  }
  auto kept = std::move(chooser).finish();
  REQUIRE(kept);
  std::vector<std::int64_t> rows;
  for (const Candidate& one : *kept) {
    rows.push_back(one.row);
  }
  return rows;
}

}  // namespace

TEST_CASE("of a front only what no other beats is kept, whatever comes first") {
  std::vector<Candidate> all{point(1, number(10), number(1)), point(2, number(10), number(2)),
                             point(3, number(40), number(8)), point(4, number(41), number(8)),
                             point(5, number(20), number(2)), point(6, number(10), number(2))};
  const std::vector<std::int64_t> expected{2, 6, 3};
  CHECK(chosen(front_rules(), all) == expected);
  std::reverse(all.begin(), all.end());
  CHECK(chosen(front_rules(), all) == expected);
}

TEST_CASE("nobody stands in a front by hiding an amount, and no currency beats another") {
  const KeyValue hidden;
  CHECK(chosen(front_rules(), {point(1, hidden, number(4)), point(2, number(9), number(4))}) ==
        std::vector<std::int64_t>{2});
  CHECK(chosen(front_rules(), {point(1, hidden, number(8)), point(2, number(9), number(4))}) ==
        std::vector<std::int64_t>{2, 1});
  CHECK(chosen(front_rules(), {point(1, number(1, 7), number(4)),
                               point(2, number(9), number(4))}) == std::vector<std::int64_t>{2, 1});
}

TEST_CASE("an offer that could not be judged beats none that could") {
  Candidate unknown = point(1, number(1), number(9));
  unknown.truth = Truth::unknown;
  CHECK(chosen(front_rules(), {unknown, point(2, number(9), number(4))}) ==
        std::vector<std::int64_t>{2, 1});
}

TEST_CASE("of each group so many are kept, of all so many") {
  RankingRules rules = front_rules(3, 1);
  rules.front.clear();
  CHECK(chosen(rules, {point(1, number(1), number(1), 7), point(2, number(2), number(1), 7),
                       point(3, number(3), number(1), 8), point(4, number(4), number(1), 9),
                       point(5, number(5), number(1), 10)}) == std::vector<std::int64_t>{1, 3, 4});
}

TEST_CASE("a front that is too wide is told, not computed for ever") {
  const RankingRules rules = front_rules(5);
  Chooser chooser(rules);
  for (int i = 0; i < 5001; ++i) {
    chooser.take(point(i, number(i), number(i)));
  }
  const auto kept = std::move(chooser).finish();
  REQUIRE_FALSE(kept);
  CHECK(kept.error().code == cp::Errc::failed);
  CHECK(kept.error().message == "--pareto: more than 5000 offers are beaten by none");
}
