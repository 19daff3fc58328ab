// SPDX-License-Identifier: Apache-2.0
#include "transfer/path_plan.hpp"

#include "model/json.hpp"
#include "transfer/agreement.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"

using namespace cp::transfer;
using namespace std::chrono_literals;

namespace {

// Bytes that may be on their way at the beginning.
double flight(const PathPlan& plan) {
  return static_cast<double>(plan.window) * plan.streams * limits::chunk_bytes;
}

Open with_path(RailChoice rail, std::uint32_t window) {
  Open open{.rail = rail, .window = window};
  return open;
}

}  // namespace

TEST_CASE("a short path has two streams and the least window, and gets no more") {
  for (const RailChoice rail : {RailChoice::tcp, RailChoice::ssh, RailChoice::fabric}) {
    const PathPlan plan = plan_path({.round_trip = 200us, .rail = rail});
    CHECK(plan.streams == 2);
    CHECK(plan.more == 0);
    CHECK(plan.window == limits::window_slots);
  }
}

TEST_CASE("what may be on its way fills a long line") {
  for (const auto round_trip : {20ms, 50ms, 100ms}) {
    const double line = std::chrono::duration<double>(round_trip).count() * 5e9 / 8;
    for (const RailChoice rail : {RailChoice::tcp, RailChoice::ssh}) {
      for (const int streams : {0, 1, 4}) {
        const PathPlan plan =
            plan_path({.round_trip = round_trip, .rail = rail, .streams = streams});
        CHECK(flight(plan) >= line);
        CHECK(plan.window <= limits::window_slots_granted);
      }
    }
  }
}

TEST_CASE("a long path begins with more streams, and may get more still") {
  const PathPlan tcp = plan_path({.round_trip = 100ms, .rail = RailChoice::tcp});
  CHECK(tcp.streams == 8);
  CHECK(tcp.streams + tcp.more == limits::streams);
  const PathPlan ssh = plan_path({.round_trip = 100ms, .rail = RailChoice::ssh});
  CHECK(ssh.streams == 2);
  CHECK(ssh.streams + ssh.more == 16);
}

TEST_CASE("what the user fixed stays as it is") {
  const PathPlan plan = plan_path({.round_trip = 100ms, .rail = RailChoice::tcp, .streams = 5});
  CHECK(plan.streams == 5);
  CHECK(plan.more == 0);
}

TEST_CASE("a stream as destination has one stream, and one as source little in memory") {
  const PathPlan out =
      plan_path({.round_trip = 100ms, .rail = RailChoice::tcp, .is_to_stream = true});
  CHECK(out.streams == 1);
  CHECK(out.more == 0);
  const PathPlan in =
      plan_path({.round_trip = 100ms, .rail = RailChoice::tcp, .is_from_stream = true});
  CHECK(in.more == 0);
  CHECK(flight(in) <= 64.0 * limits::chunk_bytes);
}

TEST_CASE("the slots of a fabric are memory, and stay few") {
  const PathPlan plan = plan_path({.round_trip = 100ms, .rail = RailChoice::fabric});
  CHECK(plan.streams == 2);
  CHECK(plan.window == limits::window_slots);
}

TEST_CASE("a server grants what is wanted, within its bounds") {
  CHECK(agreed_window(with_path(RailChoice::tcp, 20)) == 20);
  CHECK(agreed_window(with_path(RailChoice::tcp, 256)) == limits::window_slots_granted);
  CHECK(agreed_window(with_path(RailChoice::fabric, 64)) == limits::window_slots);
  CHECK(agreed_window(Open{}) == limits::window_slots);
}

TEST_CASE("more streams and a window travel in the first messages, and need not be there") {
  Open open{.incoming = {.sources = 1, .name = "a", .is_directory = false}, .streams = 3};
  open.secret.assign(limits::key_bytes, 's');
  open.more_streams = 13;
  open.window = 21;
  const auto parsed = parse_open(to_text(open));
  REQUIRE(parsed);
  CHECK(parsed->more_streams == 13);
  CHECK(parsed->window == 21);
  auto json = cp::model::Json::parse(to_text(open));
  json["more_streams"] = limits::streams - 2;
  CHECK_FALSE(parse_open(json.dump()));
  json["more_streams"] = 0;
  json["window"] = 0;
  CHECK_FALSE(parse_open(json.dump()));
  json.erase("more_streams");
  json.erase("window");
  const auto old = parse_open(json.dump());
  REQUIRE(old);
  CHECK(old->more_streams == 0);
  CHECK(old->window == limits::window_slots);
}
