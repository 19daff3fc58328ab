// SPDX-License-Identifier: Apache-2.0
#include "transfer/holes.hpp"

#include "base/fd.hpp"
#include "transfer/limits.hpp"
#include "transfer/scratch.hpp"

#include "catch.hpp"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace cp::transfer;

namespace {

constexpr std::uint64_t kLeaf = limits::leaf_bytes;

cp::UniqueFd make(const Scratch& scratch, std::uint64_t size) {
  cp::UniqueFd fd(::open(scratch.at("f").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
  REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
  return fd;
}

}  // namespace

TEST_CASE("runs of leaves give the digest that their leaves give one by one") {
  const Digest zeros = leaf_digest(std::vector<std::byte>(kLeaf));
  const Digest data = leaf_digest(std::vector<std::byte>(kLeaf, std::byte{7}));
  for (std::uint64_t leaves = 1; leaves < 40; ++leaves) {
    for (std::uint64_t first = 0; first < leaves; ++first) {
      for (std::uint64_t end = first + 1; end <= leaves; ++end) {
        LeafTree one_by_one;
        LeafTree in_a_run;
        // One that is there already, in the middle of the run.
        in_a_run.add((first + end) / 2, zeros);
        in_a_run.add_run(first, end, zeros);
        for (std::uint64_t i = 0; i < leaves; ++i) {
          const bool is_hole = i >= first && i < end;
          one_by_one.add(i, is_hole ? zeros : data);
          in_a_run.add(i, data);
        }
        REQUIRE(in_a_run.leaves() == leaves);
        REQUIRE(in_a_run.file_digest(leaves * kLeaf).hex() ==
                one_by_one.file_digest(leaves * kLeaf).hex());
      }
    }
  }
}

TEST_CASE("a hole of an exbibyte costs nothing") {
  LeafTree tree;
  const std::uint64_t size = (std::uint64_t{1} << 60U) - 5;
  add_holes(tree, {{0, leaves_of(size)}}, size);
  CHECK(tree.leaves() == leaves_of(size));
  CHECK(tree.contains(123'456'789));
  CHECK(bytes_in({{0, leaves_of(size)}}, size) == size);
}

TEST_CASE("holes are whole leaves between the data") {
  const Scratch scratch;
  const auto fd = make(scratch, 20 * kLeaf + 5);
  REQUIRE(write_at(fd.get(), 4 * kLeaf + 100, std::vector<std::byte>(10, std::byte{1})));
  struct stat status {};
  REQUIRE(::fstat(fd.get(), &status) == 0);
  if (status.st_blocks * 512 > status.st_size / 2) {
    WARN("this file system makes no holes");
    return;
  }
  const auto holes = find_holes(fd.get(), 20 * kLeaf + 5);
  CHECK(holes == std::vector<LeafRange>{{0, 4}, {5, 16}});
  CHECK(behind_hole(holes, 0) == 4);
  CHECK(behind_hole(holes, 4) == 4);
  CHECK(behind_hole(holes, 7) == 21);
  CHECK(behind_hole({}, 7) == 7);
  CHECK(find_holes(fd.get(), 4 * kLeaf + 50).size() == 1);
}

TEST_CASE("what is written sparsely reads as it was, whatever zeros are in it") {
  const Scratch scratch;
  for (const std::size_t size : {std::size_t{1}, std::size_t{4095}, std::size_t{65536},
                                 std::size_t{262143}, std::size_t{kLeaf}}) {
    for (const std::size_t from : {std::size_t{0}, std::size_t{1}, size / 3, size - 1}) {
      const auto fd = make(scratch, size);
      std::vector<std::byte> bytes(size);
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                bytes.begin() + static_cast<std::ptrdiff_t>(from + (size - from + 9) / 10),
                std::byte{9});
      REQUIRE(write_sparsely(fd.get(), 0, bytes));
      const std::string read = scratch.read("f");
      REQUIRE(read == std::string(reinterpret_cast<const char*>(bytes.data()), size));
    }
  }
}
