// SPDX-License-Identifier: Apache-2.0
#include "market/quote.hpp"

#include "market/amounts.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <string>

using cp::market::Accelerators;
using cp::market::billed_seconds;
using cp::market::BillingUnit;
using cp::market::Demand;
using cp::market::DemandFlags;
using cp::market::quote;
using cp::market::Quote;
using cp::market::Row;
using cp::market::Terms;

namespace {

Row row(BillingUnit unit, std::string_view price) {
  Row row;
  row.kind = "partition";
  row.cores = 112;
  row.accelerators = Accelerators::some;
  row.gpu_count = 8;
  row.unit = unit;
  row.price = cp::market::to_nanos(*cp::Decimal::parse(price));
  row.currency = "CNY";
  row.terms = "on-demand";
  return row;
}

Demand wanted(const DemandFlags& flags = {}) { return *Demand::from_flags(flags); }

DemandFlags cards(std::int64_t count, std::optional<double> hours = {}) {
  DemandFlags flags;
  flags.gpu = cp::market::GpuWish{};
  flags.gpu->count.low = count;
  if (hours) {
    flags.duration_s = *hours * 3600;
  }
  return flags;
}

std::string text(const std::optional<cp::Money>& money) {
  return money ? money->to_string() : "unknown";
}

}  // namespace

TEST_CASE("an unknown price stays unknown") {
  Row unpriced = row(BillingUnit::node_hour, "1");
  unpriced.price.reset();
  const Quote quoted = quote(unpriced, wanted(cards(1, 1)), Terms::firm);
  CHECK_FALSE(quoted.hour);
  CHECK_FALSE(quoted.card_hour);
  CHECK_FALSE(quoted.job);
  CHECK(price_of(quoted, "").is_null());
  CHECK_FALSE(quote(row(BillingUnit::node_hour, "1"), wanted(), Terms::spot).hour);
  Row uncounted = row(BillingUnit::card_hour, "1");
  uncounted.gpu_count.reset();
  CHECK_FALSE(quote(uncounted, wanted(), Terms::firm).hour);
  CHECK(text(quote(uncounted, wanted(), Terms::firm).card_hour) == "1.00 CNY");
}

TEST_CASE("a node-hour buys the whole node") {
  const Quote quoted = quote(row(BillingUnit::node_hour, "98.32"), wanted(cards(4)), Terms::firm);
  CHECK(text(quoted.hour) == "98.32 CNY");
  CHECK(text(quoted.card_hour) == "12.29 CNY");
  CHECK(quoted.cards == 8);
  CHECK(quoted.cores == 112);
  CHECK_FALSE(quoted.job);
}

TEST_CASE("a card-hour buys the cards that were asked for, else all of the node") {
  const Row pool = row(BillingUnit::card_hour, "14.50");
  const Quote four = quote(pool, wanted(cards(4, 4)), Terms::firm);
  CHECK(text(four.hour) == "58.00 CNY");
  CHECK(text(four.card_hour) == "14.50 CNY");
  CHECK(text(four.job) == "232.00 CNY");
  CHECK(four.cards == 4);
  CHECK_FALSE(four.cores);
  const Quote all = quote(pool, wanted(), Terms::firm);
  CHECK(text(all.hour) == "116.00 CNY");
  CHECK(all.cards == 8);
  CHECK(all.cores == 112);
}

TEST_CASE("a core-hour buys the CPUs that were asked for, else all of the node") {
  DemandFlags flags;
  flags.cpus.low = 16;
  flags.nodes = 2;
  const Quote quoted = quote(row(BillingUnit::core_hour, "0.11"), wanted(flags), Terms::firm);
  CHECK(text(quoted.hour) == "3.52 CNY");
  CHECK_FALSE(quoted.card_hour);
  CHECK(quoted.nodes == 2);
  CHECK(quoted.cores == 32);
  CHECK(text(quote(row(BillingUnit::core_hour, "0.11"), wanted(), Terms::firm).hour) ==
        "12.32 CNY");
}

TEST_CASE("nodes multiply") {
  DemandFlags flags = cards(8, 0.5);
  flags.nodes = 3;
  const Quote quoted = quote(row(BillingUnit::card_hour, "10"), wanted(flags), Terms::firm);
  CHECK(text(quoted.hour) == "240.00 CNY");
  CHECK(text(quoted.job) == "120.00 CNY");
  CHECK(quoted.cards == 24);
}

TEST_CASE("a share of a card is no card") {
  Row share = row(BillingUnit::node_hour, "0.45");
  share.gpu_count = 0.167;
  const Quote quoted = quote(share, wanted(), Terms::firm);
  CHECK(text(quoted.hour) == "0.45 CNY");
  CHECK_FALSE(quoted.card_hour);
  CHECK_FALSE(quoted.cards);
}

TEST_CASE("a spot price is quoted as such") {
  Row both = row(BillingUnit::node_hour, "2");
  both.spot = 500'000'000;
  const Quote quoted = quote(both, wanted(), Terms::spot);
  CHECK(text(quoted.hour) == "0.50 CNY");
  CHECK(quoted.terms == "spot");
  CHECK(quote(both, wanted(), Terms::firm).terms == "on-demand");
}

TEST_CASE("time is billed in whole quanta and for the minimum at least") {
  CHECK(billed_seconds(3600, 0, 0) == 3600);
  CHECK(billed_seconds(3600.2, 0, 0) == 3601);
  CHECK(billed_seconds(61, 60, 0) == 120);
  CHECK(billed_seconds(120, 60, 0) == 120);
  CHECK(billed_seconds(1, 60, 600) == 600);
  Row hourly = row(BillingUnit::node_hour, "3");
  hourly.quantum_s = 3600;
  CHECK(text(quote(hourly, wanted(cards(1, 1.25)), Terms::firm).job) == "6.00 CNY");
}

TEST_CASE("prices that do not divide are rounded at the ninth place only") {
  Row thirds = row(BillingUnit::node_hour, "10");
  thirds.gpu_count = 3;
  CHECK(text(quote(thirds, wanted(), Terms::firm).card_hour) == "3.333333333 CNY");
}
