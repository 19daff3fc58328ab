// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/time.hpp"
#include "net/http_server.hpp"

#include <mutex>
#include <string>

namespace cpid {

/// A file with one cp.access/1 for each request. No token gets into it: neither headers but
/// User-Agent nor query parameters but those that a registry has are written. Safe on any thread.
class AccessLog {
 public:
  /// Appends to the file at PATH ("-": standard output), which reopen() opens.
  AccessLog(std::string path, const cp::Clock& clock) : path_(std::move(path)), clock_(clock) {}

  /// Opens the file anew, for whoever has moved it away; cannot_create when that does not go, and
  /// then the old one is written on.
  cp::Result<void> reopen();
  void write(const cp::net::HttpServed& served);

 private:
  std::string path_;
  const cp::Clock& clock_;
  std::mutex mutex_;
  cp::UniqueFd file_;
};

}  // namespace cpid
