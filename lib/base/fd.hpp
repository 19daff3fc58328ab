// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace cp {

/// Owns one file descriptor; closes it at the end. Move-only, not thread-safe.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

/// Writes all of BYTES to FD, whatever signals and short writes come between; waits where FD does
/// not block by itself. The error's message is the system's alone ("no space left on device"); the
/// caller says what it was writing.
Result<void> write_all(int fd, std::string_view bytes);

/// Up to OUT.size() bytes from FD, at least one; 0 at its end. Waits where FD does not block by
/// itself.
Result<std::size_t> read_some(int fd, std::span<char> out);

/// Exactly OUT.size() bytes from FD; bad_data "unexpected end" when there are fewer.
Result<void> read_exact(int fd, std::span<char> out);

/// Everything up to the end of FD; bad_data when that is more than LIMIT bytes.
Result<std::string> read_to_end(int fd, std::size_t limit);

/// A pipe, both ends close-on-exec.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Result<Pipe> make_pipe();

}  // namespace cp
