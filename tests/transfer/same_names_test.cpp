// SPDX-License-Identifier: Apache-2.0
#include "transfer/same_names.hpp"

#include "scratch.hpp"
#include "transfer/deleter.hpp"

#include "catch.hpp"
#include <fcntl.h>

using namespace cp::transfer;

TEST_CASE("names are folded as file systems do, whatever bytes are in them") {
  CHECK(folded("Read/ME.txt") == "read/me.txt");
  CHECK(folded("\xc3\x84pfel") == "\xc3\xa4pfel");          // Ä, ä
  CHECK(folded("\xd0\x94\xd0\x98") == "\xd0\xb4\xd0\xb8");  // ДИ, ди
  CHECK(folded("\xf0\x90\x90\x80") == "\xf0\x90\x90\xa8");  // U+10400, U+10428
  CHECK(folded("\xe4\xb8\xad\xe6\x96\x87") == "\xe4\xb8\xad\xe6\x96\x87");
  // Small letters that share a capital: σ and ς, s and ſ, μ and the micro sign, k and the kelvin.
  CHECK(folded("\xcf\x83") == folded("\xcf\x82"));
  CHECK(folded("s") == folded("\xc5\xbf"));
  CHECK(folded("\xce\xbc") == folded("\xc2\xb5"));
  CHECK(folded("k") == folded("\xe2\x84\xaa"));
  CHECK(folded("\xff!A\xc3") == "\xff!a\xc3");
  CHECK(folded("") == "");
}

TEST_CASE("a place that another item filled is known by its folded name") {
  SameNames names;
  CHECK_FALSE(names.is_filled_by_another("a/README"));
  names.fill("a/README");
  CHECK(names.is_filled_by_another("a/readme"));
  CHECK(names.is_filled_by_another("A/README"));
  CHECK_FALSE(names.is_filled_by_another("a/README"));
  CHECK_FALSE(names.is_filled_by_another("b/readme"));
  // Of what an earlier attempt left only the digest is known.
  names.fill(Seen::digest_of("b/x"));
  CHECK(names.is_filled_by_another("B/X"));
}

TEST_CASE("what a source has is not deleted for being written otherwise, where case is folded") {
  Seen seen;
  seen.fold();
  seen.add("a/README");
  seen.seal();
  CHECK(seen.has("a/readme"));
  CHECK_FALSE(seen.has("a/other"));
}

TEST_CASE("this file system does not fold case") {
  const Scratch scratch;
  scratch.write("name", "x");
  const cp::UniqueFd fd(::open(scratch.path().c_str(), O_PATH | O_DIRECTORY));
  CHECK_FALSE(folds_case(fd.get(), "name"));
  CHECK_FALSE(folds_case(fd.get(), "NAMELESS"));
  CHECK_FALSE(folds_case(fd.get(), "123"));
}
