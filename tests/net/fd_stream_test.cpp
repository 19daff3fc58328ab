// SPDX-License-Identifier: Apache-2.0
#include "net/fd_stream.hpp"

#include "base/signals.hpp"
#include "bytes_of.hpp"

#include "catch.hpp"
#include <array>
#include <future>
#include <string_view>
#include <sys/socket.h>
#include <vector>

using namespace cp::net;
using cp::Errc;
using cp::UniqueFd;

namespace {

struct FdPair {
  std::unique_ptr<FdStream> ours;
  std::unique_ptr<FdStream> theirs;
};

FdPair over_socket() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {*FdStream::make(UniqueFd(ends[0]), {}), *FdStream::make(UniqueFd(ends[1]), {})};
}

FdPair over_pipes() {
  auto there = cp::make_pipe();
  auto back = cp::make_pipe();
  REQUIRE(there);
  REQUIRE(back);
  return {*FdStream::make(std::move(back->read), std::move(there->write)),
          *FdStream::make(std::move(there->read), std::move(back->write))};
}

template <class Test>
void over_each(Test test) {
  cp::survive_closed_pipes();
  {
    INFO("a socket");
    test(over_socket());
  }
  {
    INFO("two pipes");
    test(over_pipes());
  }
}

cp::SteadyTime soon() { return cp::SystemClock().steady() + std::chrono::seconds(20); }

}  // namespace

TEST_CASE("fd stream: bytes go both ways, however many") {
  over_each([](FdPair pair) {
    const std::vector<std::byte> much(5U << 20U, std::byte{7});
    auto sending =
        std::async(std::launch::async, [&] { return pair.ours->send(bytes_of("he"), much); });
    std::vector<std::byte> got(much.size() + 2);
    CHECK(pair.theirs->receive_all(got, soon()) == got.size());
    CHECK(sending.get());
    CHECK(got[1] == std::byte{'e'});
    CHECK(got.back() == std::byte{7});
    REQUIRE(pair.theirs->send(bytes_of("x")));
    CHECK(pair.ours->receive(got) == 1);
  });
}

TEST_CASE("fd stream: nothing is there at once, then something, then the end") {
  over_each([](FdPair pair) {
    std::array<std::byte, 8> got{};
    CHECK_FALSE(pair.ours->receive_now(got)->has_value());
    REQUIRE(pair.theirs->send(bytes_of("abc")));
    REQUIRE(pair.ours->wait(soon()));
    CHECK(**pair.ours->receive_now(got) == 3);
    pair.theirs->end();
    CHECK(pair.ours->receive(got) == 0);
  });
}

TEST_CASE("fd stream: a silent peer is given up, a peer that is gone is told") {
  over_each([](FdPair pair) {
    std::array<std::byte, 8> got{};
    REQUIRE(pair.ours->set_patience(std::chrono::milliseconds(10)));
    CHECK(pair.ours->receive(got).error().code == Errc::timed_out);
    CHECK(pair.ours->wait(cp::SystemClock().steady()).error().code == Errc::timed_out);
    const std::vector<std::byte> much(8U << 20U);
    CHECK(pair.ours->send(much).error().code == Errc::timed_out);
    CHECK_FALSE(pair.ours->is_writable());
    pair.theirs.reset();
    CHECK(pair.ours->send(bytes_of("x")).error().code == Errc::unavailable);
  });
}

TEST_CASE("fd stream: a shut one lets nobody wait, at either end") {
  over_each([](FdPair pair) {
    std::array<std::byte, 8> got{};
    std::array<std::byte, 8> other{};
    auto here = std::async(std::launch::async, [&] { return pair.ours->receive(got); });
    auto there = std::async(std::launch::async, [&] { return pair.theirs->receive(other); });
    pair.ours->shutdown();
    const auto ours = here.get();
    CHECK((!ours || *ours == 0));
    const auto theirs = there.get();
    CHECK((!theirs || *theirs == 0));
    CHECK_FALSE(pair.ours->send(bytes_of("x")));
  });
}

TEST_CASE("fd stream: its owner is dropped when both descriptors are closed") {
  auto pair = over_pipes();
  auto flag = std::make_shared<int>(1);
  auto pipe = cp::make_pipe();
  REQUIRE(pipe);
  auto stream = *FdStream::make(std::move(pipe->read), std::move(pipe->write), flag);
  CHECK(flag.use_count() == 2);
  stream.reset();
  CHECK(flag.use_count() == 1);
}
