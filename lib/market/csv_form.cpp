// SPDX-License-Identifier: Apache-2.0
#include "market/csv_form.hpp"

#include "base/text.hpp"

#include <functional>

namespace cp::market {
namespace {

// Most lines are ASCII, which takes a fraction of the time to see.
bool is_plain_ascii(std::string_view text) {
  unsigned char all = 0;
  bool has_nul = false;
  for (const char c : text) {
    all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
    has_nul |= c == 0;
  }
  return all < 0x80 && !has_nul;
}

}  // namespace

std::optional<std::span<const std::string_view>> CsvForm::read(const Line& line, Lint& lint) {
  const auto reject = [&](Fault fault) {
    lint.found(line.number, fault);
    return std::nullopt;
  };
  if (line.is_too_long) {
    return reject(Fault::long_line);
  }
  if (!is_plain_ascii(line.text) && !is_text(line.text)) {
    return reject(Fault::not_utf8);
  }
  if (!seen_.insert(std::hash<std::string_view>{}(line.text)).second) {
    return reject(Fault::duplicate_row);
  }
  const auto fields = splitter_.split(line.text);
  return fields ? fields : reject(Fault::unclosed_quote);
}

}  // namespace cp::market
