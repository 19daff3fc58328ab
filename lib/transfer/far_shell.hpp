// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "net/stream.hpp"
#include "transfer/far_sum.hpp"
#include "transfer/tar.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::transfer {

/// A POSIX shell on another machine that runs far_agent: requests out, answers in. What it answers
/// is hostile: lines and records are bounded, and what fits no question is protocol. A far end that
/// says nothing for too long is timed_out, one that is gone unavailable. For one thread, but for
/// `shutdown`.
class FarShell {
 public:
  /// What the host has.
  struct Tools {
    FarSumKind sum = FarSumKind::sha256;
    bool reads_bytes = false;  ///< one at a time, for want of a dd or head that can do better
    TarDialect tar = TarDialect::gnu;
    bool has_status = false;                  ///< stat(1): sizes, modes and times before they come
    std::chrono::seconds clock_is_behind{0};  ///< ours
  };

  /// Starts the agent in the shell behind STREAM, which waits for its length and its text.
  /// unavailable where what it needs is missing.
  static Result<std::unique_ptr<FarShell>> start(std::unique_ptr<net::Stream> stream,
                                                 std::chrono::nanoseconds silence);
  /// What `start` made; use that.
  FarShell(std::unique_ptr<net::Stream> stream, std::chrono::nanoseconds silence)
      : stream_(std::move(stream)), silence_(silence) {}

  const Tools& tools() const { return tools_; }

  /// Asks for WORD with ARGUMENTS, of any bytes but NUL.
  Result<void> ask(std::string_view word, std::span<const std::string> arguments = {});
  /// The same, and BYTES behind it; the request ends in how many they are.
  Result<void> hand(std::string_view word, std::vector<std::string> arguments,
                    std::span<const std::byte> bytes);

  /// The next line of an answer, without its end.
  Result<std::string> line();
  /// As `line`, up to a NUL.
  Result<std::string> record();
  /// Exactly OUT.size() bytes.
  Result<void> read(std::span<std::byte> out);
  /// After an archive: passes over the zeros that end it.
  Result<void> end_of_archive();
  /// Whether the answer is "ok"; failed, with what the far end says, when it is "bad …".
  Result<void> hear_ok();
  /// The lines of an answer up to "end", but for empty ones.
  Result<std::vector<std::string>> lines();
  /// The sums of the files at PATHS (as the agent sees them), "" for each that cannot be read.
  Result<std::vector<std::string>> sums(std::span<const std::string> paths);

  void shutdown() { stream_->shutdown(); }

 private:
  Result<void> greet();
  Result<void> fill();
  Result<std::string> up_to(char end, std::size_t limit);
  Result<void> sum_plain(std::span<const std::string> paths, std::span<const std::size_t> which,
                         std::vector<std::string>& sums);
  Result<std::string> sum_odd(const std::string& path);

  std::unique_ptr<net::Stream> stream_;
  std::chrono::nanoseconds silence_;
  Tools tools_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
};

/// TEXT as a word of a request: in quotes, on one line.
std::string far_word(std::string_view text);

/// PATH as the far shell takes it: never an option, an operator or a variable.
std::string far_path_word(std::string_view path);

}  // namespace cp::transfer
