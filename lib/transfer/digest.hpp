// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The digest `xxh3-128-tree`: XXH3-128 over a tree in the shape of RFC 6962 §2.1, so that chunks
/// are hashed as they pass, in any order and on any thread, and no byte is read twice. It finds
/// accidents, not forgers. Levels are told apart by the seed:
///
///   leaf   = H0(each MiB of a file, the last one shorter)
///   node   = H1(left ‖ right)
///   file   = H2(root of its leaves ‖ its size, 8 bytes little endian); no leaves: root = H0("")
///   entry  = H3(type ‖ length of its path, 4 bytes little endian ‖ path ‖ content)
///            content: file's digest, H0(link's target), nothing for a directory
///   tree   = H4(the entries' digests in ascending order)
///
/// Names and contents count, modes and times do not. Digests are in XXH128's canonical byte order.
namespace cp::transfer {

struct Digest {
  std::array<std::byte, 16> bytes{};
  std::string hex() const;
  /// The digest of 32 hexadecimal digits in lower case; nullopt for anything else.
  static std::optional<Digest> from_hex(std::string_view hex);
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

/// For hash tables whose keys are digests already.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t hash = 0;
    for (std::size_t i = 0; i < sizeof hash; ++i) {
      hash = (hash << 8U) | static_cast<std::size_t>(digest.bytes[i]);
    }
    return hash;
  }
};

inline constexpr std::string_view digest_algorithm = "xxh3-128-tree";

Digest leaf_digest(std::span<const std::byte> data);

/// The leaves of one file as they come, in any order. Holds one digest for each whole subtree, so
/// it stays small while the order is roughly ascending. Not thread-safe.
class LeafTree {
 public:
  /// Takes the digest of leaf INDEX; false when it was there already.
  bool add(std::uint64_t index, const Digest& leaf);
  bool contains(std::uint64_t index) const;
  /// Takes LEAF for each index from FIRST up to END, but for those that are there, in time that
  /// grows with the digits of their number alone.
  void add_run(std::uint64_t first, std::uint64_t end, const Digest& leaf);
  std::uint64_t leaves() const { return leaves_; }
  /// The digest of the file of SIZE bytes whose leaves all are here; anything else is our bug.
  Digest file_digest(std::uint64_t size) const;

 private:
  struct Place {
    unsigned level;
    std::uint64_t index;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  void add_subtree(Place place, const Digest& digest);
  bool has_any_of(const Place& place) const;

  std::map<Place, Digest> nodes_;
  std::uint64_t leaves_ = 0;
};

/// The number of leaves of a file of SIZE bytes.
std::uint64_t leaves_of(std::uint64_t size);

/// The digest of a file that is wholly in memory.
Digest file_digest(std::span<const std::byte> data);

/// A hard link is another name of a file, and counts in a tree as the file that it is.
enum class EntryType : std::uint8_t { file = 1, directory = 2, link = 3, hard_link = 4 };

/// CONTENT: as the table above says.
Digest entry_digest(EntryType type, std::string_view path, std::span<const std::byte> content);
Digest link_digest(std::string_view target);

/// The entries of a tree in any order. 16 bytes each. Not thread-safe.
class TreeDigest {
 public:
  void add(const Digest& entry) { entries_.push_back(entry); }
  std::size_t entries() const { return entries_.size(); }
  Digest value() const;

 private:
  std::vector<Digest> entries_;
};

}  // namespace cp::transfer
