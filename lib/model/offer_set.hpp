// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_reader.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

namespace cp::model {

/// A stream of offers as it came through a pipe.
struct OfferSet {
  std::vector<Json> offers;    ///< cp.offer/1, in order
  std::vector<Json> others;    ///< everything else but the answer, to be passed on unchanged
  std::optional<Json> answer;  ///< the closing cp.answer
};

/// Reads READER to its end. bad_data when there is no closing cp.answer (its producer died) unless
/// ALLOW_PARTIAL, when an offer follows it, or when an offer has another major version.
Result<OfferSet> read_offers(JsonReader& reader, bool allow_partial);

}  // namespace cp::model
