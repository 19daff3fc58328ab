// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "identity/record_filter.hpp"
#include "identity/registry_view.hpp"

#include <string>
#include <vector>

namespace cp::identity {

/// Goes through all records that a registry has, its own and those of others that it keeps, page by
/// page: between pages nothing is held in the store, so that a slow reader holds nobody up. A
/// record that changes meanwhile comes as it was or as it is. Borrows VIEW.
class RecordScan {
 public:
  /// FILTER (identity/record_filter.hpp) chooses; by default all come.
  explicit RecordScan(RegistryView& view, RecordFilter filter = {});

  /// The records among the next few hundred that FILTER lets through.
  Result<std::vector<StoredDocument>> page();
  bool is_at_end() const { return phase_ == Phase::end; }

 private:
  enum class Phase : std::uint8_t { own, kept, end };
  Result<store::Statement> next_rows();
  Result<void> drop_void(std::vector<StoredDocument>& found);

  RegistryView& view_;
  RecordFilter filter_;
  Phase phase_ = Phase::own;
  std::string after_;  // the last code or serial that was seen
};

}  // namespace cp::identity
