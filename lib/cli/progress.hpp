// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "cli/terminal.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cp::cli {

/// A progress line on stderr, for people only: bytes, rate, time left, and what holds it up. Draws
/// nothing when Terminal.progress is false. At most five times a second; not thread-safe.
class Progress {
 public:
  Progress(std::string_view verb, const Terminal& terminal, const Clock& clock);
  /// Takes the line away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// DONE of TOTAL bytes (0: not known yet); DETAIL is a few words, e.g. "12/40 files, network".
  void update(std::uint64_t done, std::uint64_t total, std::string_view detail);
  /// The verb and DETAIL alone, for what is not counted in bytes.
  void update(std::string_view detail);

 private:
  bool is_due();
  void draw(std::string_view line);

  std::string verb_;
  const Terminal& terminal_;
  const Clock& clock_;
  SteadyTime started_;
  SteadyTime drawn_{};
  bool visible_ = false;
};

}  // namespace cp::cli
