// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::market {

/// Cuts lines of RFC 4180 into fields. A quoted field ends on its line: catalogs have no others,
/// and one stray quote would swallow the rest of the file.
class CsvSplitter {
 public:
  /// The fields of LINE, valid until the next call and as long as LINE; nullopt when a quote does
  /// not end or ends a field that none begins, as in the rest of one that began lines before.
  /// Fields past MOST are not looked at: the count is then MOST + 1.
  std::optional<std::span<const std::string_view>> split(std::string_view line,
                                                         std::size_t most = 256);

 private:
  bool split_quoted(std::string_view line, std::size_t most);

  std::vector<std::string_view> fields_;
  std::string unquoted_;
};

}  // namespace cp::market
