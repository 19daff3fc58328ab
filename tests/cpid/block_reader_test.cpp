// SPDX-License-Identifier: Apache-2.0
#include "block_reader.hpp"

#include "base/fd.hpp"
#include "base/limits.hpp"

#include "catch.hpp"
#include <string>
#include <thread>

using cpid::BlockReader;

namespace {

struct Fixture {
  cp::Pipe pipe = cp::make_pipe().value();
  BlockReader reader{pipe.read.get(), "test"};

  void write(std::string_view text) { REQUIRE(cp::write_all(pipe.write.get(), text)); }
  void close() { pipe.write.reset(); }
  std::string next() { return std::string(reader.next().value()); }
};

}  // namespace

TEST_CASE("a line without an end is refused before it fills the memory") {
  Fixture f;
  std::thread writer([&f] {
    (void)cp::write_all(f.pipe.write.get(), std::string(cp::limits::string_bytes + 1, 'x'));
    f.close();
  });
  const auto lines = f.reader.next();
  writer.join();
  REQUIRE_FALSE(lines);
  CHECK(lines.error().code == cp::Errc::bad_data);
}

TEST_CASE("what cannot be read is an error, not an end") {
  BlockReader reader(-1, "test");
  CHECK(reader.next().error().code == cp::Errc::io);
}

TEST_CASE("lines are given out whole, as they come") {
  Fixture f;
  f.write("one\ntw");
  CHECK(f.next() == "one\n");
  f.write("o\nthree\nfo");
  CHECK(f.next() == "two\nthree\n");
  f.close();
  CHECK(f.next() == "fo");
  CHECK(f.next().empty());
  CHECK(f.next().empty());
}

TEST_CASE("a look ahead takes nothing away") {
  Fixture f;
  f.write(" \n");
  f.write("\t{\"a\":");
  CHECK(f.reader.peek().value() == " \n\t{\"a\":");
  CHECK(f.next() == " \n");
  f.write("1}\n");
  f.close();
  CHECK(f.next() == "\t{\"a\":1}\n");
  CHECK(f.next().empty());
}

TEST_CASE("an empty input has no lines") {
  Fixture f;
  f.close();
  CHECK(f.reader.peek().value().empty());
  CHECK(f.next().empty());
}

TEST_CASE("a long input comes through in blocks of whole lines") {
  Fixture f;
  std::string sent;
  for (int i = 0; i < 300'000; ++i) {
    sent += std::to_string(i) + "\n";
  }
  std::thread writer([&] {
    (void)cp::write_all(f.pipe.write.get(), sent);
    f.close();
  });
  std::string got;
  bool whole = true;
  for (std::string block = f.next(); !block.empty(); block = f.next()) {
    whole = whole && block.ends_with('\n');
    got += block;
  }
  writer.join();
  CHECK(whole);
  CHECK(got == sent);
}
