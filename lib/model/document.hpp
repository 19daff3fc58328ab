// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace cp::model {

class JsonReader;

/// Whether DOCUMENT says that it is a NAME ("cp.offer") of any major version.
bool is_a(const Json& document, std::string_view name);

/// bad_data unless DOCUMENT is a NAME of major version 1.
Result<void> require(const Json& document, std::string_view name);

/// ERROR as a cp.error/1 of TOOL about ITEM ("" for none).
Json error_document(std::string_view tool, const Error& error, std::string_view item);

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
