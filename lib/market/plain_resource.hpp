// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/row.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace cp::market {

/// Reads lines that hold a cp.resource/1 as programs write it, several times as fast as
/// model::parse_json and rows_of, by simdjson. Not thread-safe.
class PlainResources {
 public:
  PlainResources();
  ~PlainResources();
  PlainResources(const PlainResources&) = delete;
  PlainResources& operator=(const PlainResources&) = delete;

  struct Rows {
    std::span<RowView> rows;  ///< until the next call, and as long as the line
    bool say_all = false;     ///< the document holds nothing that the row does not
  };
  /// What model::parse_json and rows_of make of LINE, where no rule is broken and nothing rare
  /// stands in it; no rows otherwise: ask those.
  Rows read(std::string_view line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cp::market
