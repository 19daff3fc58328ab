// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include "temporary_directory.hpp"

#include "catch.hpp"
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using cp::AtomicFile;
using cp::Errc;
using cp::Result;
namespace fs = std::filesystem;

namespace {

void put(const std::string& path, std::string_view bytes, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary) << bytes;
  ::chmod(path.c_str(), mode);
}

std::string in(const TemporaryDirectory& directory, std::string_view name) {
  return cp::path_join(directory.path(), name);
}

std::vector<std::string> names_in(const TemporaryDirectory& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory.path())) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777U;
}

// While it lives no file grows past BYTES, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    old_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, old_);
  }

 private:
  rlimit before_{};
  void (*old_)(int) = SIG_DFL;
};

}  // namespace

TEST_CASE("a file that cannot be read is told by what is wrong with it") {
  const TemporaryDirectory directory;
  put(in(directory, "five"), "12345");
  CHECK(cp::read_file(in(directory, "none"), 10).error().code == Errc::not_found);
  CHECK(cp::read_file(in(directory, "five/x"), 10).error().code == Errc::not_found);
  CHECK(cp::read_file(directory.path(), 10).error().code == Errc::io);
  const auto long_one = cp::read_file(in(directory, "five"), 4);
  REQUIRE_FALSE(long_one);
  CHECK(long_one.error().code == Errc::bad_data);
  CHECK(long_one.error().message ==
        "cannot read " + in(directory, "five") + ": longer than 4 bytes");
  CHECK(*cp::read_file(in(directory, "five"), 5) == "12345");
  if (::geteuid() != 0) {
    put(in(directory, "closed"), "x", 0);
    CHECK(cp::read_file(in(directory, "closed"), 10).error().code == Errc::denied);
  }
}

TEST_CASE("a file that others may change, or see a secret in, is not trusted") {
  const TemporaryDirectory directory;
  const std::string path = in(directory, "key");
  struct Case {
    mode_t mode;
    bool as_configuration;
    bool as_secret;
  };
  for (const Case& c : {Case{0666, false, false}, Case{0620, false, false},
                        Case{0602, false, false}, Case{0644, true, false}, Case{0640, true, false},
                        Case{0601, true, false}, Case{0600, true, true}, Case{0400, true, true}}) {
    CAPTURE(c.mode);
    put(path, "secret", c.mode);
    CHECK(cp::read_trusted_file(path, 100, false).has_value() == c.as_configuration);
    const auto secret = cp::read_trusted_file(path, 100, true);
    REQUIRE(secret.has_value() == c.as_secret);
    if (!secret) {
      CHECK(secret.error().code == Errc::bad_config);
      CHECK(secret.error().hint == "chmod 600 " + path);
    }
    ::unlink(path.c_str());
  }
  CHECK(cp::read_trusted_file(path, 100, true).error().code == Errc::not_found);
  CHECK(cp::read_trusted_file(directory.path(), 100, true).error().code == Errc::bad_config);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(cp::read_trusted_file(path, 100, true).error().code == Errc::bad_config);
}

TEST_CASE("directories are made with what is missing above them") {
  const TemporaryDirectory directory;
  const std::string deep = in(directory, "a/b/c");
  REQUIRE(cp::make_directories(deep, 0700));
  REQUIRE(cp::make_directories(deep, 0700));
  REQUIRE(cp::make_directories(in(directory, "a/d//e/"), 0700));
  CHECK(mode_of(in(directory, "a")) == 0700);
  CHECK(mode_of(deep) == 0700);
  CHECK(fs::is_directory(in(directory, "a/d/e")));
}

TEST_CASE("a directory is not made where something else stands") {
  const TemporaryDirectory directory;
  put(in(directory, "file"), "");
  fs::create_symlink("nowhere", in(directory, "dangling"));
  for (const char* name : {"file", "file/below", "dangling"}) {
    CAPTURE(name);
    const auto made = cp::make_directories(in(directory, name), 0700);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::cannot_create);
  }
  CHECK(cp::make_directories("", 0700).error().code == Errc::cannot_create);
  CHECK(cp::sync_directory(in(directory, "none")).error().code == Errc::not_found);
}

TEST_CASE("a file appears only when it is whole") {
  const TemporaryDirectory directory;
  const std::string path = in(directory, "state");
  {
    AtomicFile file = *AtomicFile::create(path, 0600);
    REQUIRE(file.write("half"));
    CHECK_FALSE(fs::exists(path));
  }
  CHECK(names_in(directory).empty());
  {
    AtomicFile file = *AtomicFile::create(path, 0600);
    AtomicFile moved(std::move(file));
    REQUIRE(moved.write("who"));
    REQUIRE(moved.write("le"));
    REQUIRE(moved.commit());
  }
  CHECK(names_in(directory) == std::vector<std::string>{"state"});
  CHECK(*cp::read_file(path, 100) == "whole");
  CHECK(mode_of(path) == 0600);
  REQUIRE(cp::write_file(path, "again", 0640));
  CHECK(*cp::read_file(path, 100) == "again");
}

