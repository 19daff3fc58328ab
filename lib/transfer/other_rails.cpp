// SPDX-License-Identifier: Apache-2.0
#include "transfer/other_rails.hpp"

#include "base/thread.hpp"
#include "transfer/far_link.hpp"
#include "transfer/path_plan.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

constexpr std::int64_t kFirstFormat = 7;

RailWanted wanted_of(const OtherRail& rail, std::uint64_t number, const Request& request,
                     std::chrono::nanoseconds round_trip) {
  const PathPlan plan =
      plan_path({.round_trip = round_trip, .rail = rail.kind, .streams = request.streams});
  return {.number = number,
          .kind = rail.kind,
          .provider = rail.provider,
          .streams = plan.streams,
          .window = plan.window};
}

}  // namespace

OtherRails::OtherRails(Client& client, const Request& request, Report& report)
    : client_(client), report_(report) {
  // What goes to a stream comes in its order over one.
  if (request.is_to_stream()) {
    return;
  }
  for (const OtherRail& rail : request.other_rails) {
    rails_.push_back({.wanted = wanted_of(rail, rails_.size() + 1, request, client.round_trip()),
                      .count = report.rail(std::string(name_of(rail.kind)), rail.provider),
                      .opening = {}});
  }
}

OtherRails::~OtherRails() { stop_.request_stop(); }

void OtherRails::ask(One& one) {
  one.is_asked = true;
  if (client_.far().format < kFirstFormat) {
    one.count->cannot({Errc::unavailable,
                       fmt::format("the cpxfer {} there is too old for rails of several kinds",
                                   client_.far().version),
                       {}});
  } else if (const auto asked = client_.want(one.wanted); !asked) {
    one.count->cannot(asked.error());
  }
}

Result<void> OtherRails::take(const Message& message) {
  if (message.type != MessageType::rail_given) {
    return fail(Errc::protocol, "a message that only a client sends");
  }
  CP_TRY_ASSIGN(RailGiven given, parse_rail_given(message.body));
  const auto one = std::ranges::find_if(rails_, [&](const One& rail) {
    return rail.wanted.number == given.number && rail.is_asked && rail.window == 0;
  });
  if (one == rails_.end() || given.tokens.size() > static_cast<std::size_t>(one->wanted.streams)) {
    return fail(Errc::protocol, "a rail that nobody wanted");
  }
  // Of what the server says no more than was asked for: it may be memory here.
  one->window = std::min(given.window, one->wanted.window);
  if (given.error) {
    one->count->cannot(*given.error);
  } else {
    begin_opening(*one, std::move(given));
  }
  return {};
}

void OtherRails::begin_opening(One& one, RailGiven given) {
  if (!given.place.provider.empty()) {
    one.count->set_provider(given.place.provider);
  }
  const auto begun = within_means([&]() -> Result<void> {
    one.opening = std::async(std::launch::async, [this, given, sealed = one.wanted.sealed] {
      return client_.connect_given(given, sealed, stop_.get_token());
    });
    return {};
  });
  if (!begun) {
    one.count->cannot(begun.error());
  }
}

std::vector<OtherRails::Joined> OtherRails::tick() {
  std::vector<Joined> joined;
  for (One& one : rails_) {
    if (!one.is_asked) {
      ask(one);
    }
    if (!one.opening.valid() ||
        one.opening.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
      continue;
    }
    auto carriers = within_means([&] { return one.opening.get(); });
    if (!carriers) {
      one.count->cannot(carriers.error());
      continue;
    }
    report_.account().encrypted = report_.account().encrypted && one.wanted.sealed;
    joined.push_back({{*std::move(carriers), one.window}, one.count});
  }
  return joined;
}

}  // namespace cp::transfer
