// SPDX-License-Identifier: Apache-2.0
#include "transfer/transfer.hpp"

#include "model/json.hpp"
#include "transfer/scratch.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace cp::transfer;
using cp::Errc;
namespace fs = std::filesystem;

namespace {

class Heard final : public Observer {
 public:
  void item_failed(const cp::Error& error, std::string_view path) override {
    failed.emplace_back(std::string(path) + ": " + error.message);
  }
  void would_land(std::string_view from, std::string_view to) override {
    landed.emplace_back(std::string(from) + " -> " + std::string(to));
  }
  std::vector<std::string> failed;
  std::vector<std::string> landed;
};

std::string bytes_of(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>((i * 2654435761U + seed) >> 11U);
  }
  return bytes;
}

cp::Result<cp::model::Json> carry(std::vector<std::string> sources, std::string destination,
                                  Placement placement = Placement::inside) {
  Observer silent;
  return run({.sources = std::move(sources),
              .destination = std::move(destination),
              .placement = placement,
              .durability = Durability::none},
             silent, {});
}

std::string state_of(const cp::Result<cp::model::Json>& record) {
  return record ? record->at("state").get<std::string>() : record.error().message;
}

// A tree with everything that is easy to lose.
void plant(const Scratch& scratch) {
  scratch.write("src/empty", "");
  scratch.write("src/small", "hello\n");
  scratch.write("src/-rf", "dash");
  scratch.write("src/new\nline", "n");
  scratch.write("src/\xff\xfe", "not UTF-8");
  scratch.write("src/d/e/big", bytes_of((5U << 20U) + 7, 3));
  scratch.write("src/d/e/medium", bytes_of(300'000, 4));
  scratch.make_directory("src/hollow/inner");
  fs::create_symlink("../small", scratch.at("src/d/link"));
  fs::create_symlink("/nowhere", scratch.at("src/dangling"));
  fs::permissions(scratch.at("src/small"), fs::perms(0640));
  fs::permissions(scratch.at("src/hollow"), fs::perms(0555));
  const std::array<timespec, 2> old{timespec{1'000'000'000, 5}, timespec{1'000'000'000, 123456789}};
  for (const char* path : {"src/small", "src/d/e/big", "src/d", "src/hollow", "src/d/link"}) {
    REQUIRE(::utimensat(AT_FDCWD, scratch.at(path).c_str(), old.data(), AT_SYMLINK_NOFOLLOW) == 0);
  }
}

// Name, type, mode, time and content of everything below PATH, one line each.
std::vector<std::string> listing(const std::string& path) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    struct stat status {};
    REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
    std::string line = entry.path().string().substr(path.size());
    line += " " + std::to_string(status.st_mode) + " " + std::to_string(status.st_mtim.tv_sec) +
            "." + std::to_string(status.st_mtim.tv_nsec);
    line += S_ISLNK(status.st_mode) ? " " + fs::read_symlink(entry.path()).string() : "";
    line += S_ISREG(status.st_mode) ? " " + std::to_string(status.st_size) : "";
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

}  // namespace

TEST_CASE("a request that cannot be met moves nothing") {
  const Scratch scratch;
  scratch.write("a", "1");
  scratch.write("d/a", "2");
  const auto code = [](const cp::Result<cp::model::Json>& record) {
    REQUIRE_FALSE(record);
    return record.error().code;
  };
  CHECK(code(carry({}, scratch.at("x"))) == Errc::usage);
  CHECK(code(carry({scratch.at("none")}, scratch.at("x"))) == Errc::not_found);
  CHECK(code(carry({scratch.at("a"), scratch.at("none")}, scratch.at("x"))) == Errc::not_found);
  CHECK(code(carry({scratch.at("a"), scratch.at("d/a")}, scratch.at("x"))) == Errc::usage);
  CHECK(code(carry({scratch.at("a"), scratch.at("d")}, scratch.at("x"), Placement::exact)) ==
        Errc::usage);
  CHECK(code(carry({scratch.at("d")}, scratch.at("a"))) == Errc::cannot_create);
  CHECK(code(carry({scratch.at("a")}, scratch.at("d"), Placement::exact)) == Errc::cannot_create);
  CHECK(code(carry({scratch.at("d/")}, scratch.at("d"))) == Errc::usage);
  CHECK(code(carry({"host:path"}, scratch.at("x"))) == Errc::unavailable);
  CHECK(code(carry({scratch.at("a")}, "")) == Errc::usage);
  CHECK_FALSE(scratch.has("x"));
}

TEST_CASE("a tree arrives with its names, modes, times, links and empty directories") {
  const Scratch scratch;
  plant(scratch);
  const auto record = carry({scratch.at("src/")}, scratch.at("dst"));
  REQUIRE(state_of(record) == "done");
  CHECK(listing(scratch.at("dst")) == listing(scratch.at("src")));
  CHECK(scratch.read("dst/d/e/big") == scratch.read("src/d/e/big"));
  CHECK(scratch.read("dst/d/e/medium") == scratch.read("src/d/e/medium"));
  CHECK(scratch.read("dst/new\nline") == "n");
  CHECK(record->at("files").at("done") == 9);
  CHECK(record->at("files").at("total") == 9);
  CHECK(record->at("bytes").at("moved") == record->at("bytes").at("total"));
  CHECK_FALSE(failure_of(*record));
}

TEST_CASE("a source lands where rsync would put it") {
  const Scratch scratch;
  scratch.write("src/a", "1");
  scratch.write("f", "2");
  scratch.make_directory("there");
  SECTION("a directory in a new directory") {
    CHECK(state_of(carry({scratch.at("src")}, scratch.at("x"))) == "done");
    CHECK(scratch.has("x/src/a"));
  }
  SECTION("the contents of a directory in a new directory") {
    CHECK(state_of(carry({scratch.at("src/")}, scratch.at("x/y"))) == "done");
    CHECK(scratch.has("x/y/a"));
  }
  SECTION("a file as a new name") {
    CHECK(state_of(carry({scratch.at("f")}, scratch.at("x"))) == "done");
    CHECK(scratch.read("x") == "2");
  }
  SECTION("a file in a directory that is there") {
    CHECK(state_of(carry({scratch.at("f")}, scratch.at("there"))) == "done");
    CHECK(scratch.has("there/f"));
  }
  SECTION("a file in a directory that the slash asks for") {
    CHECK(state_of(carry({scratch.at("f")}, scratch.at("x/"))) == "done");
    CHECK(scratch.has("x/f"));
  }
  SECTION("several in a new directory") {
    CHECK(state_of(carry({scratch.at("f"), scratch.at("src")}, scratch.at("x"))) == "done");
    CHECK(scratch.has("x/f"));
    CHECK(scratch.has("x/src/a"));
  }
  SECTION("a directory as the name itself") {
    CHECK(state_of(carry({scratch.at("src")}, scratch.at("x"), Placement::exact)) == "done");
    CHECK(scratch.has("x/a"));
  }
  SECTION("a file as the name itself") {
    CHECK(state_of(carry({scratch.at("f")}, scratch.at("x/y"), Placement::exact)) == "done");
    CHECK(scratch.read("x/y") == "2");
  }
  for (const char* left : {"x/.cpxfer", ".cpxfer", "there/.cpxfer"}) {
    CHECK_FALSE(scratch.has(left));
  }
}

TEST_CASE("what stood at the destination is replaced as a whole, and what was not sent stays") {
  const Scratch scratch;
  scratch.write("src/a", "new");
  scratch.write("dst/a", "old and longer");
  scratch.write("dst/other", "kept");
  fs::create_hard_link(scratch.at("dst/a"), scratch.at("second name"));
  fs::permissions(scratch.at("dst/a"), fs::perms(0400));
  CHECK(state_of(carry({scratch.at("src/")}, scratch.at("dst"))) == "done");
  CHECK(scratch.read("dst/a") == "new");
  CHECK(scratch.read("dst/other") == "kept");
  CHECK(scratch.read("second name") == "old and longer");
}

TEST_CASE("items that cannot be moved are named, and the others arrive") {
  const Scratch scratch;
  scratch.write("src/good", "1");
  scratch.write("src/dir", "a file, and a directory stands in its place");
  scratch.write("dst/dir/x", "2");
  scratch.write("src/.cpxfer-old", "reserved");
  REQUIRE(::mkfifo(scratch.at("src/pipe").c_str(), 0600) == 0);
  Heard heard;
  const auto record =
      run({.sources = {scratch.at("src/")}, .destination = scratch.at("dst")}, heard, {});
  REQUIRE(state_of(record) == "partial");
  CHECK(scratch.read("dst/good") == "1");
  CHECK(heard.failed.size() == 3);
  CHECK(record->at("files").at("failed") == 3);
  std::vector<std::string> paths;
  for (const auto& item : record->at("failed")) {
    paths.push_back(item.at("path"));
  }
  std::ranges::sort(paths);
  CHECK(paths == std::vector<std::string>{scratch.at("dst/dir"), scratch.at("src/.cpxfer-old"),
                                          scratch.at("src/pipe")});
  CHECK(failure_of(*record)->code == Errc::failed);
}

TEST_CASE("a transfer none of whose files arrive fails with the gravest reason") {
  const Scratch scratch;
  scratch.write("src/dir", "x");
  scratch.make_directory("dst/dir/y");
  const auto record = carry({scratch.at("src/dir")}, scratch.at("dst/"));
  CHECK(state_of(record) == "failed");
  CHECK(failure_of(*record)->code == Errc::cannot_create);
}

TEST_CASE("a link at the destination is replaced and never followed") {
  const Scratch scratch;
  scratch.write("src/d/file", "x");
  scratch.write("src/f", "y");
  scratch.make_directory("outside");
  scratch.write("precious", "p");
  scratch.make_directory("dst");
  fs::create_symlink(scratch.at("outside"), scratch.at("dst/d"));
  fs::create_symlink(scratch.at("precious"), scratch.at("dst/f"));
  const auto record = carry({scratch.at("src/")}, scratch.at("dst"));
  CHECK(state_of(record) == "partial");
  CHECK_FALSE(scratch.has("outside/file"));
  CHECK(scratch.read("precious") == "p");
  CHECK(scratch.read("dst/f") == "y");
}

TEST_CASE("equal trees have equal digests however they were moved, and others have not") {
  const Scratch scratch;
  plant(scratch);
  const auto digest = [](const cp::Result<cp::model::Json>& record) {
    return record->at("digest").at("value").get<std::string>();
  };
  const auto first = carry({scratch.at("src/")}, scratch.at("one"));
  const auto second = carry({scratch.at("one/")}, scratch.at("two"));
  CHECK(digest(first) == digest(second));
  scratch.write("one/small", "hellO\n");
  CHECK(digest(carry({scratch.at("one/")}, scratch.at("three"))) != digest(first));
}

TEST_CASE("a stop ends a transfer early and leaves nothing half written") {
  const Scratch scratch;
  scratch.write("src/big", bytes_of(8U << 20U, 1));
  std::stop_source stop;
  stop.request_stop();
  Observer silent;
  const auto record = run({.sources = {scratch.at("src/")}, .destination = scratch.at("dst")},
                          silent, stop.get_token());
  REQUIRE(state_of(record) == "failed");
  CHECK(failure_of(*record)->code == Errc::timed_out);
  CHECK(fs::is_empty(scratch.at("dst")));
}

TEST_CASE("what a killed transfer left at the destination is removed by the next") {
  const Scratch scratch;
  scratch.write("src/a", "1");
  scratch.make_directory("dst");
  REQUIRE(::mkdir(scratch.at("dst/.cpxfer").c_str(), 0700) == 0);
  REQUIRE(::mkdir(scratch.at("dst/.cpxfer/t-dead").c_str(), 0700) == 0);
  scratch.write("dst/.cpxfer/t-dead/7", "half");
  CHECK(state_of(carry({scratch.at("src/")}, scratch.at("dst"))) == "done");
  CHECK_FALSE(scratch.has("dst/.cpxfer"));
}

TEST_CASE("a dry run says what would land where and makes nothing") {
  const Scratch scratch;
  scratch.write("src/d/a", "12345");
  scratch.write("f", "1");
  Heard heard;
  const auto record = run({.sources = {scratch.at("src"), scratch.at("f")},
                           .destination = scratch.at("dst"),
                           .dry_run = true},
                          heard, {});
  REQUIRE(state_of(record) == "planned");
  CHECK(record->at("files").at("total") == 2);
  CHECK(record->at("bytes").at("total") == 6);
  CHECK(record->at("plan").size() == 2);
  CHECK(heard.landed ==
        std::vector<std::string>{scratch.at("src") + " -> " + scratch.at("dst/src"),
                                 scratch.at("src/d") + " -> " + scratch.at("dst/src/d"),
                                 scratch.at("src/d/a") + " -> " + scratch.at("dst/src/d/a"),
                                 scratch.at("f") + " -> " + scratch.at("dst/f")});
  CHECK_FALSE(scratch.has("dst"));
}

TEST_CASE("a file of nothing but zeros arrives whole") {
  const Scratch scratch;
  scratch.write("src/zeros", std::string((3U << 20U) + 100, '\0'));
  CHECK(state_of(carry({scratch.at("src/")}, scratch.at("dst"))) == "done");
  CHECK(scratch.read("dst/zeros") == scratch.read("src/zeros"));
}

TEST_CASE("transfers with every durability leave the same tree") {
  const Scratch scratch;
  plant(scratch);
  int n = 0;
  for (const Durability durability :
       {Durability::batch, Durability::file, Durability::end, Durability::none}) {
    Observer silent;
    const std::string destination = scratch.at("dst" + std::to_string(n++));
    const auto record =
        run({.sources = {scratch.at("src/")}, .destination = destination, .durability = durability},
            silent, {});
    CHECK(state_of(record) == "done");
    CHECK(listing(destination) == listing(scratch.at("src")));
  }
}
