// SPDX-License-Identifier: Apache-2.0
#include "market/watching.hpp"

#include "model/json.hpp"

#include <algorithm>

namespace cp::market {
namespace {

using model::Json;

// Whether the source called NAME could not be asked at this look. A catalog that is stale has been
// read all the same, and what a provider said last counts as long as it cannot be asked.
bool is_silent(const Json& answer, const std::string& name) {
  const Json& sources = answer["sources"];
  const auto report = std::ranges::find_if(
      sources, [&](const Json& source) { return model::text_at(source, "name") == name; });
  if (report == sources.end()) {
    return false;
  }
  const std::string status = model::text_at(*report, "status").value_or("");
  const bool has_failed = report->contains("message") && !report->contains("rejected");
  return status == "missing" || status == "rejected" || (status == "stale" && has_failed);
}

bool is_less(const Money& left, const Money& right) {
  return left.currency == right.currency && left.amount < right.amount;
}

}  // namespace

std::string_view to_text(WatchEvent::Kind kind) {
  switch (kind) {
    case WatchEvent::Kind::satisfiable:
      return "satisfiable";
    case WatchEvent::Kind::cheaper:
      return "cheaper";
    case WatchEvent::Kind::priced:
      return "priced";
    case WatchEvent::Kind::gone:
      break;
  }
  return "gone";
}

std::optional<WatchEvent> Watch::look(const SearchResult& result) {
  const bool may_have_changed = !is_satisfiable_ || !is_silent(result.answer, source_);
  if (result.offers.empty()) {
    if (!is_satisfiable_ || !may_have_changed) {
      return std::nullopt;
    }
    *this = Watch();
    return WatchEvent{WatchEvent::Kind::gone, {}};
  }
  const Json& best = result.offers.front();
  const std::optional<Money> cost = cost_of_offer(best);
  std::optional<WatchEvent> event;
  if (!is_satisfiable_) {
    event = {WatchEvent::Kind::satisfiable, {}};
  } else if (cost && !cost_) {
    event = {WatchEvent::Kind::priced, {}};
  } else if (cost && is_less(*cost, *cost_)) {
    event = {WatchEvent::Kind::cheaper, cost_};
  }
  if (event || may_have_changed) {
    remember(best);
  }
  return event;
}

void Watch::remember(const Json& offer) {
  is_satisfiable_ = true;
  source_ = model::text_at(offer, "source.name").value_or("");
  cost_ = cost_of_offer(offer);
}

Json with_event(Json offer, const WatchEvent& event, UnixTime now) {
  Json told{{"kind", to_text(event.kind)},
            {"observed_at", format_time(std::chrono::floor<std::chrono::milliseconds>(now))}};
  if (event.before) {
    told["before"] = model::to_json(*event.before);
  }
  offer["event"] = std::move(told);
  return offer;
}

}  // namespace cp::market
