// SPDX-License-Identifier: Apache-2.0
#include "summary.hpp"

#include "base/escape.hpp"
#include "base/text.hpp"
#include "cli/terminal.hpp"
#include "model/json.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <array>
#include <string>
#include <vector>

namespace cpprobe {
namespace {

using cp::cli::Show;
using cp::cli::Style;
using cp::model::Json;

constexpr std::array<std::string_view, 7> kFigures{"min", "p50",  "p90",   "p99",
                                                   "max", "mean", "stddev"};

std::int64_t count_at(const Json& measurement, std::string_view path) {
  return cp::model::int_at(measurement, path).value_or(0);
}

std::string percentage(double ratio) {
  const double value = ratio * 100;
  return fmt::format("{:.{}f} %", value, value == 0 || value >= 10 ? 0 : value >= 1 ? 1 : 2);
}

// "97 of 100 answered, 3 lost (3.0 %), 1 duplicate"
std::string counts_line(const Json& m) {
  std::vector<std::string> parts{
      fmt::format("{} of {} answered", count_at(m, "received"), count_at(m, "sent.sent"))};
  const auto ratio = cp::model::number_at(m, "loss_ratio");
  parts.push_back(count_at(m, "lost") == 0 ? "none lost"
                                           : fmt::format("{} lost ({})", count_at(m, "lost"),
                                                         percentage(ratio.value_or(0))));
  for (const auto& [path, words] :
       {std::pair("sent.pending", "still on their way"), std::pair("too_late", "came too late"),
        std::pair("duplicates", "came twice"), std::pair("reordered", "overtaken"),
        std::pair("foreign", "answered nothing"), std::pair("sent.missed_slots", "never sent"),
        std::pair("sent.unsent", "not taken by the system")}) {
    if (const auto count = count_at(m, path); count > 0) {
      parts.push_back(fmt::format("{} {}", count, words));
    }
  }
  return cp::text::join(parts, ", ");
}

std::string row(const Json& m, std::string_view title, std::string_view path) {
  std::string line = fmt::format("{:<14}", title);
  for (const std::string_view figure : kFigures) {
    const std::string cell =
        cp::cli::show_cell(m, fmt::format("{}.{}_ns", path, figure), Show::nanoseconds);
    line += fmt::format("{:>9}", cell);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

void print_figures(cp::cli::Output& output, const Json& m, bool with_colour) {
  std::string head = std::string(14, ' ');
  for (const std::string_view figure : kFigures) {
    head += fmt::format("{:>9}", figure);
  }
  output.line("");
  output.line(cp::cli::styled(head, Style::dim, with_colour));
  output.line(row(m, "round trip", "rtt"));
  if (cp::model::find(m, "split") != nullptr) {
    output.line(row(m, "  to kernel", "split.app_tx"));
    output.line(row(m, "  network", "split.net"));
    output.line(row(m, "  reflector", "split.reflector"));
    output.line(row(m, "  from kernel", "split.app_rx"));
  }
  output.line("");
}

std::string verdict_line(const Json& m, bool with_colour) {
  if (cp::model::bool_at(m, "valid").value_or(false)) {
    const auto score = cp::cli::show_cell(m, "score.value", Show::text);
    return fmt::format("{}, confidence {}, score {} of 10",
                       cp::cli::styled("valid", Style::green, with_colour),
                       cp::cli::show_cell(m, "confidence", Show::text), score);
  }
  return fmt::format("{}: {}", cp::cli::styled("not valid", Style::red, with_colour),
                     cp::cli::show_cell(m, "invalid_reasons", Show::text));
}

}  // namespace

void print_summary(cp::cli::Output& output, const Json& measurement, bool with_colour) {
  output.line(cp::cli::styled(cp::cli::show_cell(measurement, "target", Show::text), Style::bold,
                              with_colour));
  output.line(counts_line(measurement));
  if (count_at(measurement, "rtt.n") > 0) {
    print_figures(output, measurement, with_colour);
  }
  output.line(verdict_line(measurement, with_colour));
}

}  // namespace cpprobe
