// SPDX-License-Identifier: Apache-2.0
#include "transfer/small_files.hpp"

#include "transfer/chunk_reader.hpp"
#include "transfer/file_ring.hpp"
#include "transfer/pack.hpp"
#include "transfer/scratch.hpp"

#include "catch.hpp"
#include <filesystem>
#include <sys/stat.h>

using namespace cp::transfer;
using cp::Errc;
namespace fs = std::filesystem;

namespace {

class Failures final : public ReadEvents {
 public:
  cp::Result<void> file_ended(const SourceFile& /*file*/, const FileEnd& /*end*/) override {
    return {};
  }
  cp::Result<void> source_failed(const Source& /*source*/, const Entry& entry,
                                 const cp::Error& /*error*/) override {
    paths.push_back(entry.path);
    return {};
  }
  std::vector<std::string> paths;
};

Entry entry_of(const Scratch& scratch, const std::string& name) {
  struct stat status {};
  REQUIRE(::lstat(scratch.at(name).c_str(), &status) == 0);
  return {.path = name,
          .metadata = metadata_of(status),
          .size = static_cast<std::uint64_t>(status.st_size)};
}

std::string content(int number) {
  return std::string(static_cast<std::size_t>(number * 37 % 9000),
                     static_cast<char>('a' + number % 26));
}

// 100 files below "d", in their order.
std::vector<Entry> write_files(const Scratch& scratch) {
  std::vector<Entry> entries;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "d/" + std::to_string(i);
    scratch.write(name, content(i));
    entries.push_back(entry_of(scratch, name));
  }
  return entries;
}

struct Read {
  std::vector<std::string> texts;  ///< what was read, or the error
  std::size_t by_ring = 0;
};

Read read_all(const Source& source, const std::vector<Entry>& entries, ReadWay way) {
  std::vector<std::vector<std::byte>> buffers;
  std::vector<WholeFile> files;
  for (const Entry& entry : entries) {
    buffers.emplace_back(entry.size);
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    files.push_back({.entry = &entries[i], .out = buffers[i]});
  }
  SmallFiles small(way);
  small.read(source, files);
  Read read{.by_ring = small.by_ring()};
  for (const WholeFile& file : files) {
    CHECK(file.is_read == file.result.has_value());
    read.texts.push_back(
        file.result ? std::string(reinterpret_cast<const char*>(file.out.data()), file.out.size())
                    : "failed: " + file.result.error().message);
  }
  return read;
}

}  // namespace

TEST_CASE("small files are the same, whichever way they are read") {
  const Scratch scratch;
  const auto entries = write_files(scratch);
  const auto source = open_source(scratch.at(""));
  REQUIRE(source);
  std::vector<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    expected.push_back(content(i));
  }
  const bool has_ring =
      FileRing::make() != nullptr && source->root.method() == Confined::Method::openat2;
  const Read plain = read_all(*source, entries, ReadWay::pread);
  CHECK(plain.texts == expected);
  CHECK(plain.by_ring == 0);
  const Read ring = read_all(*source, entries, ReadWay::io_uring);
  CHECK(ring.texts == expected);
  CHECK(ring.by_ring == (has_ring ? 100 : 0));
  CHECK(read_all(*source, entries, ReadWay::measured).texts == expected);
}

TEST_CASE("a file that is not what it was fails alike, whichever way it is read") {
  const Scratch scratch;
  auto entries = write_files(scratch);
  fs::remove(scratch.at("d/3"));
  scratch.write("d/5",
                "longer than it was, and by more than a little, so that it shows: " + content(90));
  fs::remove(scratch.at("d/7"));
  fs::create_symlink("8", scratch.at("d/7"));
  fs::remove(scratch.at("d/9"));
  REQUIRE(::mkfifo(scratch.at("d/9").c_str(), 0600) == 0);
  fs::remove(scratch.at("d/11"));
  scratch.make_directory("d/11");
  fs::resize_file(scratch.at("d/13"), 3);
  scratch.write("out/15", content(15));
  fs::rename(scratch.at("d/17"), scratch.at("out/17"));
  scratch.make_directory("e");
  entries.push_back(entries[17]);
  entries.back().path = "l/17";
  fs::create_directory_symlink("out", scratch.at("l"));
  const auto source = open_source(scratch.at(""));
  REQUIRE(source);
  const Read plain = read_all(*source, entries, ReadWay::pread);
  const Read ring = read_all(*source, entries, ReadWay::io_uring);
  CHECK(plain.texts == ring.texts);
  for (const std::size_t bad : {3U, 5U, 7U, 9U, 11U, 13U, 17U, 100U}) {
    CHECK(ring.texts[bad].starts_with("failed: "));
  }
  CHECK(ring.texts[4] == content(4));
}

TEST_CASE("a file that says it is empty and is not fails, whichever way it is read") {
  const auto source = open_source("/proc/self/");
  REQUIRE(source);
  Entry entry{.path = "status"};
  struct stat status {};
  REQUIRE(::stat("/proc/self/status", &status) == 0);
  entry.metadata = metadata_of(status);
  for (const ReadWay way : {ReadWay::pread, ReadWay::io_uring}) {
    const Read read = read_all(*source, {entry}, way);
    CHECK(read.texts == std::vector<std::string>{"failed: it does not say how much it holds"});
    CHECK(read.by_ring == 0);
  }
}

TEST_CASE("files that fail leave no gap in a pack") {
  const Scratch scratch;
  const auto entries = write_files(scratch);
  for (const int gone : {0, 10, 11, 99}) {
    fs::remove(scratch.at("d/" + std::to_string(gone)));
  }
  const auto source = open_source(scratch.at(""));
  REQUIRE(source);
  for (const ReadWay way : {ReadWay::pread, ReadWay::io_uring}) {
    SmallFiles small(way);
    Failures failures;
    std::vector<std::byte> slot(limits::chunk_bytes);
    const auto header =
        read_chunk(PackWork{.id = 1, .source = &*source, .files = entries}, slot, small, failures);
    REQUIRE(header);
    REQUIRE(*header);
    CHECK(failures.paths == std::vector<std::string>{"d/0", "d/10", "d/11", "d/99"});
    const auto files = unpack(std::span(slot).first((*header)->length));
    REQUIRE(files);
    CHECK(files->size() == 96);
    for (const PackedFile& file : *files) {
      const int number = std::stoi(std::string(file.path.substr(2)));
      CHECK(std::string(reinterpret_cast<const char*>(file.data.data()), file.data.size()) ==
            content(number));
    }
  }
}
