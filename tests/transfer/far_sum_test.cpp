// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_sum.hpp"

#include "catch.hpp"

using namespace cp::transfer;

namespace {

std::string sum_of_text(FarSumKind kind, std::string_view text) {
  FarSum sum(kind);
  sum.add(std::as_bytes(std::span(text.substr(0, text.size() / 2))));
  sum.add(std::as_bytes(std::span(text.substr(text.size() / 2))));
  return sum.finish();
}

}  // namespace

TEST_CASE("sums are those of sha256sum and cksum") {
  CHECK(sum_of_text(FarSumKind::sha256, "abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // POSIX cksum, as coreutils prints it.
  CHECK(sum_of_text(FarSumKind::cksum, "") == "4294967295 0");
  CHECK(sum_of_text(FarSumKind::cksum, "abc") == "1219131554 3");
  CHECK(sum_of_text(FarSumKind::cksum, std::string(100'000, 'x')) == "1627735810 100000");
}

TEST_CASE("a line of a sum falls into sum and name") {
  const std::string sha(64, 'a');
  CHECK(sum_in(sha + "  ./a b", FarSumKind::sha256) == sha);
  CHECK(name_in(sha + "  ./a b", FarSumKind::sha256) == "./a b");
  CHECK(name_in(sha + " *./a", FarSumKind::sha256) == "./a");
  CHECK(sum_in("12 34 ./a b", FarSumKind::cksum) == "12 34");
  CHECK(name_in("12 34 ./a b", FarSumKind::cksum) == "./a b");
  CHECK(sum_in("12 34", FarSumKind::cksum) == "12 34");
  for (const char* none : {"", "x", "12", "12 x", " 12 34", "none"}) {
    CHECK(sum_in(none, FarSumKind::cksum).empty());
    CHECK(sum_in(none, FarSumKind::sha256).empty());
  }
  CHECK(sum_in(std::string(64, 'A'), FarSumKind::sha256).empty());
}
