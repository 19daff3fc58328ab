// SPDX-License-Identifier: Apache-2.0
#include "provider/shell/end_record.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <chrono>

namespace cp::provider::shell {
namespace {

using model::JobReason;
using model::JobState;

constexpr std::size_t kMostMessage = 1000;

UnixTime time_of(std::int64_t seconds) { return UnixTime(std::chrono::seconds(seconds)); }

// A shell says both with one number.
Exit exit_of(std::int64_t status) {
  constexpr int first = 128;
  constexpr int last = first + 64;
  const int number = static_cast<int>(std::clamp<std::int64_t>(status, 0, 255));
  return number > first && number <= last ? Exit{0, number - first} : Exit{number, 0};
}

// "1m2.5s"
std::optional<double> seconds_in(std::string_view text) {
  const auto cut = text::cut(text, 'm');
  if (!cut || !cut->after.ends_with('s')) {
    return std::nullopt;
  }
  const auto minutes = text::to_double(cut->before);
  const auto seconds = text::to_double(cut->after.substr(0, cut->after.size() - 1));
  return minutes && seconds ? std::optional(*minutes * 60 + *seconds) : std::nullopt;
}

}  // namespace

std::optional<UnixTime> time_in(std::string_view text) {
  const auto seconds = text::to_int(text);
  constexpr std::int64_t latest = 253'402'300'799;  // the year 9999
  return seconds && *seconds > 0 && *seconds <= latest ? std::optional(time_of(*seconds))
                                                       : std::nullopt;
}

void EndRecord::read(std::string_view line) {
  if (line == ".") {
    whole_ = true;
    return;
  }
  const auto cut = text::cut(line, ' ');
  if (!cut) {
    return;
  }
  const std::string_view key = cut->before;
  const std::string_view value = cut->after;
  if (key == "at") {
    seen_.ended_at = time_in(value);
  } else if (key == "started") {
    seen_.started_at = time_in(value);
  } else if (key == "exit") {
    status_ = text::to_int(value);
  } else if (key == "executed") {
    seen_.never_ran = value == "0";
  } else if (key == "cause") {
    cause_ = value;
  } else if (key == "message") {
    seen_.message = value.substr(0, kMostMessage);
  } else if (key == "ran") {
    read_length(value);
  } else if (key == "times") {
    read_times(value);
  }
}

std::optional<Observation> EndRecord::result() {
  if (!whole_) {
    return std::nullopt;
  }
  if (status_) {
    seen_.exit = exit_of(*status_);
  }
  const bool good = !seen_.never_ran && seen_.exit && seen_.exit->status() == 0;
  seen_.state = good ? JobState::completed : JobState::failed;
  seen_.reason = good ? JobReason::none : JobReason::user_error;
  if (cause_ == "time_limit") {
    seen_.state = JobState::failed;
    seen_.reason = JobReason::timeout;
  } else if (cause_ == "lease" || cause_ == "canceled") {
    seen_.state = JobState::canceled;
    seen_.reason = JobReason::canceled;
    seen_.message = cause_ == "lease" ? "nobody renewed its lease" : seen_.message;
  }
  if (seen_.never_ran) {
    seen_.ran_for.reset();
    seen_.used = {};
  }
  return seen_;
}

void EndRecord::read_length(std::string_view value) {
  const auto cut = text::cut(value, ' ');
  const auto from = cut ? text::to_double(cut->before) : std::nullopt;
  const auto to = cut ? text::to_double(cut->after) : std::nullopt;
  if (from && to && *to >= *from && *to - *from < 1e9) {
    seen_.ran_for = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(*to - *from));
  }
}

void EndRecord::read_times(std::string_view value) {
  if (const auto cut = text::cut(value, ' ')) {
    seen_.used.user_s = seconds_in(cut->before);
    seen_.used.system_s = seconds_in(cut->after);
  }
}

}  // namespace cp::provider::shell
