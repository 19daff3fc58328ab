// SPDX-License-Identifier: Apache-2.0
#include "market/csv.hpp"

#include <cstring>

namespace cp::market {

std::optional<std::span<const std::string_view>> CsvSplitter::split(std::string_view line,
                                                                    std::size_t most) {
  fields_.clear();
  if (std::memchr(line.data(), '"', line.size()) != nullptr) {
    return split_quoted(line, most) ? std::optional<std::span<const std::string_view>>(fields_)
                                    : std::nullopt;
  }
  std::size_t start = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ',') {
      fields_.push_back(line.substr(start, i - start));
      start = i + 1;
      if (fields_.size() > most) {
        return fields_;
      }
    }
  }
  fields_.push_back(line.substr(start));
  return fields_;
}

bool CsvSplitter::split_quoted(std::string_view line, std::size_t most) {
  // Never longer than the line, so that the views into it stay good.
  unquoted_.clear();
  unquoted_.reserve(line.size());
  std::size_t at = 0;
  while (true) {
    const std::size_t start = unquoted_.size();
    const bool is_quoted = at < line.size() && line[at] == '"';
    at += is_quoted ? 1 : 0;
    for (; at < line.size() && (is_quoted || line[at] != ','); ++at) {
      if (is_quoted && line[at] == '"') {
        if (at + 1 >= line.size() || line[at + 1] != '"') {
          break;
        }
        ++at;
      } else if (!is_quoted && line[at] == '"' && (at + 1 == line.size() || line[at + 1] == ',')) {
        return false;
      }
      unquoted_.push_back(line[at]);
    }
    if (is_quoted && at++ >= line.size()) {
      return false;
    }
    // What stands between a closing quote and the comma belongs to the field, as everywhere.
    for (; is_quoted && at < line.size() && line[at] != ','; ++at) {
      unquoted_.push_back(line[at]);
    }
    fields_.emplace_back(unquoted_.data() + start, unquoted_.size() - start);
    if (at >= line.size() || fields_.size() > most) {
      return true;
    }
    ++at;
  }
}

}  // namespace cp::market
