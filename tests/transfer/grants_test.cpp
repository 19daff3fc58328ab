// SPDX-License-Identifier: Apache-2.0
#include "transfer/grants.hpp"

#include "scratch.hpp"

#include "catch.hpp"
#include <thread>

using namespace cp::transfer;
using cp::Errc;

namespace {

cp::identity::Token token_with(std::vector<std::string> grants) {
  cp::identity::Token token;
  token.id = "01M8233HY9NHH45D4A69ZNK920";
  token.expires = 2'000'000'000;
  for (const std::string& text : grants) {
    token.grants.push_back(*cp::identity::parse_grant(text));
  }
  return token;
}

Permit permit(std::optional<std::uint64_t> bytes, const char* grant = "g") {
  return {.token = "t", .grant = grant, .bytes = bytes, .expires = 2'000'000'000};
}

}  // namespace

TEST_CASE("a token without a grant that covers all paths permits nothing") {
  const auto token = token_with({"write:path=/a", "read:path=/b,bytes=5", "write:path=/c"});
  const auto refused = [&](const char* op, const std::vector<std::string>& paths) {
    const auto found = permit_of(token, op, paths);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::denied);
  };
  refused("write", {"/"});
  refused("write", {"/ab"});
  refused("write", {"/b"});
  refused("read", {"/a"});
  refused("write", {"/a/../c/../b"});
  refused("write", {"a"});
  refused("write", {});
  // Two grants do not add up.
  refused("write", {"/a/x", "/c/x"});
  CHECK(permit_of(token, "write", {"/a/x", "/a"}));
  const auto read = permit_of(token, "read", {"/b/"});
  REQUIRE(read);
  CHECK(read->bytes == 5);
  CHECK(read->expires == token.expires);
}

TEST_CASE("nobody moves more bytes than a grant has, in however many sessions at once") {
  const Scratch scratch;
  const auto spending = Spending::open(scratch.at("spending.db"));
  REQUIRE(spending);
  const cp::SystemClock clock;
  std::atomic<std::uint64_t> moved{0};
  std::vector<std::thread> sessions;
  for (int i = 0; i < 4; ++i) {
    sessions.emplace_back([&] {
      Meter meter(permit(100'000), **spending, clock);
      while (meter.spend(1'000)) {
        moved += 1'000;
      }
    });
  }
  for (std::thread& session : sessions) {
    session.join();
  }
  CHECK(moved <= 100'000);
  // What one session did not need, a later one has.
  {
    Meter meter(permit(100'000), **spending, clock);
    while (meter.spend(1'000)) {
      moved += 1'000;
    }
  }
  CHECK(moved == 100'000);
  // Another grant of the same token has its own.
  Meter other(permit(1'000, "h"), **spending, clock);
  CHECK(other.spend(1'000));
  CHECK(other.spend(1).error().code == Errc::denied);
}

TEST_CASE("what was reserved by a process that died stays spent") {
  const Scratch scratch;
  {
    const auto spending = Spending::open(scratch.at("spending.db"));
    REQUIRE(spending);
    CHECK((*spending)->reserve(permit(1'000), 900) == 900);
  }
  const auto spending = Spending::open(scratch.at("spending.db"));
  REQUIRE(spending);
  CHECK((*spending)->reserve(permit(1'000), 900) == 100);
  CHECK((*spending)->reserve(permit(1'000), 900) == 0);
  REQUIRE((*spending)->give_back(permit(1'000), 300));
  CHECK((*spending)->reserve(permit(1'000), 900) == 300);
}

TEST_CASE("a grant without a limit has one in time alone") {
  const Scratch scratch;
  const auto spending = Spending::open(scratch.at("spending.db"));
  REQUIRE(spending);
  const cp::SystemClock clock;
  Meter meter(permit(std::nullopt), **spending, clock);
  CHECK(meter.spend(~std::uint64_t{0}));
  Permit past = permit(std::nullopt);
  past.expires = 1'000'000'000;
  Meter late(past, **spending, clock);
  const auto spent = late.spend(1);
  REQUIRE_FALSE(spent);
  CHECK(spent.error().message == "the token has expired");
}
