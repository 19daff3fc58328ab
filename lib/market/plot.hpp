// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Offers as a picture: what they cost against what they can do.
namespace cp::market {

/// One offer in a picture.
struct PlotPoint {
  std::string name;
  std::string provider;
  double price = 0;        ///< in PlotData::currency
  double performance = 0;  ///< in PlotData::unit
  bool is_unbeaten = false;
};

struct PlotData {
  std::vector<PlotPoint> points;  ///< the cheapest first, of equal prices the best
  std::string currency;           ///< empty when there is nothing to draw
  bool is_job = false;            ///< prices are of the whole job, else of an hour
  std::string unit;               ///< "TFLOP/s (fp16)" or "CPUs"
  std::size_t left_out = 0;       ///< offers without a price or performance, or in other currencies
};

/// What there is to draw of OFFERS, cp.offer/1: of those in HOME's currency, else in that of the
/// first one with a price. Performance is the peak rate in fp16 of all accelerators that an offer
/// counts, where the table knows that of one offer at least, else the number of its CPUs.
PlotData plot_data_of(std::span<const nlohmann::ordered_json> offers, const std::string& home);

/// DATA as a document of SVG 1.1: a point an offer, a line through those that no other one beats
/// (as cheap and as fast, and better in one), axes with units. It loads nothing and runs nothing;
/// text of others is escaped and cut.
std::string svg_of(const PlotData& data);

}  // namespace cp::market