TEST_CASE("a full disk leaves what stood there, and nothing else") {
  const TemporaryDirectory directory;
  const std::string path = in(directory, "state");
  REQUIRE(cp::write_file(path, "before", 0600));
  Result<void> written;
  {
    const FileSizeLimit limit(4096);
    written = cp::write_file(path, std::string(8192, 'x'), 0600);
  }
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::io);
  CHECK(written.error().message == "cannot write " + path + ": file too large");
  CHECK(*cp::read_file(path, 100) == "before");
  CHECK(names_in(directory) == std::vector<std::string>{"state"});
}

TEST_CASE("a directory that takes no file says so before anything is written") {
  const TemporaryDirectory directory;
  put(in(directory, "file"), "");
  CHECK(AtomicFile::create(in(directory, "none/x"), 0600).error().code == Errc::cannot_create);
  CHECK(AtomicFile::create(in(directory, "file/x"), 0600).error().code == Errc::cannot_create);
  CHECK(AtomicFile::create("/proc/x", 0600).error().code == Errc::cannot_create);
  fs::create_directory(in(directory, "taken"));
  put(in(directory, "taken/child"), "");
  const auto over = cp::write_file(in(directory, "taken"), "x", 0600);
  REQUIRE_FALSE(over);
  CHECK(over.error().code == Errc::cannot_create);
  CHECK(names_in(directory) == std::vector<std::string>{"file", "taken"});
  if (::geteuid() != 0) {
    fs::create_directory(in(directory, "closed"));
    ::chmod(in(directory, "closed").c_str(), 0500);
    CHECK(AtomicFile::create(in(directory, "closed/x"), 0600).error().code == Errc::cannot_create);
  }
}

TEST_CASE("a new file does not replace an old one") {
  const TemporaryDirectory directory;
  const std::string path = in(directory, "once");
  {
    AtomicFile first = *AtomicFile::create(path, 0600);
    AtomicFile second = *AtomicFile::create(path, 0600);
    REQUIRE(first.write("first"));
    REQUIRE(second.write("second"));
    REQUIRE(first.commit_new());
    const auto late = second.commit_new();
    REQUIRE_FALSE(late);
    CHECK(late.error().code == Errc::denied);
  }
  CHECK(*cp::read_file(path, 100) == "first");
  CHECK(names_in(directory) == std::vector<std::string>{"once"});
}

TEST_CASE("a name as long as the file system takes is written atomically too") {
  const TemporaryDirectory directory;
  const std::string name(255, 'n');
  REQUIRE(cp::write_file(in(directory, name), "x", 0600));
  CHECK(names_in(directory) == std::vector<std::string>{name});
  CHECK_FALSE(cp::write_file(in(directory, name + "n"), "x", 0600));
}

TEST_CASE("a path is taken apart and put together as POSIX does it") {
  struct Case {
    std::string_view path;
    std::string_view parent;
    std::string_view base;
  };
  for (const Case& c : {Case{"a", ".", "a"}, Case{"a/b", "a", "b"}, Case{"/a", "/", "a"},
                        Case{"/", "/", "/"}, Case{"a/", ".", "a"}, Case{"a/b//", "a", "b"},
                        Case{"/a/b", "/a", "b"}, Case{"//", "/", "/"}, Case{"", ".", ""}}) {
    CAPTURE(c.path);
    CHECK(cp::parent_of(c.path) == c.parent);
    CHECK(cp::base_name(c.path) == c.base);
  }
  CHECK(cp::path_join("a", "b") == "a/b");
  CHECK(cp::path_join("a/", "b") == "a/b");
  CHECK(cp::path_join("", "b") == "b");
  CHECK(cp::path_join("/", "b") == "/b");
}

TEST_CASE("a local file system is not taken for a shared one") {
  CHECK_FALSE(cp::is_on_network_file_system("/proc"));
  CHECK_FALSE(cp::is_on_network_file_system("/nowhere/at/all"));
}

TEST_CASE("an output that the user names keeps what is special about it") {
  const TemporaryDirectory directory;
  const std::string path = in(directory, "closed");
  REQUIRE(cp::write_file(path, "old", 0600));
  REQUIRE(::symlink("closed", in(directory, "link").c_str()) == 0);
  const auto write_output = [](const std::string& name) -> cp::Result<void> {
    CP_TRY_ASSIGN(AtomicFile file, AtomicFile::create_output(name, 0644));
    CP_TRY(file.write("new"));
    return file.commit();
  };
  CHECK(write_output(directory.path()).error().code == Errc::cannot_create);
  REQUIRE(write_output(in(directory, "link")));
  struct stat status {};
  REQUIRE(::lstat(in(directory, "link").c_str(), &status) == 0);
  CHECK(S_ISLNK(status.st_mode));
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
  CHECK(cp::read_file(path, 10) == "new");
  REQUIRE(write_output("/dev/null"));
  REQUIRE(::stat("/dev/null", &status) == 0);
  CHECK(S_ISCHR(status.st_mode));
}
