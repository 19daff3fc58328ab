// SPDX-License-Identifier: Apache-2.0
#include "times.hpp"

namespace cpid {

using cp::Errc;
using cp::Result;
using cp::UnixTime;

Result<std::optional<UnixTime>> time_flag(const cp::cli::Context& context, std::string_view flag) {
  const auto text = context.arguments().text(flag);
  if (!text) {
    return std::nullopt;
  }
  const auto time = cp::parse_time(*text);
  if (!time) {
    return cp::fail(Errc::usage, "--{}: '{}' is no time such as 2028-01-01T00:00:00Z", flag, *text);
  }
  return *time;
}

Result<std::optional<UnixTime>> end_of_validity(const cp::cli::Context& context) {
  CP_TRY_ASSIGN(const auto end, time_flag(context, "not-after"));
  const auto validity = context.arguments().duration("valid-for");
  if (end && validity) {
    return cp::fail(Errc::usage, "--not-after and --valid-for exclude each other");
  }
  if (!validity) {
    return end;
  }
  return std::chrono::floor<std::chrono::seconds>(context.clock().now() + *validity);
}

}  // namespace cpid
