// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/core.h>
#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace cp {

/// What kind of failure an error is. Each kind is one exit status (DESIGN §10, sysexits.h).
enum class Errc {
  failed,         ///< it ran and the answer is no
  usage,          ///< wrong command line
  bad_data,       ///< malformed or unfinished input
  not_found,      ///< the named thing does not exist
  unavailable,    ///< unreachable, or unsupported here
  internal,       ///< our bug
  cannot_create,  ///< the output cannot be created
  io,             ///< reading or writing failed
  timed_out,      ///< timed out or busy: try again
  protocol,       ///< the peer broke the protocol
  denied,         ///< refused
  bad_config,     ///< bad configuration
};

/// A failure of the outside world: one line for people, and what to do next where that is known.
struct Error {
  Errc code = Errc::internal;
  std::string message;
  std::string hint;
};

template <class T>
using Result = tl::expected<T, Error>;

/// The exit status of CODE (DESIGN §10).
int exit_status(Errc code);

/// The short name of CODE that `cp.error` carries, e.g. "unavailable".
const char* name_of(Errc code);

/// Of two failures of one command, the one that decides its exit status: the first of
/// 70, 64, 65, 78, 77, 76, 75, 69, 66, 73, 74, then 1.
Errc graver(Errc a, Errc b);

/// "permission denied" for EACCES: strerror without its capital letter.
std::string errno_text(int error_number);

/// The kind that a failed system call's errno stands for: ENOENT is not_found, EACCES and EPERM
/// denied, ETIMEDOUT timed_out, ECONNREFUSED and its kin unavailable, all else io.
Errc errc_of_errno(int error_number);

/// An error value, to be returned from a function that gives Result<T>.
template <class... Args>
tl::unexpected<Error> fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), {}});
}

/// The error of a failed system call: "WHAT: permission denied".
tl::unexpected<Error> fail_errno(int error_number, std::string what);
tl::unexpected<Error> fail_errno(Errc code, int error_number, std::string what);

/// ERROR with a hint for the next line: what to type, what to set.
tl::unexpected<Error> with_hint(tl::unexpected<Error> error, std::string hint);

}  // namespace cp

#define CP_CONCAT_INNER(a, b) a##b
#define CP_CONCAT(a, b) CP_CONCAT_INNER(a, b)

/// Returns from the function with the error of EXPRESSION, if it has one.
#define CP_TRY(expression)                                              \
  do {                                                                  \
    if (auto cp_result = (expression); !cp_result) {                    \
      return tl::unexpected<::cp::Error>(std::move(cp_result).error()); \
    }                                                                   \
  } while (false)

/// Declares or assigns TARGET from the value of EXPRESSION, or returns with its error.
#define CP_TRY_ASSIGN(target, expression)                                                   \
  auto CP_CONCAT(cp_result_, __LINE__) = (expression);                                      \
  if (!CP_CONCAT(cp_result_, __LINE__)) {                                                   \
    return tl::unexpected<::cp::Error>(std::move(CP_CONCAT(cp_result_, __LINE__)).error()); \
  }                                                                                         \
  target = *std::move(CP_CONCAT(cp_result_, __LINE__))
