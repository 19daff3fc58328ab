// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/ssh.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cp::transfer {

inline constexpr std::uint16_t default_port = 7031;

/// Where one end of a transfer is.
enum class Place {
  here,    ///< a path of this machine
  stream,  ///< "-": standard input or output
  daemon,  ///< cpx://host[:port]/path: a `cpxfer serve`
  ssh,     ///< [user@]host:path: whatever ssh reaches
};

/// One end of a transfer as the user writes it.
struct Location {
  Place kind = Place::here;
  std::string host;        ///< of a daemon: a name or an address, for net::parse_host_port
  std::uint16_t port = 0;  ///< of a daemon
  /// As the user wrote it; of a URL decoded, with its first slash; of ssh as the far end takes it:
  /// what is relative begins in the home directory there.
  std::string path;
  net::SshHost login = {};  ///< of ssh

  bool is_remote() const { return kind == Place::daemon || kind == Place::ssh; }
  /// "cpx://host:port", "user@host", "" for a path.
  std::string server() const;
  /// What stands before a path there when it is shown: "cpx://host:port", "user@host:", "".
  std::string prefix() const;
  /// What parse_location makes this of, whatever the path is; a path may get ./ before it.
  std::string operand() const;
  friend bool operator==(const Location&, const Location&) = default;
};

/// The location in TEXT. cpx://host[:port]/path (percent-encoding is undone) is a daemon. As in
/// rsync and scp a colon before the first slash ends a host; an IPv6 one stands in brackets; for a
/// path whose first part holds a colon one writes ./a:b, and ./- for one that is called so. usage
/// for an empty text, a broken URL, and a host that is none (SECURITY §4); unavailable for kinds
/// that are not there yet (https://, s3://, cp:CODE/path, host::module).
Result<Location> parse_location(std::string_view text);

}  // namespace cp::transfer
