// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include "base/fd.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cp::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets it
  return value == nullptr ? "" : value;
}

int width_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  const auto columns = text::to_int(variable("COLUMNS"));
  return columns && *columns > 0 && *columns < 10'000 ? static_cast<int>(*columns) : 80;
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::bold:
      return "1";
    case Style::dim:
      return "2";
    case Style::red:
      return "31";
    case Style::green:
      return "32";
    case Style::yellow:
      return "33";
    case Style::blue:
      return "34";
    case Style::plain:
      break;
  }
  return "";
}

// The East Asian wide and full-width ranges and emoji (Unicode TR 11), coarse: wcwidth(3) knows
// them only under a UTF-8 locale, which a login shell need not have.
int width_of(std::uint32_t code) {
  const bool is_combining = (code >= 0x300U && code <= 0x36FU) ||
                            (code >= 0xFE00U && code <= 0xFE0FU) ||
                            (code >= 0x200BU && code <= 0x200DU);
  if (is_combining) {
    return 0;
  }
  const bool is_wide =
      (code >= 0x1100U && code <= 0x115FU) || (code >= 0x2E80U && code <= 0xA4CFU) ||
      (code >= 0xAC00U && code <= 0xD7A3U) || (code >= 0xF900U && code <= 0xFAFFU) ||
      (code >= 0xFE30U && code <= 0xFE6FU) || (code >= 0xFF00U && code <= 0xFF60U) ||
      (code >= 0xFFE0U && code <= 0xFFE6U) || (code >= 0x1F300U && code <= 0x1FAFFU) ||
      (code >= 0x20000U && code <= 0x3FFFDU);
  return is_wide ? 2 : 1;
}

}  // namespace

Terminal detect_terminal() {
  Terminal terminal;
  terminal.input_is_terminal = ::isatty(0) == 1;
  terminal.output_is_terminal = ::isatty(1) == 1;
  terminal.error_is_terminal = ::isatty(2) == 1;
  const bool may_colour = variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  terminal.output_colour = terminal.output_is_terminal && may_colour;
  terminal.error_colour = terminal.error_is_terminal && may_colour;
  terminal.progress = terminal.error_is_terminal && variable("TERM") != "dumb";
  terminal.columns = width_of(terminal.output_is_terminal ? 1 : 2);
  return terminal;
}

bool has_controlling_terminal() {
  return static_cast<bool>(UniqueFd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)));
}

std::string styled(std::string_view text, Style style, bool enabled) {
  const std::string_view code = code_of(style);
  if (!enabled || code.empty() || text.empty()) {
    return std::string(text);
  }
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const utf8::CodePoint c = utf8::decode(text);
    width += c.valid ? width_of(c.code) : 1;
    text.remove_prefix(c.length);
  }
  return width;
}

std::string fit(std::string_view text, int width) {
  if (display_width(text) <= width) {
    return std::string(text);
  }
  std::string out;
  int used = 0;
  while (!text.empty()) {
    const std::size_t length = utf8::decode(text).length;
    used += display_width(text.substr(0, length));
    if (used > width - 1) {
      break;
    }
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out + "…";
}

}  // namespace cp::cli
