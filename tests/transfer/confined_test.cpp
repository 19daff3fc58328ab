// SPDX-License-Identifier: Apache-2.0
#include "transfer/confined.hpp"

#include "transfer/scratch.hpp"

#include "catch.hpp"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using cp::Errc;
using cp::transfer::Confined;
using cp::transfer::Scratch;

namespace {

constexpr std::array kMethods{Confined::Method::openat2, Confined::Method::components};

const char* name_of(Confined::Method method) {
  return method == Confined::Method::openat2 ? "openat2" : "components";
}

// inside/ is the root; outside/secret must never be reached.
struct Trees {
  Scratch scratch;
  std::string inside = scratch.make_directory("inside");
  std::string outside = scratch.make_directory("outside");
  Trees() {
    scratch.write("outside/secret", "s");
    scratch.write("inside/d/e/file", "f");
  }
};

Errc code_of(const cp::Result<cp::UniqueFd>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

bool has(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Swaps inside/d for a link to outside and back until it is told to stop.
pid_t start_swapper(const std::string& inside) {
  const pid_t pid = ::fork();
  if (pid != 0) {
    return pid;
  }
  const std::string d = inside + "/d";
  const std::string link = inside + "/link";
  while (true) {
    ::renameat2(AT_FDCWD, d.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
  }
}

}  // namespace

TEST_CASE("no path leads out of a confined directory") {
  Trees trees;
  REQUIRE(::symlink("../outside", (trees.inside + "/relative").c_str()) == 0);
  REQUIRE(::symlink(trees.outside.c_str(), (trees.inside + "/absolute").c_str()) == 0);
  REQUIRE(::symlink("d", (trees.inside + "/harmless").c_str()) == 0);
  for (const auto method : kMethods) {
    CAPTURE(name_of(method));
    const auto root = Confined::open(trees.inside, method);
    REQUIRE(root);
    CHECK(code_of(root->open_beneath("../outside/secret", O_RDONLY)) == Errc::denied);
    CHECK(code_of(root->open_beneath("/etc/passwd", O_RDONLY)) == Errc::denied);
    CHECK(code_of(root->open_beneath("relative/secret", O_RDONLY)) == Errc::denied);
    CHECK(code_of(root->open_beneath("absolute/secret", O_RDONLY)) == Errc::denied);
    CHECK(code_of(root->open_beneath("harmless/e/file", O_RDONLY)) == Errc::denied);
    CHECK(code_of(root->open_beneath("relative", O_RDONLY)) == Errc::denied);
    CHECK(code_of(root->open_beneath("relative", O_RDONLY | O_DIRECTORY)) == Errc::denied);
    CHECK_FALSE(root->make_directories("relative/new", 0700));
    CHECK_FALSE(root->make_directories("absolute/new", 0700));
    CHECK_FALSE(has(trees.outside + "/new"));
  }
}

TEST_CASE("what is beneath is opened, and what is missing is made") {
  Trees trees;
  for (const auto method : kMethods) {
    CAPTURE(name_of(method));
    const auto root = Confined::open(trees.inside, method);
    CHECK(root->open_beneath("d/e/file", O_RDONLY));
    CHECK(root->open_beneath("", O_RDONLY | O_DIRECTORY));
    CHECK(code_of(root->open_beneath("d/none", O_RDONLY)) == Errc::not_found);
    CHECK(code_of(root->open_beneath("d/e/file/x", O_RDONLY)) == Errc::cannot_create);
    const std::string path = std::string("d/") + name_of(method) + "/x/y";
    CHECK(root->make_directories(path, 0700)->made == 3);
    CHECK(root->make_directories(path, 0700)->made == 0);
    CHECK_FALSE(root->make_directories("d/e/file/x", 0700));
    CHECK(root->enter("d/e")->open_beneath("file", O_RDONLY));
  }
}

TEST_CASE("a directory that another process swaps for a link is never followed out") {
  Trees trees;
  REQUIRE(::symlink(trees.outside.c_str(), (trees.inside + "/link").c_str()) == 0);
  const pid_t swapper = start_swapper(trees.inside);
  REQUIRE(swapper > 0);
  for (const auto method : kMethods) {
    CAPTURE(name_of(method));
    const auto root = Confined::open(trees.inside, method);
    int reached = 0;
    for (int i = 0; i < 5000; ++i) {
      reached += root->open_beneath("d/secret", O_RDONLY) ? 1 : 0;
      root->make_directories("d/made", 0700);
    }
    CHECK(reached == 0);
  }
  ::kill(swapper, SIGKILL);
  ::waitpid(swapper, nullptr, 0);
  CHECK_FALSE(has(trees.outside + "/made"));
  CHECK((has(trees.inside + "/d/made") || has(trees.inside + "/link/made")));
}
