// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cp::transfer {

inline constexpr std::uint16_t default_port = 7031;

/// One end of a transfer as the user writes it.
struct Location {
  bool is_remote = false;
  std::string host;  ///< of cpx://host[:port]/path: a name or an address, for net::parse_host_port
  std::uint16_t port = 0;
  std::string path;  ///< as the user wrote it; of a URL decoded, with its first slash

  /// "cpx://host:port", "" for a path.
  std::string server() const;
  friend bool operator==(const Location&, const Location&) = default;
};

/// The location in TEXT: cpx://host[:port]/path (percent-encoding is undone), or a path. usage for
/// a broken URL or an empty text; unavailable, with a hint, for kinds that are not there yet
/// ([user@]host:path, https://, s3://, cp:…). A path whose first part holds a colon is written
/// ./a:b.
Result<Location> parse_location(std::string_view text);

}  // namespace cp::transfer
