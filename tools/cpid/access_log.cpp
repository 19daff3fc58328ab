// SPDX-License-Identifier: Apache-2.0
#include "access_log.hpp"

#include "base/escape.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace cpid {
namespace {

using cp::model::Json;

constexpr std::size_t kMostText = 512;

// The path, and of the query what this server knows: people put secrets into others.
std::string target_of(const cp::net::HttpRequest& request) {
  constexpr std::array<std::string_view, 3> kKnown{"where", "limit", "since"};
  std::string target;
  for (const std::string& part : request.path) {
    target += "/" + cp::net::percent_encoded(part);
  }
  char before = '?';
  for (const auto& [name, value] : request.query) {
    const bool is_known = std::ranges::find(kKnown, name) != kKnown.end();
    target += before + cp::net::percent_encoded(name) + "=" +
              (is_known ? cp::net::percent_encoded(value) : "...");
    before = '&';
  }
  return target.substr(0, 4 * kMostText);
}

Json record_of(const cp::net::HttpServed& served, cp::UnixTime now) {
  const cp::net::HttpRequest& request = served.request;
  Json record{{"schema", "cp.access/1"},
              {"at", cp::format_time(std::chrono::floor<std::chrono::milliseconds>(now))},
              {"peer", request.peer.to_string()},
              {"method", cp::escape::terminal(request.method.substr(0, 16))},
              {"target", target_of(request)},
              {"status", served.status},
              {"bytes", served.bytes},
              {"duration_s", std::chrono::duration<double>(served.duration).count()}};
  if (!served.is_whole) {
    record["whole"] = false;
  }
  if (!served.who.empty()) {
    record["who"] = served.who;
  }
  if (!served.why.empty()) {
    record["why"] = cp::escape::terminal(served.why.substr(0, kMostText));
  }
  if (const std::string* agent = request.header("User-Agent")) {
    record["agent"] = cp::escape::terminal(std::string_view(*agent).substr(0, kMostText));
  }
  return record;
}

}  // namespace

cp::Result<void> AccessLog::reopen() {
  cp::UniqueFd file(path_ == "-"
                        ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                        : ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
  if (!file) {
    return cp::fail_errno(cp::Errc::cannot_create, errno, "cannot open the log " + path_);
  }
  const std::scoped_lock lock(mutex_);
  file_ = std::move(file);
  return {};
}

void AccessLog::write(const cp::net::HttpServed& served) {
  const std::string line =
      cp::escape::json(cp::model::to_line(record_of(served, clock_.now()))) + "\n";
  const std::scoped_lock lock(mutex_);
  // One call for a line, so that lines of several servers do not mix. A log that cannot be written
  // stops no service.
  [[maybe_unused]] const ssize_t written = ::write(file_.get(), line.data(), line.size());
}

}  // namespace cpid
