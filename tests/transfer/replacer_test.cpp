// SPDX-License-Identifier: Apache-2.0
#include "transfer/replacer.hpp"

#include "scratch.hpp"

#include "catch.hpp"
#include <fcntl.h>
#include <memory>

using namespace cp;
using namespace cp::transfer;

namespace {

// A destination that shows things as a file system does that takes "dir" and "Dir" for one name: by
// the name that was asked for.
struct Destination {
  Scratch scratch;
  Confined root = *Confined::open(scratch.path());
  std::unique_ptr<Staging> staging = *Staging::open(root, {.id = "it", .key = ""}, {});
  Filter filter;
  SameNames names;
  Replacer replacer{root, *staging, filter, &names};
};

}  // namespace

TEST_CASE("a file of before makes way for a directory, and one that was just placed does not") {
  Destination there;
  there.scratch.write("Dir", "placed as dir");
  there.names.fill("dir");
  CHECK(there.replacer.make_way("Dir/inner") == false);
  CHECK(there.scratch.read("Dir") == "placed as dir");
  CHECK(there.replacer.gave_way() == 0);

  there.scratch.write("Other", "old");
  CHECK(there.replacer.make_way("Other/inner") == true);
  CHECK(there.replacer.gave_way() == 1);
  CHECK(there.root.open_beneath("Other", O_PATH | O_DIRECTORY));
}

TEST_CASE("a directory of before makes way for one file, and one of the transfer for none") {
  Destination there;
  const std::string staging = ".cpxfer/" + there.staging->name() + "/";
  there.scratch.write(staging + "1", "one");
  there.scratch.write(staging + "2", "two");
  there.scratch.write("dir/inner", "placed in Dir");
  there.names.fill("Dir");
  const auto refused = there.replacer.exchange("1", "dir");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == SameNames::refusal);
  CHECK(there.scratch.read("dir/inner") == "placed in Dir");

  there.scratch.write("FILE/old", "old");
  CHECK(there.replacer.exchange("1", "FILE"));
  CHECK(there.scratch.read("FILE") == "one");
  // By another name the same, which is filled by now.
  there.scratch.write("file", "one");
  CHECK_FALSE(there.replacer.exchange("2", "file"));
  CHECK(there.scratch.read("file") == "one");
}
