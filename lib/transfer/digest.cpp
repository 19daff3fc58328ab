// SPDX-License-Identifier: Apache-2.0
#include "transfer/digest.hpp"

#include "base/text.hpp"
#include "transfer/limits.hpp"
#include "transfer/wide_hash.hpp"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace cp::transfer {
namespace {

enum Seed : XXH64_hash_t { kLeaf = 0, kNode = 1, kFile = 2, kEntry = 3, kTree = 4 };

Digest canonical(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  Digest digest;
  static_assert(sizeof canonical.digest == sizeof digest.bytes);
  std::memcpy(digest.bytes.data(), canonical.digest, digest.bytes.size());
  return digest;
}

Digest hash(Seed seed, const void* data, std::size_t size) {
  if (has_wide_hash()) {
    const WideHash hash = wide_hash(data, size, seed);
    return canonical({hash.low, hash.high});
  }
  return canonical(XXH3_128bits_withSeed(data, size, seed));
}

Digest node_digest(const Digest& left, const Digest& right) {
  std::array<std::byte, 32> both;
  std::ranges::copy(left.bytes, both.begin());
  std::ranges::copy(right.bytes, both.begin() + 16);
  return hash(kNode, both.data(), both.size());
}

Digest sized_digest(const Digest& root, std::uint64_t size) {
  std::array<std::byte, 24> both;
  std::ranges::copy(root.bytes, both.begin());
  for (unsigned i = 0; i < 8; ++i) {
    both[16 + i] = static_cast<std::byte>(size >> (8 * i));
  }
  return hash(kFile, both.data(), both.size());
}

}  // namespace

std::string Digest::hex() const {
  return text::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::optional<Digest> Digest::from_hex(std::string_view hex) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  Digest digest;
  if (hex.size() != 2 * digest.bytes.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const auto value = kDigits.find(hex[i]);
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    digest.bytes[i / 2] = (digest.bytes[i / 2] << 4U) | static_cast<std::byte>(value);
  }
  return digest;
}

Digest leaf_digest(std::span<const std::byte> data) {
  return hash(kLeaf, data.data(), data.size());
}

std::uint64_t leaves_of(std::uint64_t size) {
  return size / limits::leaf_bytes + (size % limits::leaf_bytes != 0 ? 1 : 0);
}

bool LeafTree::contains(std::uint64_t index) const {
  for (unsigned level = 0; level < 64; ++level) {
    if (nodes_.contains({level, index >> level})) {
      return true;
    }
  }
  return false;
}

bool LeafTree::add(std::uint64_t index, const Digest& leaf) {
  if (contains(index)) {
    return false;
  }
  add_subtree({0, index}, leaf);
  return true;
}

// What is in no whole subtree yet is joined with its sibling as long as that is whole, too.
void LeafTree::add_subtree(Place place, const Digest& whole) {
  leaves_ += std::uint64_t{1} << place.level;
  Digest digest = whole;
  for (auto sibling = nodes_.find({place.level, place.index ^ 1U}); sibling != nodes_.end();
       sibling = nodes_.find({place.level, place.index ^ 1U})) {
    const bool is_left = (place.index & 1U) == 0;
    digest = is_left ? node_digest(digest, sibling->second) : node_digest(sibling->second, digest);
    nodes_.erase(sibling);
    place = {place.level + 1, place.index >> 1U};
  }
  nodes_.emplace(place, digest);
}

// Of the leaves below PLACE.
bool LeafTree::has_any_of(const Place& place) const {
  for (unsigned level = 0; level <= place.level; ++level) {
    const unsigned below = place.level - level;
    const auto node = nodes_.lower_bound({level, place.index << below});
    if (node != nodes_.end() && node->first.level == level &&
        node->first.index >> below == place.index) {
      return true;
    }
  }
  return contains(place.index << place.level);
}

void LeafTree::add_run(std::uint64_t first, std::uint64_t end, const Digest& leaf) {
  constexpr unsigned kMostLevels = 50;
  std::vector<Digest> wholes{leaf};
  while (first < end) {
    unsigned level = 0;
    while (level < kMostLevels && ((first >> level) & 1U) == 0 &&
           end - first >= std::uint64_t{2} << level) {
      ++level;
    }
    while (level > 0 && has_any_of({level, first >> level})) {
      --level;
    }
    while (wholes.size() <= level) {
      wholes.push_back(node_digest(wholes.back(), wholes.back()));
    }
    if (!has_any_of({level, first >> level})) {
      add_subtree({level, first >> level}, wholes[level]);
    }
    first += std::uint64_t{1} << level;
  }
}

Digest LeafTree::file_digest(std::uint64_t size) const {
  if (leaves_ != leaves_of(size)) {
    std::abort();
  }
  if (size == 0) {
    return sized_digest(leaf_digest({}), 0);
  }
  // What is left are the perfect subtrees that N's binary digits stand for; RFC 6962 joins them
  // from the right, the smallest first, and nodes_ is ordered by level.
  std::optional<Digest> root;
  for (const auto& [place, digest] : nodes_) {
    root = root ? node_digest(digest, *root) : digest;
  }
  return sized_digest(*root, size);
}

Digest file_digest(std::span<const std::byte> data) {
  if (data.size() <= limits::leaf_bytes) {
    return sized_digest(leaf_digest(data), data.size());
  }
  LeafTree tree;
  const std::uint64_t size = data.size();
  for (std::uint64_t index = 0; !data.empty(); ++index) {
    const auto leaf = data.first(std::min(data.size(), limits::leaf_bytes));
    tree.add(index, leaf_digest(leaf));
    data = data.subspan(leaf.size());
  }
  return tree.file_digest(size);
}

Digest link_digest(std::string_view target) {
  return leaf_digest(std::as_bytes(std::span(target)));
}

Digest entry_digest(EntryType type, std::string_view path, std::span<const std::byte> content) {
  std::vector<std::byte> bytes;
  bytes.reserve(5 + path.size() + content.size());
  bytes.push_back(static_cast<std::byte>(type));
  for (unsigned i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<std::byte>(path.size() >> (8 * i)));
  }
  const auto path_bytes = std::as_bytes(std::span(path));
  bytes.insert(bytes.end(), path_bytes.begin(), path_bytes.end());
  bytes.insert(bytes.end(), content.begin(), content.end());
  return hash(kEntry, bytes.data(), bytes.size());
}

Digest TreeDigest::value() const {
  auto sorted = entries_;
  std::ranges::sort(sorted);
  return hash(kTree, sorted.data(), sorted.size() * sizeof(Digest));
}

}  // namespace cp::transfer
