// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace cp {
namespace {

struct Row {
  Errc code;
  int status;
  const char* name;
};

// In order of gravity: the first of those that happened decides the exit status.
constexpr std::array<Row, 12> kRows{{
    {Errc::internal, 70, "internal"},
    {Errc::usage, 64, "usage"},
    {Errc::bad_data, 65, "bad_data"},
    {Errc::bad_config, 78, "bad_config"},
    {Errc::denied, 77, "denied"},
    {Errc::protocol, 76, "protocol"},
    {Errc::timed_out, 75, "timed_out"},
    {Errc::unavailable, 69, "unavailable"},
    {Errc::not_found, 66, "not_found"},
    {Errc::cannot_create, 73, "cannot_create"},
    {Errc::io, 74, "io"},
    {Errc::failed, 1, "failed"},
}};

const Row& row_of(Errc code) {
  for (const Row& row : kRows) {
    if (row.code == code) {
      return row;
    }
  }
  std::abort();
}

}  // namespace

int exit_status(Errc code) { return row_of(code).status; }

const char* name_of(Errc code) { return row_of(code).name; }

Errc graver(Errc a, Errc b) { return &row_of(a) <= &row_of(b) ? a : b; }

std::string errno_text(int error_number) {
  // GNU strerror_r returns the text and may leave the buffer alone.
  char buffer[128];
  std::string text = strerror_r(error_number, buffer, sizeof buffer);
  // "Invalid argument" is lowered, "RPC struct is bad" is not.
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

Errc errc_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return Errc::not_found;
    case EACCES:
    case EPERM:
      return Errc::denied;
    case ETIMEDOUT:
      return Errc::timed_out;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOSYS:
    case EOPNOTSUPP:
      return Errc::unavailable;
    default:
      return Errc::io;
  }
}

tl::unexpected<Error> fail_errno(int error_number, std::string what) {
  return fail_errno(errc_of_errno(error_number), error_number, std::move(what));
}

tl::unexpected<Error> fail_errno(Errc code, int error_number, std::string what) {
  return tl::unexpected<Error>(Error{code, std::move(what) + ": " + errno_text(error_number), {}});
}

tl::unexpected<Error> with_hint(tl::unexpected<Error> error, std::string hint) {
  error.value().hint = std::move(hint);
  return error;
}

}  // namespace cp
