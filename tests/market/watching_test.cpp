// SPDX-License-Identifier: Apache-2.0
#include "market/watching.hpp"

#include "model/json.hpp"

#include "catch.hpp"

using cp::market::SearchResult;
using cp::market::to_text;
using cp::market::Watch;
using cp::market::WatchEvent;
using cp::model::Json;

namespace {

Json offer_of(const char* source, const char* amount, const char* currency = "CNY") {
  Json offer{{"schema", "cp.offer/1"}, {"source", {{"name", source}}}};
  if (amount != nullptr) {
    offer["price"]["hour"] = {{"amount", amount}, {"currency", currency}};
  }
  return offer;
}

SearchResult result_of(std::vector<Json> offers, Json sources) {
  return {std::move(offers), {{"schema", "cp.answer/1"}, {"sources", std::move(sources)}}, {}};
}

Json source(const char* name, const char* status) { return {{"name", name}, {"status", status}}; }

const Json kAnswered = Json::array({source("a", "answered"), source("b", "answered")});

// What WATCH says of a look: "nothing", or the kind of its event and what it cost before.
std::string said(Watch& watch, const SearchResult& result) {
  const auto event = watch.look(result);
  return !event ? "nothing"
                : std::string(to_text(event->kind)) +
                      (event->before ? " " + event->before->amount.to_string(0) : "");
}

}  // namespace

TEST_CASE("a demand becomes satisfiable, cheaper, and is gone") {
  Watch watch;
  CHECK(said(watch, result_of({}, kAnswered)) == "nothing");
  CHECK_FALSE(watch.is_satisfiable());
  CHECK(said(watch, result_of({offer_of("a", "10")}, kAnswered)) == "satisfiable");
  CHECK(watch.is_satisfiable());
  CHECK(said(watch, result_of({offer_of("a", "10")}, kAnswered)) == "nothing");
  CHECK(said(watch, result_of({offer_of("b", "9.5")}, kAnswered)) == "cheaper 10");
  CHECK(said(watch, result_of({offer_of("b", "12")}, kAnswered)) == "nothing");
  CHECK(said(watch, result_of({offer_of("b", "11")}, kAnswered)) == "cheaper 12");
  CHECK(said(watch, result_of({}, kAnswered)) == "gone");
  CHECK(said(watch, result_of({}, kAnswered)) == "nothing");
  CHECK(said(watch, result_of({offer_of("a", "20")}, kAnswered)) == "satisfiable");
}

TEST_CASE("amounts in two currencies are neither cheaper nor dearer, and a new price is told") {
  Watch watch;
  CHECK(said(watch, result_of({offer_of("a", nullptr)}, kAnswered)) == "satisfiable");
  CHECK(said(watch, result_of({offer_of("a", "10")}, kAnswered)) == "priced");
  CHECK(said(watch, result_of({offer_of("a", "1", "USD")}, kAnswered)) == "nothing");
  CHECK(said(watch, result_of({offer_of("a", "0.9", "USD")}, kAnswered)) == "cheaper 1");
}

TEST_CASE("what a source cannot be asked for is neither gone nor dearer") {
  const Json missing = Json::array({source("a", "missing"), source("b", "answered")});
  const Json rejected = Json::array({source("a", "rejected"), source("b", "answered")});
  Json stale = Json::array({source("a", "stale"), source("b", "answered")});
  stale[0]["message"] = "timed out after 2 s";
  for (const Json& sources : {missing, rejected, stale}) {
    Watch watch;
    CHECK(said(watch, result_of({offer_of("a", "10")}, kAnswered)) == "satisfiable");
    CHECK(said(watch, result_of({}, sources)) == "nothing");
    CHECK(watch.is_satisfiable());
    CHECK(said(watch, result_of({offer_of("b", "15")}, sources)) == "nothing");
    CHECK(said(watch, result_of({offer_of("a", "10")}, kAnswered)) == "nothing");
    CHECK(said(watch, result_of({offer_of("b", "8")}, sources)) == "cheaper 10");
  }
  // An old catalog was read all the same, and a source that was removed offers nothing any more.
  for (const Json& sources :
       {Json(Json::array({source("a", "stale")})), Json(Json::array({source("b", "answered")}))}) {
    Watch watch;
    CHECK(said(watch, result_of({offer_of("a", "10")}, kAnswered)) == "satisfiable");
    CHECK(said(watch, result_of({}, sources)) == "gone");
  }
}

TEST_CASE("an offer says why it is shown") {
  const cp::UnixTime now{std::chrono::milliseconds(1'795'336'205'250)};
  const Json offer = cp::market::with_event(
      offer_of("a", "9"),
      {WatchEvent::Kind::cheaper, cp::Money{cp::Decimal::parse("10").value(), "CNY"}}, now);
  CHECK(offer["event"]["kind"] == "cheaper");
  CHECK(offer["event"]["before"]["amount"] == "10.00");
  CHECK(offer["event"]["observed_at"] == cp::format_time(now));
}
