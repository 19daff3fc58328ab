// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

/// One escaping writer per medium (SECURITY §5): text from others passes through one of these on
/// its way out, whatever tool prints it. Only a job's own output passes raw.
namespace cp::escape {

/// TEXT for one line of a terminal or log: C0, C1, DEL, bidirectional controls, line separators and
/// bytes that are not UTF-8 become \n, \t, \xNN or \u{NNNN}; everything else stays.
std::string terminal(std::string_view text);

/// TEXT, which is JSON, with the same characters written as \uNNNN, so that it means what it meant
/// and steers no terminal; C0 and bytes that are not UTF-8 are not in JSON anyway.
std::string json(std::string_view text);

/// TEXT as one field of RFC 4180; a field that a spreadsheet would run (= + - @ first) gets a
/// leading apostrophe.
std::string csv(std::string_view text);

/// TEXT for XML, SVG and HTML, in content and in quoted attributes; characters that XML 1.0 forbids
/// become U+FFFD.
std::string xml(std::string_view text);

/// TEXT as the value of an OpenMetrics label, without the quotes.
std::string openmetrics(std::string_view text);

/// TEXT as one word of a POSIX shell, quoted only where it must be.
std::string shell(std::string_view text);

}  // namespace cp::escape
