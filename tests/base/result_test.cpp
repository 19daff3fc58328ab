// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include "catch.hpp"
#include <array>
#include <cerrno>
#include <memory>
#include <string>

using cp::Errc;
using cp::Error;
using cp::Result;

namespace {

Result<int> half(int value) {
  if (value % 2 != 0) {
    return cp::fail(Errc::bad_data, "{} is odd", value);
  }
  return value / 2;
}

Result<int> quarter(int value) {
  CP_TRY_ASSIGN(const int once, half(value));
  CP_TRY(half(once));
  return half(once);
}

Result<std::unique_ptr<int>> only_moves() { return std::make_unique<int>(7); }

Result<int> moved_out() {
  CP_TRY_ASSIGN(const std::unique_ptr<int> owned, only_moves());
  return *owned;
}

}  // namespace

TEST_CASE("CP_TRY hands the first error on and the value through") {
  CHECK(quarter(3).error().message == "3 is odd");
  CHECK(quarter(6).error().message == "3 is odd");
  CHECK(quarter(6).error().code == Errc::bad_data);
  CHECK(*quarter(12) == 3);
  CHECK(*moved_out() == 7);
}

TEST_CASE("each kind of failure has the exit status and the name that the manual gives") {
  struct Case {
    Errc code;
    int status;
    std::string name;
  };
  const std::array<Case, 12> cases{{{Errc::failed, 1, "failed"},
                                    {Errc::usage, 64, "usage"},
                                    {Errc::bad_data, 65, "bad_data"},
                                    {Errc::not_found, 66, "not_found"},
                                    {Errc::unavailable, 69, "unavailable"},
                                    {Errc::internal, 70, "internal"},
                                    {Errc::cannot_create, 73, "cannot_create"},
                                    {Errc::io, 74, "io"},
                                    {Errc::timed_out, 75, "timed_out"},
                                    {Errc::protocol, 76, "protocol"},
                                    {Errc::denied, 77, "denied"},
                                    {Errc::bad_config, 78, "bad_config"}}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK(cp::exit_status(c.code) == c.status);
    CHECK(cp::name_of(c.code) == c.name);
  }
}

TEST_CASE("of several failures the gravest decides") {
  const std::array order{Errc::internal,  Errc::usage,         Errc::bad_data,  Errc::bad_config,
                         Errc::denied,    Errc::protocol,      Errc::timed_out, Errc::unavailable,
                         Errc::not_found, Errc::cannot_create, Errc::io,        Errc::failed};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i; j < order.size(); ++j) {
      CHECK(cp::graver(order[i], order[j]) == order[i]);
      CHECK(cp::graver(order[j], order[i]) == order[i]);
    }
  }
}

TEST_CASE("an errno is told as one would say it, and falls under a kind") {
  CHECK(cp::errno_text(EACCES) == "permission denied");
  CHECK(cp::errno_text(ENOSPC) == "no space left on device");
  CHECK(cp::errno_text(EIO) == "input/output error");
  CHECK(cp::errno_text(EDOTDOT) == "RFS specific error");
  CHECK(cp::errc_of_errno(ENOENT) == Errc::not_found);
  CHECK(cp::errc_of_errno(ENOTDIR) == Errc::not_found);
  CHECK(cp::errc_of_errno(EPERM) == Errc::denied);
  CHECK(cp::errc_of_errno(ETIMEDOUT) == Errc::timed_out);
  CHECK(cp::errc_of_errno(ECONNREFUSED) == Errc::unavailable);
  CHECK(cp::errc_of_errno(ENOSPC) == Errc::io);
  const Error error = cp::fail_errno(EACCES, "cannot open x").value();
  CHECK(error.message == "cannot open x: permission denied");
  CHECK(error.code == Errc::denied);
  CHECK(cp::fail_errno(Errc::cannot_create, EACCES, "x").value().code == Errc::cannot_create);
}

TEST_CASE("a hint goes beside the message, not into it") {
  const Error error = cp::with_hint(cp::fail(Errc::usage, "no currency"), "write 15CNY").value();
  CHECK(error.message == "no currency");
  CHECK(error.hint == "write 15CNY");
  CHECK(error.code == Errc::usage);
}
