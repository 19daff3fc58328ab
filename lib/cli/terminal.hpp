// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace cp::cli {

/// What the three standard streams are, and what the user said of colour and progress.
struct Terminal {
  bool input_is_terminal = false;
  bool output_is_terminal = false;
  bool error_is_terminal = false;
  bool output_colour = false;  ///< --color, NO_COLOR, TERM=dumb and the stream decide
  bool error_colour = false;
  bool progress = false;  ///< draw progress on stderr
  bool quiet = false;
  bool verbose = false;
  int columns = 80;
};

/// The streams as they are, without flags.
Terminal detect_terminal();

/// Whether a program that we start can ask the user something, whatever the streams are.
bool has_controlling_terminal();

enum class Style { plain, bold, dim, red, green, yellow, blue };
/// TEXT in STYLE when ENABLED, else TEXT.
std::string styled(std::string_view text, Style style, bool enabled);

/// The columns that TEXT takes on a terminal (wcwidth; wide characters take two).
int display_width(std::string_view text);

/// TEXT in at most WIDTH columns; what is cut off is an ellipsis.
std::string fit(std::string_view text, int width);

}  // namespace cp::cli
