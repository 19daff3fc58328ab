// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cp {
namespace {

// Two or four digits at POSITION of TEXT; -1 when they are not digits.
int digits(std::string_view text, std::size_t position, std::size_t count) {
  if (position + count > text.size()) {
    return -1;
  }
  int value = 0;
  for (const char c : text.substr(position, count)) {
    if (c < '0' || c > '9') {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

UnixTime SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
}

std::string format_time(UnixTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::string out =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto nanos = clock.subseconds().count();
  if (nanos % 1'000'000 == 0) {
    out += nanos == 0 ? "" : fmt::format(".{:03}", nanos / 1'000'000);
  } else {
    out += nanos % 1000 == 0 ? fmt::format(".{:06}", nanos / 1000) : fmt::format(".{:09}", nanos);
  }
  return out + "Z";
}

Result<UnixTime> parse_time(std::string_view text) {
  using namespace std::chrono;
  const auto refuse = [&] { return fail(Errc::bad_data, "'{}' is not a time of RFC 3339", text); };
  const int y = digits(text, 0, 4);
  const int mo = digits(text, 5, 2);
  const int d = digits(text, 8, 2);
  const int h = digits(text, 11, 2);
  const int mi = digits(text, 14, 2);
  const int s = digits(text, 17, 2);
  if (y < 0 || mo < 0 || d < 0 || h < 0 || mi < 0 || s < 0 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't' && text[10] != ' ') || text[13] != ':' ||
      text[16] != ':') {
    return refuse();
  }
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 60 || y < 1678 || y > 2261) {
    return refuse();
  }
  std::string_view rest = text.substr(19);
  std::int64_t nanos = 0;
  if (rest.starts_with('.')) {
    const std::size_t count = std::min(rest.find_first_not_of("0123456789", 1), rest.size()) - 1;
    if (count == 0 || count > 9) {
      return refuse();
    }
    nanos = digits(rest, 1, count);
    for (std::size_t i = count; i < 9; ++i) {
      nanos *= 10;
    }
    rest.remove_prefix(1 + count);
  }
  minutes offset{0};
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
    const int oh = digits(rest, 1, 2);
    const int om = digits(rest, 4, 2);
    if (oh < 0 || oh > 23 || om < 0 || om > 59) {
      return refuse();
    }
    offset = (hours{oh} + minutes{om}) * (rest[0] == '-' ? -1 : 1);
  } else if (rest != "Z" && rest != "z") {
    return refuse();
  }
  return UnixTime{sys_days{date}.time_since_epoch() + hours{h} + minutes{mi} + seconds{s} - offset +
                  nanoseconds{nanos}};
}

std::int64_t unix_milliseconds(UnixTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

}  // namespace cp
