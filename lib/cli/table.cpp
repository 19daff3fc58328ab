// SPDX-License-Identifier: Apache-2.0
#include "cli/table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace cp::cli {
namespace {

constexpr std::size_t kHeldRows = 500;
constexpr int kGap = 2;
constexpr int kNarrowest = 8;
constexpr int kLongestWhole = 64;  // no identifier of ours is longer; a hostile name may be
constexpr int kFigure = 4;         // of a bar: "10.0"

bool is_right_aligned(Show show) {
  return show != Show::text && show != Show::id && show != Show::verdict && show != Show::time &&
         show != Show::bar;
}

Style style_of_verdict(std::string_view word) {
  constexpr std::array<std::string_view, 10> good{"free", "ok",   "verified", "COMPLETED", "done",
                                                  "yes",  "true", "valid",    "answered",  "pass"};
  constexpr std::array<std::string_view, 9> bad{"failed",  "FAILED", "none", "CANCELED", "missing",
                                                "invalid", "no",     "fail", "rejected"};
  if (std::ranges::find(good, word) != good.end()) {
    return Style::green;
  }
  return std::ranges::find(bad, word) != bad.end() ? Style::red : Style::yellow;
}

// What stands behind the bar.
std::string figure_of(const std::string& cell) { return cell.substr(cell.rfind(' ') + 1); }

}  // namespace

Table::Table(std::vector<Column> columns, const Terminal& terminal)
    : columns_(std::move(columns)), terminal_(terminal) {}

std::string Table::add(const model::Json& document) {
  Row row;
  for (const Column& column : columns_) {
    std::string cell = show_cell(document, column.path, column.show);
    row.cells.push_back(cell.empty() ? "-" : std::move(cell));
  }
  if (!widths_.empty()) {
    return draw(row, false);
  }
  held_.push_back(std::move(row));
  return held_.size() < kHeldRows ? "" : flush();
}

std::string Table::flush() {
  std::string out;
  if (widths_.empty() && !held_.empty()) {
    fix_widths();
    Row head;
    for (const Column& column : columns_) {
      head.cells.emplace_back(column.title);
    }
    out += draw(head, true);
  }
  for (const Row& row : std::exchange(held_, {})) {
    out += draw(row, false);
  }
  return out;
}

void Table::fix_widths() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int width = display_width(columns_[i].title);
    for (const Row& row : held_) {
      width = std::max(width, display_width(row.cells[i]));
    }
    widths_.push_back(width);
  }
  if (terminal_.output_is_terminal && total_width() > terminal_.columns) {
    narrow();
  }
}

int Table::total_width() const {
  const auto shown = std::ranges::count_if(widths_, [](int width) { return width > 0; });
  return std::accumulate(widths_.begin(), widths_.end(), 0) + kGap * static_cast<int>(shown - 1);
}

bool Table::is_whole(std::size_t column) const {
  return column == 0 || columns_[column].show == Show::id;
}

int Table::least_width(std::size_t column) const {
  int least = kNarrowest;
  for (const Row& row : held_) {
    const int width = is_whole(column) ? display_width(row.cells[column]) : 0;
    least = width <= kLongestWhole ? std::max(least, width) : least;
  }
  return least;
}

bool Table::says_nothing(std::size_t column) const {
  return std::ranges::all_of(held_, [column](const Row& row) {
    return row.cells[column] == "-" || row.cells[column] == "unknown";
  });
}

void Table::narrow() {
  for (std::size_t i = widths_.size(); i-- > 1 && total_width() > terminal_.columns;) {
    widths_[i] = says_nothing(i) ? 0 : widths_[i];
  }
  if (total_width() > terminal_.columns) {
    has_bars_ = false;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      const bool is_bar = columns_[i].show == Show::bar && widths_[i] > 0;
      widths_[i] = is_bar ? std::max(kFigure, display_width(columns_[i].title)) : widths_[i];
    }
  }
  std::vector<int> least;
  for (std::size_t i = 0; i < widths_.size(); ++i) {
    least.push_back(least_width(i));
  }
  // The widest text columns give way, one character at a time.
  while (total_width() > terminal_.columns) {
    int* widest = nullptr;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      const bool is_text = columns_[i].show == Show::text || columns_[i].show == Show::id;
      if (is_text && widths_[i] > least[i] && (widest == nullptr || widths_[i] > *widest)) {
        widest = &widths_[i];
      }
    }
    if (widest == nullptr) {
      break;
    }
    --*widest;
  }
  for (std::size_t i = widths_.size(); i-- > 1 && total_width() > terminal_.columns;) {
    left_out_ += is_whole(i) || widths_[i] == 0 ? 0 : 1;
    widths_[i] = is_whole(i) ? widths_[i] : 0;
  }
}

std::string Table::note() const {
  if (left_out_ == 0) {
    return "";
  }
  const std::string text = fmt::format("{} {} left out; --json has all", left_out_,
                                       left_out_ == 1 ? "column" : "columns");
  return styled(text, Style::dim, terminal_.output_colour) + "\n";
}

std::string Table::draw(const Row& row, bool is_head) const {
  std::string line;
  const auto last =
      std::ranges::find_if(widths_.rbegin(), widths_.rend(), [](int width) { return width > 0; });
  const auto last_index = static_cast<std::size_t>(widths_.rend() - last) - 1;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths_[i] == 0) {
      continue;
    }
    const bool is_cut_bar = !has_bars_ && columns_[i].show == Show::bar && !is_head;
    const std::string full = is_cut_bar ? figure_of(row.cells[i]) : row.cells[i];
    const bool is_kept =
        !terminal_.output_is_terminal || (is_whole(i) && display_width(full) <= kLongestWhole);
    const std::string cell = is_kept ? full : fit(full, widths_[i]);
    const auto pad = static_cast<std::size_t>(std::max(0, widths_[i] - display_width(cell)));
    const Style style = is_head                             ? Style::bold
                        : columns_[i].show == Show::verdict ? style_of_verdict(cell)
                                                            : Style::plain;
    const std::string shown = styled(cell, style, terminal_.output_colour);
    const bool is_last = i == last_index;
    if (is_right_aligned(columns_[i].show) || is_cut_bar) {
      line += std::string(pad, ' ') + shown;
    } else {
      line += shown + std::string(is_last ? 0 : pad, ' ');
    }
    line += is_last ? "\n" : std::string(kGap, ' ');
  }
  return line;
}

}  // namespace cp::cli
