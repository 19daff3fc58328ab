// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "market/offer.hpp"
#include "market/search.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cp::market {

/// What became of a demand between two looks.
struct WatchEvent {
  enum class Kind {
    satisfiable,  ///< there is an offer, and there was none
    cheaper,      ///< the best offer costs less than the best one before, in the same currency
    priced,       ///< what the best offer costs is known, and was not
    gone,         ///< there is no offer any more: nothing to show
  };
  Kind kind = Kind::satisfiable;
  std::optional<Money> before;  ///< the cost before, of `cheaper`
};

std::string_view to_text(WatchEvent::Kind kind);

/// Follows one demand from look to look: an entirely passive value. What a source cannot be asked
/// for at the moment is neither gone nor dearer: it is as it was when the source was asked last.
class Watch {
 public:
  /// Takes the result of a look, whose first offer is the cheapest; what has happened since the
  /// look before. Of the first look only `satisfiable` can come.
  std::optional<WatchEvent> look(const SearchResult& result);

  /// Whether there was an offer when it was last known.
  bool is_satisfiable() const { return is_satisfiable_; }

 private:
  void remember(const model::Json& offer);

  bool is_satisfiable_ = false;
  std::string source_;         ///< of the best offer
  std::optional<Money> cost_;  ///< of the best offer
};

/// OFFER with its `event`: what EVENT is, seen at NOW.
nlohmann::ordered_json with_event(nlohmann::ordered_json offer, const WatchEvent& event,
                                  UnixTime now);

}  // namespace cp::market
