// SPDX-License-Identifier: Apache-2.0
#include "market/csv_rows.hpp"

#include "base/text.hpp"

namespace cp::market {

Result<CsvRows> CsvRows::open(LineReader& lines, Lint& lint) {
  CsvRows rows(lines, lint);
  CP_TRY_ASSIGN(const auto first, lines.next());
  if (!first || first->is_too_long || !is_text(first->text)) {
    return fail(Errc::bad_data, "line 1 is no header");
  }
  std::string_view header = first->text;
  if (header.starts_with("\xEF\xBB\xBF")) {
    header.remove_prefix(3);
  }
  CsvSplitter splitter;
  const auto names = splitter.split(header);
  if (!names) {
    return fail(Errc::bad_data, "line 1 is no header: a quote does not end");
  }
  for (std::size_t i = 0; i < names->size(); ++i) {
    const std::string_view name = text::trim((*names)[i]);
    if (!rows.columns_.emplace(name, i).second) {
      return fail(Errc::bad_data, "line 1 names the column {} twice", name);
    }
  }
  return rows;
}

Result<bool> CsvRows::next() {
  while (true) {
    CP_TRY_ASSIGN(const auto line, lines_->next());
    if (!line) {
      return false;
    }
    if ((!line->text.empty() || line->is_too_long) && read(*line)) {
      return true;
    }
  }
}

bool CsvRows::read(const Line& line) {
  line_ = line.number;
  const auto fields = form_.read(line, *lint_);
  if (!fields) {
    return false;
  }
  if (fields->size() != columns_.size()) {
    lint_->found(line.number,
                 fields->size() < columns_.size() ? Fault::short_row : Fault::long_row);
    return false;
  }
  fields_ = *fields;
  return true;
}

std::string_view CsvRows::field(std::string_view column) const {
  const auto place = columns_.find(std::string(column));
  return place == columns_.end() ? std::string_view{} : text::trim(fields_[place->second]);
}

}  // namespace cp::market
