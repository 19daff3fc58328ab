// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "market/availability.hpp"
#include "market/demand.hpp"
#include "market/quote.hpp"
#include "market/row.hpp"
#include "model/truth.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace cp::market {

/// Where an offer comes from, and what its source is worth.
struct Provenance {
  std::string source;
  std::optional<std::int64_t> age_s;
  std::string trust = "unsigned";
  std::string anchor;
  bool is_runnable = false;
  bool is_trusted = false;  ///< the user vouches for the source
};

/// One resource with one of its accelerators and prices, seen against a demand: all that an offer
/// says.
struct Subject {
  Row row;
  nlohmann::ordered_json resource;  ///< cp.resource/1
  Provenance provenance;
  Quote quote;
  Availability availability;
  /// RESOURCE with ROW's accelerator alone and the members that an offer adds to it, as
  /// model::evaluate takes it.
  nlohmann::ordered_json view;
};

/// The subject of ROW; RESOURCE is its document, null when the row says it all.
Subject make_subject(Row row, nlohmann::ordered_json resource, Provenance provenance,
                     Availability availability, const Demand& demand, Terms terms);

/// ROW as a cp.resource/1.
nlohmann::ordered_json resource_of(const Row& row);

/// Whether SUBJECT fulfils DEMAND, and takes it: both the demand's condition and the resource's own
/// policy. A policy that nobody can read is unknown.
model::Truth matches(const Subject& subject, const Demand& demand);

/// The policy alone; true where there is none.
model::Truth accepts(const Subject& subject, const Demand& demand);

}  // namespace cp::market
