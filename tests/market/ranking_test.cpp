// SPDX-License-Identifier: Apache-2.0
#include "market/ranking.hpp"

#include "catch.hpp"
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
