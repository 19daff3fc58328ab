// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include "base/escape.hpp"
#include "base/fd.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <cmath>

namespace cp::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{200};
constexpr int kBarCells = 20;

std::string bar(double part) {
  const int filled = static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * kBarCells));
  std::string out;
  for (int i = 0; i < kBarCells; ++i) {
    out += i < filled ? "█" : "░";
  }
  return out;
}

}  // namespace

Progress::Progress(std::string_view verb, const Terminal& terminal, const Clock& clock)
    : verb_(verb), terminal_(terminal), clock_(clock), started_(clock.steady()) {}

Progress::~Progress() {
  if (visible_) {
    (void)write_all(2, "\r\033[K");
  }
}

bool Progress::is_due() {
  if (!terminal_.progress || terminal_.quiet) {
    return false;
  }
  const SteadyTime now = clock_.steady();
  if (visible_ && now - drawn_ < kInterval) {
    return false;
  }
  drawn_ = now;
  return true;
}

void Progress::update(std::uint64_t done, std::uint64_t total, std::string_view detail) {
  if (!is_due()) {
    return;
  }
  const double seconds = std::chrono::duration<double>(drawn_ - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = fmt::format("{} ", verb_);
  if (total > 0) {
    const double part = static_cast<double>(done) / static_cast<double>(total);
    line += fmt::format("{} {:3.0f} %  ", bar(part), std::floor(part * 100));
  }
  line += fmt::format("{}  {}/s", units::show_bytes(static_cast<double>(done)),
                      units::show_bytes(rate));
  if (total > done && rate > 0) {
    const double left = static_cast<double>(total - done) / rate;
    line += fmt::format("  {} left",
                        units::show_duration(std::chrono::seconds(std::llround(std::ceil(left)))));
  }
  if (!detail.empty()) {
    line += "  " + escape::terminal(detail);
  }
  draw(line);
}

void Progress::update(std::string_view detail) {
  if (is_due()) {
    draw(fmt::format("{} {}", verb_, escape::terminal(detail)));
  }
}

// One line and no more: a wrapped line could not be taken away again.
void Progress::draw(std::string_view line) {
  (void)write_all(2, "\r" + fit(line, terminal_.columns - 1) + "\033[K");
  visible_ = true;
}

}  // namespace cp::cli
