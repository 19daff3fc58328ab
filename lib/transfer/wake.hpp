// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <chrono>
#include <stop_token>

namespace cp::transfer {

/// Wakes the one thread that waits, from any other.
class Wake {
 public:
  static Result<Wake> make();

  void signal() const;
  int fd() const { return fd_.get(); }
  /// Takes the signals so far.
  void clear() const;
  /// Waits for a signal or until TIMEOUT has passed.
  void wait(std::chrono::milliseconds timeout) const;

 private:
  explicit Wake(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace cp::transfer
