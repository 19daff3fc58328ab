// SPDX-License-Identifier: Apache-2.0
#include "transfer/digest.hpp"

#include "transfer/limits.hpp"
#include "transfer/wide_hash.hpp"

#include <xxhash.h>

#include "catch.hpp"
#include <numeric>
#include <random>

using namespace cp::transfer;

namespace {

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> data(size);
  for (std::size_t i = 0; i < size; ++i) {
    data[i] = static_cast<std::byte>((i * 2654435761U) >> 13U);
  }
  return data;
}

Digest in_order(std::span<const std::byte> data, std::span<const std::uint64_t> order) {
  LeafTree tree;
  for (const std::uint64_t index : order) {
    const std::size_t at = index * limits::leaf_bytes;
    const auto leaf = data.subspan(at, std::min(limits::leaf_bytes, data.size() - at));
    CHECK(tree.add(index, leaf_digest(leaf)));
    CHECK_FALSE(tree.add(index, leaf_digest(leaf)));
  }
  return tree.file_digest(data.size());
}

}  // namespace

TEST_CASE("the digest of a leaf is XXH3-128 as xxhsum prints it") {
  // xxhsum -H2 of an empty file.
  CHECK(leaf_digest({}).hex() == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("wide vectors make the digests that the library makes") {
  if (!has_wide_hash()) {
    WARN("this processor or this build has no AVX2");
    return;
  }
  const auto data = pattern(3000);
  for (std::size_t size = 0; size <= data.size(); ++size) {
    const XXH128_hash_t library = XXH3_128bits_withSeed(data.data(), size, size % 5);
    const WideHash wide = wide_hash(data.data(), size, size % 5);
    REQUIRE(wide.low == library.low64);
    REQUIRE(wide.high == library.high64);
  }
}

TEST_CASE("the digest of a file does not depend on the order of its chunks") {
  std::mt19937 random(1);
  for (const std::size_t leaves : {1U, 2U, 3U, 5U, 6U, 7U, 8U, 11U}) {
    for (const std::size_t less : {std::size_t{0}, std::size_t{1}, limits::leaf_bytes - 1}) {
      const auto data = pattern(leaves * limits::leaf_bytes - less);
      CAPTURE(leaves, less);
      std::vector<std::uint64_t> order(leaves);
      std::iota(order.begin(), order.end(), 0U);
      const Digest ascending = in_order(data, order);
      std::ranges::shuffle(order, random);
      CHECK(in_order(data, order) == ascending);
      CHECK(file_digest(data) == ascending);
    }
  }
}

TEST_CASE("the digest of three leaves joins the first two before the third") {
  const auto data = pattern(2 * limits::leaf_bytes + 7);
  const auto leaf = [&](std::size_t i, std::size_t n) {
    return leaf_digest(std::span(data).subspan(i * limits::leaf_bytes, n));
  };
  LeafTree two;
  two.add(0, leaf(0, limits::leaf_bytes));
  two.add(1, leaf(1, limits::leaf_bytes));
  LeafTree three = two;
  three.add(2, leaf(2, 7));
  CHECK(three.contains(1));
  CHECK_FALSE(three.contains(3));
  CHECK(three.file_digest(data.size()) == file_digest(data));
  CHECK(three.file_digest(data.size()) != two.file_digest(2 * limits::leaf_bytes));
}

TEST_CASE(
    "files that differ in a byte, in their length or in the place of a leaf differ in digest") {
  auto data = pattern(2 * limits::leaf_bytes);
  const Digest before = file_digest(data);
  CHECK(file_digest(std::span(data).first(data.size() - 1)) != before);
  std::swap_ranges(data.begin(), data.begin() + limits::leaf_bytes,
                   data.begin() + limits::leaf_bytes);
  CHECK(file_digest(data) != before);
  data = pattern(2 * limits::leaf_bytes);
  data[limits::leaf_bytes] ^= std::byte{1};
  CHECK(file_digest(data) != before);
  CHECK(file_digest({}) != leaf_digest({}));
}

TEST_CASE("the digest of a tree knows names, types and contents and no order") {
  const Digest a = file_digest(pattern(10));
  const Digest b = file_digest(pattern(11));
  const auto tree = [](std::initializer_list<Digest> entries) {
    TreeDigest digest;
    for (const Digest& entry : entries) {
      digest.add(entry);
    }
    return digest.value();
  };
  const Digest one = entry_digest(EntryType::file, "one", a.bytes);
  const Digest two = entry_digest(EntryType::file, "two", b.bytes);
  CHECK(tree({one, two}) == tree({two, one}));
  CHECK(tree({one, two}) != tree({entry_digest(EntryType::file, "one", b.bytes),
                                  entry_digest(EntryType::file, "two", a.bytes)}));
  CHECK(tree({one}) != tree({one, one}));
  CHECK(tree({one}) != tree({entry_digest(EntryType::link, "one", a.bytes)}));
  CHECK(tree({}) != tree({one}));
}

// Computed by another program, from the table in the header with python-xxhash.
TEST_CASE("the digests of small trees are these for ever") {
  CHECK(file_digest({}).hex() == "4f15f131985da006a0a7284e45ba2e8c");
  const auto data = pattern(3 * limits::leaf_bytes + 5);
  CHECK(file_digest(std::span(data).first(5)).hex() == "74fd49dfd1c3978d248b2e69dbc5a342");
  CHECK(file_digest(data).hex() == "d314b19b4bf15f389e0b2bbfe5cc8309");
  TreeDigest tree;
  tree.add(entry_digest(EntryType::directory, "a", {}));
  tree.add(entry_digest(EntryType::file, "a/b", file_digest(data).bytes));
  tree.add(entry_digest(EntryType::link, "a/c", link_digest("b").bytes));
  CHECK(tree.value().hex() == "c5aa5ed27fb5d790a57e528e6e7dbf7b");
}
