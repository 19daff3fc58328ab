// SPDX-License-Identifier: Apache-2.0
#include "transfer/resume.hpp"

#include "base/file.hpp"
#include "transfer/endpoint.hpp"
#include "transfer/wire.hpp"

#include <climits>

#include <cstdlib>
#include <sys/utsname.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

std::string machine() {
  utsname name{};
  ::uname(&name);
  return name.nodename + read_file("/etc/machine-id", 4096).value_or("");
}

// A trailing slash says what lands where.
std::string absolute(const std::string& path) {
  const auto location = parse_location(path);
  if ((location && location->is_remote()) || path.starts_with('/')) {
    return path;
  }
  std::array<char, PATH_MAX> directory{};
  const char* here = ::getcwd(directory.data(), directory.size());
  return path_join(here == nullptr ? "." : here, path);
}

}  // namespace

Digest key_of(const Request& request) {
  if (const auto told = Digest::from_hex(request.key)) {
    return *told;
  }
  WireWriter out;
  out.put_text("cpxfer transfer 1").put_text(machine()).put(std::uint64_t{::geteuid()});
  out.put(static_cast<std::uint8_t>(request.placement));
  for (const std::string& source : request.sources) {
    out.put_text(absolute(source));
  }
  out.put_text(absolute(request.destination));
  for (const std::string& rule : request.selection.filter.rules()) {
    out.put_text(rule);
  }
  for (const std::string& name : request.selection.names.value_or(std::vector<std::string>())) {
    out.put_text(name);
  }
  out.put(static_cast<std::uint8_t>(request.selection.one_file_system));
  // What landed without it was not read back.
  if (request.reads_back) {
    out.put_text("readback");
  }
  // A file that landed without them lacks them.
  for (const std::string_view word : words_of(request.preserve)) {
    out.put_text(word);
  }
  if (request.preserve.owner && request.preserve.numeric_ids) {
    out.put_text("numeric-ids");
  }
  return leaf_digest(std::as_bytes(std::span(out.bytes())));
}

}  // namespace cp::transfer
