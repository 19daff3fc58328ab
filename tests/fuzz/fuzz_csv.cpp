// SPDX-License-Identifier: Apache-2.0
// A line of CSV: as many fields as are allowed, each within the line; fields that are quoted again
// are the same fields. What a field says as a price or an amount is finite and not negative.
#include "base/text.hpp"
#include "fuzz.hpp"
#include "market/amounts.hpp"
#include "market/csv.hpp"

#include <cmath>
#include <string>
#include <vector>

namespace {

std::string quoted(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    line += line.empty() ? "" : ",";
    line += '"' + cp::text::replace_all(field, "\"", "\"\"") + '"';
  }
  return line;
}

void check_amounts(std::string_view field) {
  using Flaw = cp::market::Price::Flaw;
  const auto price = cp::market::parse_price(field);
  const bool is_priced = price.flaw == Flaw::none || price.flaw == Flaw::rounded;
  must(!is_priced || price.nanos > 0 || price.flaw == Flaw::rounded, "a price is above 0");
  must(price.nanos >= 0, "no price is negative");
  const auto amount = cp::market::parse_amount(field);
  must(!amount || (std::isfinite(*amount) && *amount >= 0), "an amount is finite and not negative");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 16;
  const std::string_view line = text_of(data, size);
  cp::market::CsvSplitter splitter;
  const auto fields = splitter.split(line, most);
  if (!fields) {
    must(line.find('"') != std::string_view::npos, "only a quote makes a line unreadable");
    return 0;
  }
  must(!fields->empty() && fields->size() <= most + 1, "there are as many fields as are allowed");
  std::size_t bytes = 0;
  for (const std::string_view field : *fields) {
    bytes += field.size();
    check_amounts(field);
  }
  must(bytes <= line.size(), "fields are no more than the line");
  if (fields->size() > most) {
    return 0;
  }
  const std::vector<std::string> own(fields->begin(), fields->end());
  cp::market::CsvSplitter again;
  const std::string written = quoted(own);
  const auto read = again.split(written, most);
  must(read && std::vector<std::string>(read->begin(), read->end()) == own,
       "what is quoted is read as it was");
  return 0;
}
