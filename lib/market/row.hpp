// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cp::market {

/// What one price is for.
enum class BillingUnit : std::uint8_t { node_hour, card_hour, core_hour };

/// The word for UNIT in documents ("card-hour"), and back.
std::string_view name_of(BillingUnit unit);
std::optional<BillingUnit> billing_unit(std::string_view name);

/// What is known of a node's accelerators.
enum class Accelerators : std::uint8_t { unknown, none, some };

/// One resource with one of its accelerators and one of its prices: what the cache stores as a row,
/// and what a demand is matched with. Entirely passive; an empty text or optional is unknown. TEXT
/// is std::string where the row owns what it says, std::string_view on the importers' hot path.
template <class Text>
struct BasicRow {
  Text name{};
  Text kind{};
  Text provider{};
  Text resource{};  ///< its identifier
  Text country{}, region{}, zone{}, city{};
  std::optional<double> latitude, longitude;
  std::optional<std::int64_t> nodes;
  Text arch{}, cpu_vendor{}, cpu_model{};
  std::optional<std::int64_t> cores, threads, memory_bytes, disk_bytes;

  Accelerators accelerators = Accelerators::unknown;
  Text gpu_vendor{}, gpu_model{};
  Text gpu_native{};                             ///< as the source calls it
  std::optional<double> gpu_count;               ///< below 1: a share of one card
  std::optional<std::int64_t> gpu_memory_bytes;  ///< of one card, or of the share

  std::optional<double> network_bps, rdma_bps;
  std::optional<double> walltime_s;
  std::optional<std::int64_t> nodes_per_job;

  BillingUnit unit = BillingUnit::node_hour;
  Text terms{};  ///< of PRICE; SPOT is what it costs as a spot
  Text currency{};
  std::optional<std::int64_t> price, spot;    ///< billionths of the currency
  std::int64_t quantum_s = 0, minimum_s = 0;  ///< billed in whole quanta; 0: to the second
  Text price_as_of{};

  std::int64_t line = 0;      ///< where it stands in its source
  std::int64_t document = 0;  ///< the cache's number of its cp.resource; 0: the row says it all
  bool has_policy = false;
  bool has_siblings = false;  ///< other rows are the same resource at the same terms

  /// What is scheduled as a CPU: a vCPU of an instance type, a core elsewhere.
  std::optional<std::int64_t> cpus() const {
    const auto& first = kind == "instance-type" ? threads : cores;
    return first ? first : (kind == "instance-type" ? cores : threads);
  }
};

using Row = BasicRow<std::string>;
using RowView = BasicRow<std::string_view>;

}  // namespace cp::market
