// SPDX-License-Identifier: Apache-2.0
#include "transfer/given_rails.hpp"

#include "base/signals.hpp"
#include "net/fd_stream.hpp"
#include "transfer/limits.hpp"

#include "catch.hpp"

using namespace cp::transfer;
using cp::Errc;

namespace {

// Both ends of a talk, and what a server would have beside it.
struct Talk {
  cp::KernelRandom random;
  RailDesk desk;
  cp::fabric::Loader fabrics;
  std::unique_ptr<Control> client;
  std::unique_ptr<Control> server;

  Talk() {
    cp::survive_closed_pipes();
    auto there = cp::make_pipe();
    auto back = cp::make_pipe();
    REQUIRE(there);
    REQUIRE(back);
    client = std::make_unique<Control>(
        *cp::net::FdStream::make(std::move(back->read), std::move(there->write)),
        std::chrono::seconds(30));
    server = std::make_unique<Control>(
        *cp::net::FdStream::make(std::move(there->read), std::move(back->write)));
  }

  GivenRails::Parts parts() {
    return {.control = *server,
            .desk = desk,
            .fabrics = fabrics,
            .random = random,
            .secret = {.binding = "",
                       .client = std::string(32, 'c'),
                       .server = std::string(32, 's'),
                       .transfer = "t-1",
                       .epoch = 1,
                       .sealed = false},
            .needs_sealing = false,
            .host = "127.0.0.1",
            .door = "",
            .asked_address = "",
            .ports = {}};
  }

  // What the server says to WANTED.
  RailGiven answer_to(GivenRails& rails, const RailWanted& wanted) {
    REQUIRE(rails.take({.type = MessageType::rail_wanted, .body = to_text(wanted)}));
    const auto message = client->expect(MessageType::rail_given);
    REQUIRE(message);
    const auto given = parse_rail_given(message->body);
    REQUIRE(given);
    return *given;
  }
};

}  // namespace

TEST_CASE("a rail that is wanted is given as many streams, each with a token of its own") {
  Talk talk;
  GivenRails rails(talk.parts());
  const RailGiven given =
      talk.answer_to(rails, {.number = 2, .streams = 3, .window = limits::window_slots_taken});
  CHECK(given.number == 2);
  CHECK(given.window == limits::window_slots_granted);
  REQUIRE(given.tokens.size() == 3);
  CHECK(given.tokens[0] != given.tokens[1]);
  CHECK_FALSE(given.error);
  CHECK(rails.take_arrived().empty());
}

TEST_CASE("a rail that there is not is told, and the session goes on") {
  Talk talk;
  GivenRails rails(talk.parts());
  const RailGiven given =
      talk.answer_to(rails, {.number = 1, .kind = RailChoice::fabric, .provider = "udp;nothing"});
  REQUIRE(given.error);
  CHECK(given.error->code == Errc::unavailable);
  CHECK(given.tokens.empty());
  // Another may be there.
  CHECK_FALSE(talk.answer_to(rails, {.number = 2}).error);
}

TEST_CASE("a server that moves nothing in clear text gives no rail that would") {
  Talk talk;
  auto parts = talk.parts();
  parts.needs_sealing = true;
  GivenRails rails(std::move(parts));
  const RailGiven refused = talk.answer_to(rails, {.number = 1, .sealed = false});
  REQUIRE(refused.error);
  CHECK(refused.error->code == Errc::denied);
  CHECK_FALSE(talk.answer_to(rails, {.number = 2, .sealed = true}).error);
}
