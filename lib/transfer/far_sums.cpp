// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_sums.hpp"

#include "base/thread.hpp"
#include "transfer/at_server.hpp"
#include "transfer/far_link.hpp"
#include "transfer/run_remote.hpp"

#include <utility>

namespace cp::transfer {
namespace {

constexpr std::int64_t kSumsFormat = 8;

// ERROR of a host whose shell is there.
tl::unexpected<Error> for_a_shell(Error error) {
  error.message += ", and a shell alone sums nothing";
  if (error.hint.empty()) {
    error.hint = "--install-remote brings this cpxfer, --remote-cpxfer PATH says where one is";
  }
  return tl::unexpected<Error>(std::move(error));
}

Result<void> check_format(const Hello& far, Place kind) {
  return far.format >= kSumsFormat
             ? Result<void>()
             : with_hint(fail(Errc::unavailable, "its cpxfer {} is too old to sum and compare",
                              far.version),
                         kind == Place::ssh ? "--install-remote brings this one"
                                            : "it wants the version that is here");
}

void count(const Summed& summed, Tally& tally) {
  for (const Summed::Item& item : summed.items) {
    if (item.entry.type == EntryType::directory) {
      continue;
    }
    const std::uint64_t bytes = item.entry.type == EntryType::file ? item.entry.size : 0;
    ++tally.files_found;
    ++tally.files_placed;
    tally.bytes_found += bytes;
    tally.bytes_placed += bytes;
  }
}

}  // namespace

FarSums::FarSums(const Request& request, Location place)
    : request_(request), place_(std::move(place)) {}

Result<std::unique_ptr<FarSums>> FarSums::meet(const Request& request, const Location& place,
                                               const std::stop_token& stop) {
  std::unique_ptr<FarSums> far(new FarSums(request, place));
  far->link_ = link_to(request, place, true);
  auto client = Client::connect(*far->link_, request.silence, stop);
  if (!client && far->link_->take_shell()) {
    return at_server(place, Result<std::unique_ptr<FarSums>>(for_a_shell(client.error())));
  }
  CP_TRY_ASSIGN(far->client_, at_server(place, std::move(client)));
  CP_TRY(at_server(place, check_format(far->client_->far(), place.kind)));
  return far;
}

Result<Incoming> FarSums::give(const std::vector<Location>& sources, SumKind kind) {
  Open wanted = open_of(request_, RailChoice::tcp, Direction::pull);
  wanted.comparing = kind;
  for (const Location& source : sources) {
    wanted.sources.push_back(source.path);
  }
  CP_TRY_ASSIGN(const Opened opened, open(std::move(wanted)));
  Incoming incoming = opened.incoming;
  incoming.placement = request_.placement;
  return incoming;
}

Result<void> FarSums::take(const Incoming& incoming) {
  Open wanted = open_of(request_, RailChoice::tcp, Direction::push);
  wanted.comparing = SumKind::xxh3_128_tree;
  wanted.destination = place_.path;
  wanted.incoming = incoming;
  CP_TRY(open(std::move(wanted)));
  return {};
}

Result<Opened> FarSums::open(Open open) {
  // No stream is opened, and no byte of a file travels.
  open.dry_run = true;
  CP_TRY_ASSIGN(open.rail, rail_to(request_, place_));
  return at_server(place_, client_->open(std::move(open)));
}

Result<void> FarSums::hear(const Hear& what, const std::stop_token& stop) {
  const std::string prefix = place_.prefix();
  const SumThere there{.control = control(),
                       .take =
                           [&](const Summed& summed) {
                             Summed named = summed;
                             for (Summed::Item& item : named.items) {
                               item.from = prefix + item.from;
                             }
                             count(named, what.tally);
                             return what.take(named);
                           },
                       .begins = what.begins,
                       .failed =
                           [&](ItemFailed item) {
                             item.path = prefix + item.path;
                             what.failed(std::move(item));
                           },
                       .silence = request_.silence,
                       .tick = what.tick};
  return at_server(place_, sum_there(there, stop));
}

TakeSums FarSums::comparer(TellFailed failed) {
  TakeSums there = check_there(control(), std::move(failed), request_.silence);
  return [this, there = std::move(there)](const Summed& summed) {
    return at_server(place_, there(summed));
  };
}

Result<void> FarSums::finish() { return at_server(place_, control().send(Finish{})); }

Result<void> sum_far(const Request& request, const Location& place, SumKind kind,
                     const FarSums::Hear& what, const std::stop_token& stop) {
  return within_means([&]() -> Result<void> {
    CP_TRY_ASSIGN(const auto far, FarSums::meet(request, place, stop));
    CP_TRY(far->give({place}, kind));
    return far->hear(what, stop);
  });
}

}  // namespace cp::transfer
