// SPDX-License-Identifier: Apache-2.0
#include "market/download_directory.hpp"

#include "base/file.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <filesystem>
#include <optional>

using cp::market::DownloadDirectory;

namespace {

std::size_t entries_in(const std::string& path) {
  const std::filesystem::directory_iterator entries(path);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

}  // namespace

TEST_CASE("what one process brings stands in no other one's way, and goes with it") {
  const TemporaryDirectory directory;
  const std::string parent = directory.path() + "/cache/sources";
  std::optional<DownloadDirectory> one(*DownloadDirectory::create(parent));
  REQUIRE(cp::write_file(one->file(0), "a", 0600));
  {
    const DownloadDirectory other = *DownloadDirectory::create(parent);
    CHECK(other.file(0) != one->file(0));
    REQUIRE(cp::write_file(other.file(0), "b", 0600));
  }
  CHECK(*cp::read_file(one->file(0), 10) == "a");
  CHECK(entries_in(parent) == 1);
  one.reset();
  CHECK(entries_in(parent) == 0);
}

TEST_CASE("what a process has left that was killed goes with the next one, and nothing else") {
  const TemporaryDirectory directory;
  const std::string left = directory.path() + "/download.abcdef";
  const std::string elsewhere = directory.path() + "/elsewhere";
  REQUIRE(cp::make_directories(left, 0700));
  REQUIRE(cp::make_directories(elsewhere, 0700));
  REQUIRE(cp::write_file(left + "/0.catalog", "x", 0600));
  REQUIRE(cp::write_file(elsewhere + "/kept", "x", 0600));
  REQUIRE(cp::write_file(directory.path() + "/good.ndjson", "x", 0600));
  std::filesystem::create_directory_symlink(elsewhere, directory.path() + "/download.link");
  { const auto one = DownloadDirectory::create(directory.path()); }
  CHECK_FALSE(std::filesystem::exists(left));
  CHECK(std::filesystem::exists(elsewhere + "/kept"));
  CHECK(std::filesystem::exists(directory.path() + "/good.ndjson"));
}

TEST_CASE("where nothing can be made it says so") {
  const TemporaryDirectory directory;
  REQUIRE(cp::write_file(directory.path() + "/file", "x", 0600));
  const auto made = DownloadDirectory::create(directory.path() + "/file");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == cp::Errc::cannot_create);
}
