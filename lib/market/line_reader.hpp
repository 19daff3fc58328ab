// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cp::market {

/// One line of an imported file, without its end (LF or CR LF).
struct Line {
  std::string_view text;  ///< until the next call
  std::int64_t number = 0;
  bool is_too_long = false;  ///< longer than limits::import_line_bytes; TEXT is empty
};

/// Whether LINE is text: UTF-8 without a NUL.
bool is_text(std::string_view line);

/// The lines of a file or pipe, in a buffer that grows to the longest line at most. bad_data past
/// MOST bytes: some pipes never end.
class LineReader {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{4} << 30U;

  explicit LineReader(UniqueFd fd, std::size_t most = kMostBytes);
  /// "-" is standard input. Errors as open(2) has them; bad_data for a directory and for a device
  /// that is no terminal: some never end.
  static Result<LineReader> open(const std::string& path);

  /// The next line, nullopt after the last. A last line without an end counts.
  Result<std::optional<Line>> next();
  /// The next line, which the next call of `next` gives again.
  Result<std::optional<Line>> peek();

 private:
  Result<bool> fill();
  Result<std::optional<Line>> skip_long_line();
  Line take(std::size_t end, std::size_t next);

  UniqueFd fd_;
  std::size_t left_;  ///< how much more may come
  std::string buffer_;
  std::size_t begin_ = 0;   ///< of the line to come
  std::size_t end_ = 0;     ///< of what was read
  std::size_t looked_ = 0;  ///< no line ends between begin_ and here
  std::int64_t number_ = 0;
  bool is_at_end_ = false;
  std::optional<Line> peeked_;
};

}  // namespace cp::market
