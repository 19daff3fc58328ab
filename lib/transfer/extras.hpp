// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What only some entries of a transfer have. On the wire they are fields of tag (2), length (4)
/// and bytes; who does not know a tag passes it over.
namespace cp::transfer {

struct Owner {
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint32_t special = 0;   ///< set-user-ID, set-group-ID and sticky (07000)
  std::string user_name = {};  ///< at the source; empty: it goes by the number
  std::string group_name = {};
  friend bool operator==(const Owner&, const Owner&) = default;
};

struct Attribute {
  std::string name;
  std::string value;
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

/// Consecutive leaves of a file.
struct LeafRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  friend bool operator==(const LeafRange&, const LeafRange&) = default;
};

struct Extras {
  std::optional<Owner> owner;
  std::vector<Attribute> attributes;
  std::vector<LeafRange> holes;  ///< leaves that are not sent: zeros; ascending, apart
  bool is_leader = false;        ///< other names of this file may follow
  bool is_closed = false;        ///< a directory whose contents are not told
  bool is_stream = false;        ///< a file whose size its end tells (format 3)

  bool empty() const {
    return !owner && attributes.empty() && holes.empty() && !is_leader && !is_closed && !is_stream;
  }
  friend bool operator==(const Extras&, const Extras&) = default;
};

std::string encode(const Extras& extras);

/// The extras in BYTES, of a file of LEAVES leaves. protocol when they cannot be.
Result<std::shared_ptr<const Extras>> decode_extras(std::string_view bytes, std::uint64_t leaves);

/// How many bytes `encode` makes of EXTRAS; 0 for none.
std::size_t encoded_bytes(const Extras* extras);

}  // namespace cp::transfer
