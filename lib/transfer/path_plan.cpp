// SPDX-License-Identifier: Apache-2.0
#include "transfer/path_plan.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

using namespace std::chrono_literals;

constexpr int kLongPathStreams = 8;
constexpr auto kPathOfOneStream = 12ms;
// Below that a few streams fill any line, and more of them cost processors. What passes through ssh
// takes longer by what two processes at each end take to be woken.
constexpr auto kShortPath = 5ms;
constexpr auto kShortPathOfSsh = 20ms;
constexpr int kMostSshStreams = 16;

constexpr double kBytesPerSecond = 10e9 / 8;
constexpr double kChunksAnyway = 16;
constexpr std::uint32_t kMostChunks = 128;   // of all streams that a session begins with
constexpr std::uint32_t kMostInMemory = 64;  // of those that cannot be read again

bool is_short(const PathFacts& facts) {
  return facts.round_trip < (facts.rail == RailChoice::ssh ? kShortPathOfSsh : kShortPath);
}

int first_streams(const PathFacts& facts) {
  if (facts.is_to_stream) {
    return 1;
  }
  if (facts.streams != 0) {
    return facts.streams;
  }
  // Through ssh each is a process at both ends and a handshake of nine round trips; these log in
  // with the talk.
  if (facts.rail != RailChoice::tcp || is_short(facts)) {
    return usual_streams;
  }
  return std::clamp(static_cast<int>(facts.round_trip / kPathOfOneStream), usual_streams,
                    kLongPathStreams);
}

int more_streams(const PathFacts& facts, int first) {
  const bool is_fixed = facts.streams != 0 || facts.is_to_stream || facts.is_from_stream;
  if (is_fixed || facts.rail == RailChoice::fabric || is_short(facts)) {
    return 0;
  }
  return (facts.rail == RailChoice::ssh ? kMostSshStreams : limits::streams) - first;
}

std::uint32_t window_of(const PathFacts& facts, int streams) {
  // Those of a fabric are memory at the receiver.
  if (facts.rail == RailChoice::fabric || is_short(facts)) {
    return limits::window_slots;
  }
  const double seconds = std::chrono::duration<double>(facts.round_trip).count();
  const double wanted = kChunksAnyway + seconds * kBytesPerSecond / limits::chunk_bytes;
  const double most = facts.is_from_stream ? kMostInMemory : kMostChunks;
  const auto chunks = static_cast<std::uint32_t>(std::min(wanted, most));
  const auto each =
      (chunks + static_cast<std::uint32_t>(streams) - 1) / static_cast<std::uint32_t>(streams);
  // More streams than that need less each, but none of them needs less than that.
  return std::clamp(each, facts.is_from_stream ? 2 : limits::window_slots,
                    limits::window_slots_granted);
}

}  // namespace

PathPlan plan_path(const PathFacts& facts) {
  const int streams = first_streams(facts);
  return {.streams = streams,
          .more = more_streams(facts, streams),
          .window = window_of(facts, streams)};
}

}  // namespace cp::transfer
