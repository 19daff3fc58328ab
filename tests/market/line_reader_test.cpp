// SPDX-License-Identifier: Apache-2.0
#include "market/line_reader.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "temporary_directory.hpp"

#include "catch.hpp"
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using cp::market::LineReader;

namespace {

LineReader reader_of(const TemporaryDirectory& directory, std::string_view text) {
  const std::string path = directory.path() + "/lines";
  REQUIRE(cp::write_file(path, text, 0600));
  auto reader = LineReader::open(path);
  REQUIRE(reader);
  return std::move(*reader);
}

std::vector<std::string> all(LineReader& reader) {
  std::vector<std::string> lines;
  while (true) {
    const auto line = reader.next();
    REQUIRE(line);
    if (!*line) {
      return lines;
    }
    CHECK((*line)->number == static_cast<std::int64_t>(lines.size()) + 1);
    lines.emplace_back((*line)->is_too_long ? "(too long)" : (*line)->text);
  }
}

}  // namespace

TEST_CASE("a file that is not there, and a directory, are told apart") {
  const TemporaryDirectory directory;
  CHECK(LineReader::open(directory.path() + "/none").error().code == cp::Errc::not_found);
  CHECK(LineReader::open(directory.path()).error().code == cp::Errc::bad_data);
}

TEST_CASE("line ends may mix, and the last one may be missing") {
  const TemporaryDirectory directory;
  auto reader = reader_of(directory, "a\r\nb\n\n\r\nc");
  CHECK(all(reader) == std::vector<std::string>{"a", "b", "", "", "c"});
  auto empty = reader_of(directory, "");
  CHECK(all(empty).empty());
}

TEST_CASE("a line that is too long is one line, and the next one is read") {
  const TemporaryDirectory directory;
  const std::string longest(cp::limits::import_line_bytes + (1U << 20U), 'x');
  auto reader = reader_of(directory, "a\n" + longest + "\nb\n" + longest);
  CHECK(all(reader) == std::vector<std::string>{"a", "(too long)", "b", "(too long)"});
}

TEST_CASE("lines longer than a block, and a peek, come whole") {
  const TemporaryDirectory directory;
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += std::string(static_cast<std::size_t>(i) * 9000, static_cast<char>('a' + i % 26)) + "\n";
  }
  auto reader = reader_of(directory, text);
  CHECK((*reader.peek())->text.empty());
  const auto lines = all(reader);
  REQUIRE(lines.size() == 50);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].size() == i * 9000);
  }
  auto big = reader_of(directory, std::string(700'000, 'q') + "\nnext\n");
  CHECK((*big.peek())->text.size() == 700'000);
  CHECK((*big.peek())->text.size() == 700'000);
  CHECK(all(big).size() == 2);
}

TEST_CASE("a pipe is read as it comes") {
  auto pipe = cp::make_pipe();
  REQUIRE(pipe);
  std::thread writer([&] {
    for (const std::string_view part : {"on", "e\ntw", "o\n", "three"}) {
      CHECK(cp::write_all(pipe->write.get(), part));
    }
    pipe->write.reset();
  });
  LineReader reader(std::move(pipe->read));
  const auto lines = all(reader);
  writer.join();
  CHECK(lines == std::vector<std::string>{"one", "two", "three"});
}

TEST_CASE("a pipe that never ends is read no farther than an import may have") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::jthread writer([fd = ends[1]](const std::stop_token& stop) {
    while (!stop.stop_requested() && ::write(fd, "line\n", 5) == 5) {
    }
    ::close(fd);
  });
  LineReader reader{cp::UniqueFd(ends[0]), 10'000};
  int lines = 0;
  while (true) {
    const auto line = reader.next();
    if (!line) {
      CHECK(line.error().code == cp::Errc::bad_data);
      break;
    }
    REQUIRE(*line);
    REQUIRE(++lines <= 2'000);
  }
  CHECK(lines > 100);
  writer.request_stop();
  // What still stands in the pipe lets a writer that waits go on.
  std::string rest(1 << 20, ' ');
  CHECK(::read(ends[0], rest.data(), rest.size()) >= 0);
  writer.join();
}
