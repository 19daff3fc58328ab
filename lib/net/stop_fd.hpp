// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <functional>
#include <memory>
#include <stop_token>

namespace cp::net {

/// A descriptor that becomes readable when a stop is asked for, so that poll(2) ends as well. It
/// stays readable. Stays where it was made, since the token calls it back.
class StopFd {
 public:
  static Result<std::unique_ptr<StopFd>> make(const std::stop_token& stop);
  /// EVENT is an eventfd; use `make`.
  StopFd(UniqueFd event, const std::stop_token& stop);
  StopFd(const StopFd&) = delete;
  StopFd& operator=(const StopFd&) = delete;

  int get() const { return event_.get(); }

 private:
  UniqueFd event_;
  std::stop_callback<std::function<void()>> callback_;
};

}  // namespace cp::net
