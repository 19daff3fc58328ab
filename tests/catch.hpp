// SPDX-License-Identifier: Apache-2.0
#pragma once

// Debian 12 has Catch2 2.13, newer systems version 3.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

/// Whether a test of this program has left something out; the program then ends with 77, which
/// CTest counts as skipped, unless a check failed.
inline bool& has_left_something_out() {
  static bool left_out = false;
  return left_out;
}

/// Says that what follows cannot be tried here, and why; the caller goes past it.
#define CP_LEAVE_OUT(reason)         \
  do {                               \
    WARN("skipped: " << (reason));   \
    has_left_something_out() = true; \
  } while (false)
