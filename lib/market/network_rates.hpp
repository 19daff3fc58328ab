// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/row.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace cp::market {

/// The fastest of a node's networks, and of those with RDMA. One whose rate is unknown may be
/// faster than all others, and one that does not say whether it has RDMA may have it: what could
/// change the answer leaves it unknown.
class NetworkRates {
 public:
  void add(std::optional<double> rate_bps, std::optional<bool> rdma) {
    is_empty_ = false;
    all_known_ = all_known_ && rate_bps.has_value();
    fastest_ = std::max(fastest_, rate_bps.value_or(0));
    if (rdma != false) {
      fastest_rdma_ = std::max(fastest_rdma_, rdma ? rate_bps.value_or(0) : 0);
      rdma_at_most_ =
          std::max(rdma_at_most_, rate_bps.value_or(std::numeric_limits<double>::infinity()));
    }
  }

  /// Into ROW, what is known; a list without networks says that there is none with RDMA.
  template <class Text>
  void tell(BasicRow<Text>& row) const {
    if (all_known_ && !is_empty_) {
      row.network_bps = fastest_;
    }
    if (rdma_at_most_ <= fastest_rdma_) {
      row.rdma_bps = fastest_rdma_;
    }
  }

 private:
  bool is_empty_ = true;
  bool all_known_ = true;
  double fastest_ = 0;
  double fastest_rdma_ = 0;
  double rdma_at_most_ = 0;
};

}  // namespace cp::market
