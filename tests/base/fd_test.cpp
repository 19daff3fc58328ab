// SPDX-License-Identifier: Apache-2.0
#include "base/fd.hpp"

#include "catch.hpp"
#include <array>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using cp::Errc;
using cp::UniqueFd;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

cp::Pipe pipe_of(std::string_view bytes) {
  cp::Pipe pipe = *cp::make_pipe();
  REQUIRE(cp::write_all(pipe.write.get(), bytes));
  pipe.write.reset();
  return pipe;
}

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
  UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  UniqueFd second(std::move(first));
  CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): what is left is the point
  UniqueFd& same = second;
  second = std::move(same);
  CHECK(second.get() == number);
  CHECK(is_open(number));
  second = UniqueFd();
  CHECK_FALSE(is_open(number));
  UniqueFd third(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int released = third.release();
  CHECK_FALSE(third);
  CHECK(is_open(released));
  ::close(released);
}

TEST_CASE("a full device and a bad descriptor are failures of input and output") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  const auto written = cp::write_all(full.get(), "x");
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::io);
  CHECK(written.error().message == "no space left on device");
  CHECK(cp::write_all(full.get(), ""));
  std::array<char, 1> byte{};
  CHECK(cp::read_some(-1, byte).error().code == Errc::io);
  CHECK(cp::read_to_end(-1, 10).error().message == "bad file descriptor");
}

TEST_CASE("an input that ends early or goes on too long is bad data") {
  std::array<char, 4> four{};
  CHECK(cp::read_exact(pipe_of("abc").read.get(), four).error().code == Errc::bad_data);
  CHECK(cp::read_exact(pipe_of("").read.get(), four).error().message == "unexpected end");
  CHECK(cp::read_to_end(pipe_of("12345").read.get(), 4).error().code == Errc::bad_data);
  CHECK(*cp::read_to_end(pipe_of("1234").read.get(), 4) == "1234");
  CHECK(cp::read_to_end(pipe_of("").read.get(), 0)->empty());
  REQUIRE(cp::read_exact(pipe_of("abcd").read.get(), four));
  CHECK(std::string(four.data(), 4) == "abcd");
}

TEST_CASE("everything passes a pipe that is smaller than it, also one that does not block") {
  const std::string bytes(1U << 20U, 'x');
  for (const bool blocks : {true, false}) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | (blocks ? 0 : O_NONBLOCK)) == 0);
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    cp::Result<void> written;
    std::thread writer([&] {
      written = cp::write_all(write_end.get(), bytes);
      write_end.reset();
    });
    const auto got = cp::read_to_end(read_end.get(), bytes.size());
    writer.join();
    CHECK(written);
    REQUIRE(got);
    CHECK(*got == bytes);
  }
}

TEST_CASE("the ends of a pipe are not inherited by programs") {
  const cp::Pipe pipe = *cp::make_pipe();
  CHECK((::fcntl(pipe.read.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(pipe.write.get(), F_GETFD) & FD_CLOEXEC) != 0);
}
