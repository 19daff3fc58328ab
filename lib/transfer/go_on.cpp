// SPDX-License-Identifier: Apache-2.0
#include "transfer/go_on.hpp"

#include "base/random.hpp"
#include "transfer/resume.hpp"
#include "transfer/retry.hpp"

namespace cp::transfer {
namespace {

// What ended a transfer that was under way, for good.
Error given_up(const Request& request, Error error) {
  error.code = Errc::timed_out;
  if (error.hint.empty()) {
    error.hint = request.is_from_stream() ? "a stream cannot be gone on with: nothing of it stays"
                 : request.is_to_stream() ? "what goes to a stream cannot be gone on with"
                 : request.resume         ? "the same command goes on from here"
                                          : "files that had arrived whole stay";
  }
  return error;
}

// Whether another connection may go on: the peer is gone, or was not there in the first place.
bool is_lost(const std::optional<Error>& error) {
  return error && (error->code == Errc::timed_out || error->code == Errc::unavailable);
}

}  // namespace

Result<void> go_on_while_lost(const Request& request, Report& report, const std::stop_token& stop,
                              const std::function<Result<void>()>& once) {
  CP_TRY(once());
  const SystemClock clock;
  KernelRandom random;
  Retry retry(can_resume(request) ? request.retry : std::chrono::nanoseconds(0), clock, random);
  while (is_lost(report.account().error)) {
    if (report.tally().bytes_placed != 0) {
      retry.succeeded();
    }
    const auto wait = retry.next();
    if (!wait || !pause(*wait, stop)) {
      break;
    }
    const Error why = *report.account().error;
    report.begin_again();
    if (const auto begun = once(); !begun) {
      report.account().error = begun.error();
    }
    if (stop.stop_requested() && is_lost(report.account().error)) {
      report.account().error = why;
    }
  }
  if (is_lost(report.account().error)) {
    report.account().error = given_up(request, *std::move(report.account().error));
  }
  return {};
}

}  // namespace cp::transfer
