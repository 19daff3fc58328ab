// SPDX-License-Identifier: Apache-2.0
#include "transfer/run_remote.hpp"

#include "base/text.hpp"
#include "transfer/at_server.hpp"
#include "transfer/client.hpp"
#include "transfer/dry_run.hpp"
#include "transfer/far_link.hpp"
#include "transfer/go_on.hpp"
#include "transfer/limits.hpp"
#include "transfer/more_streams.hpp"
#include "transfer/other_rails.hpp"
#include "transfer/path_plan.hpp"
#include "transfer/receive_session.hpp"
#include "transfer/resume.hpp"
#include "transfer/run_local.hpp"
#include "transfer/run_shell.hpp"
#include "transfer/send_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cp::transfer {
namespace {

// Streams and window that fit the path to the far end.
void fit_path(Open& open, const Request& request, std::chrono::nanoseconds round_trip) {
  const PathPlan plan = plan_path({.round_trip = round_trip,
                                   .rail = open.rail,
                                   .streams = request.streams,
                                   .is_to_stream = request.is_to_stream(),
                                   .is_from_stream = request.is_from_stream()});
  open.streams = plan.streams;
  open.more_streams = plan.more;
  open.window = plan.window;
}

Result<void> check_format(const Request& request, const Hello& far) {
  const bool needs_format_2 =
      request.preserve.anything() || request.sync.any() || request.deletion != Deletion::none;
  if (needs_format_2 && far.format < 2) {
    return fail(Errc::unavailable,
                "its cpxfer {} is too old for --preserve, --update, --checksum and --delete",
                far.version);
  }
  if (request.is_from_stream() && far.format < 3) {
    return fail(Errc::unavailable, "its cpxfer {} is too old for a stream as source", far.version);
  }
  if (request.dry_run && request.deletion != Deletion::none && far.format < 3) {
    return fail(Errc::unavailable, "its cpxfer {} is too old to show what would be deleted",
                far.version);
  }
  if (request.dry_run && request.sync.any() && far.format < 5) {
    return fail(Errc::unavailable,
                "its cpxfer {} is too old to show what --update and --checksum would leave",
                far.version);
  }
  return {};
}

Result<void> check_readback(const Request& request, const Hello& far, Place place) {
  if (!request.reads_back || far.format >= 6) {
    return {};
  }
  auto old = fail(Errc::unavailable, "its cpxfer {} is too old for --verify=readback", far.version);
  return place == Place::ssh ? with_hint(std::move(old), "--install-remote brings this one")
                             : std::move(old);
}

void conclude(Report& report, const Location& server, Result<FinalResult> result) {
  if (result) {
    report.account().result = *result;
  } else {
    report.account().error = at_server(server, std::move(result)).error();
  }
}

Result<void> show_push(const Request& request, const std::vector<Source>& sources,
                       const Location& destination, const Plan& plan, Client& client,
                       Report& report, const std::stop_token& stop) {
  Inventory nothing(Deletion::none);
  const std::string server = destination.prefix();
  Control& control = client.control();
  AskThere ask;
  if (request.sync.any()) {
    ask = ask_over(control, request.silence);
  }
  {
    const std::stop_callback interrupt(stop, [&] { control.shutdown(); });
    CP_TRY(at_server(destination, show_plan(sources, plan, request.selection, server, ask, nothing,
                                            report, stop)));
    if (request.sync.any()) {
      CP_TRY(at_server(destination, control.send(Finish{})));
    }
  }
  if (request.deletion == Deletion::none) {
    return {};
  }
  CP_TRY(at_server(destination,
                   tell_plan(sources, request.selection, true, AskThere(), control, stop)));
  return at_server(destination,
                   ask_deletions(control, plan, server, request.silence, report, stop));
}

Result<void> show_pull(const Request& request, const Location& server, const Plan& plan,
                       const Incoming& incoming, Client& client, Report& report,
                       const std::stop_token& stop) {
  Inventory inventory(request.deletion);
  const Looker looker(landing_if_there(OpenGround(), plan, incoming), request.sync, stop);
  CP_TRY(show_told(client.control(), plan, server.prefix(), request.silence,
                   request.sync.any() ? &looker : nullptr, inventory, report, stop));
  return show_deletions(OpenGround(), plan, request.selection.filter, inventory, report);
}

// The shell that stands in for the cpxfer that ERROR misses, if there is one.
std::unique_ptr<net::Stream> shell_instead(Link& link, const Location& server, const Error& error,
                                           Report& report) {
  auto shell = link.take_shell();
  if (shell && report.account().connections == 1) {
    report.observer().goes_without(fmt::format("{}: {}", server.server(), error.message));
  }
  return shell;
}

using Senders = std::vector<std::unique_ptr<ChunkSender>>;
using Receivers = std::vector<std::unique_ptr<ChunkReceiver>>;

/// The streams of one session that join while it runs.
struct Joining {
  Joining(Client& client, const Request& request, const Opened& opened, Report& report,
          const Carriers& first, std::shared_ptr<RailCount> count_of_first)
      : more(client, opened, report.tally(), first, request.bytes_per_second),
        others(client, request, report),
        count(std::move(count_of_first)) {}

  // Of the first kind, and of others.
  std::vector<OtherRails::Joined> tick(std::uint32_t window, Report& report) {
    auto joined = others.tick();
    joined.push_back({{more.tick(), window}, count});
    report.account().streams = more.count();
    return joined;
  }

  MoreStreams more;
  OtherRails others;
  std::shared_ptr<RailCount> count;  ///< of the first kind
};

Senders more_senders(Joining& joining, std::uint32_t window, Report& report) {
  Senders all;
  for (auto& [streams, count] : joining.tick(window, report)) {
    if (auto senders = as_senders(std::move(streams.carriers), streams.window)) {
      std::ranges::move(counted(*std::move(senders), count), std::back_inserter(all));
    } else {
      count->cannot(senders.error());
    }
  }
  return all;
}

Result<void> push_once(const Request& request, const std::vector<Source>& sources,
                       const Location& destination, Report& report, std::stop_token stop) {
  CP_TRY_ASSIGN(const RailChoice rail, rail_to(request, destination));
  const auto link = link_to(request, destination, report.account().connections == 1,
                            early_logins_of(request, rail));
  auto met = Client::connect(*link, request.silence, stop);
  if (!met) {
    if (auto shell = shell_instead(*link, destination, met.error(), report)) {
      return push_through_shell(request, sources, destination, std::move(shell), report, stop);
    }
  }
  CP_TRY_ASSIGN(const auto client, at_server(destination, std::move(met)));
  CP_TRY(at_server(destination, check_format(request, client->far())));
  CP_TRY(at_server(destination, check_readback(request, client->far(), destination.kind)));
  Open open = open_of(request, rail, Direction::push);
  fit_path(open, request, client->round_trip());
  open.destination = destination.path;
  open.incoming = incoming_of(request, sources);
  open.id = report.account().id;
  open.epoch = report.account().connections;
  CP_TRY_ASSIGN(const Opened opened, at_server(destination, client->open(open)));
  if (request.dry_run) {
    return show_push(request, sources, destination, opened.plan, *client, report, stop);
  }
  CP_TRY_ASSIGN(auto carriers, at_server(destination, client->connect_rails(opened)));
  report.account().id = opened.id;
  report.account().attempt = opened.attempt;
  CP_TRY_ASSIGN(const HaveTable have, opened.tells_have
                                          ? at_server(destination, hear_have(client->control()))
                                          : Result<HaveTable>());
  const auto count = report.rail(std::string(name_of(rail)), opened.place.provider);
  Joining joining(*client, request, opened, report, carriers, count);
  // Of what the server says no more than was asked for: it may be memory here.
  const std::uint32_t window = std::min(open.window, opened.window);
  CP_TRY_ASSIGN(auto streams, as_senders(std::move(carriers), window));
  report.set_path(window, client->round_trip());
  report.begin(std::string(name_of(rail)), opened.place.provider, streams.size(),
               client->is_sealed() || rail == RailChoice::ssh);
  report.account().compression = agreed_compression(request.compression, opened);
  conclude(report, destination,
           send_all({.control = client->control(),
                     .sources = sources,
                     .selection = request.selection,
                     .preserve = request.preserve,
                     .knows_extras = client->far().format >= 2,
                     .sync = request.sync,
                     .deletion = request.deletion,
                     .bytes_per_second = request.bytes_per_second,
                     .compression = report.account().compression,
                     .streams = counted(std::move(streams), count),
                     .more_streams = [&] { return more_senders(joining, window, report); },
                     .rail_message =
                         [&](const Message& message) { return joining.others.take(message); },
                     .tally = report.tally(),
                     .destination = destination.prefix() + destination.path,
                     .silence = request.silence,
                     .tick = [&] { report.tick(); },
                     .have = &have},
                    stop));
  return {};
}

Result<void> open_session(ReceiveSession& session, const Request& request, Landing landing,
                          Report& report, const Open& open) {
  const auto ready = session.open({.landing = std::move(landing),
                                   .durability = request.durability,
                                   .names = names_of(open.sources, request.placement),
                                   .contain_links = true,
                                   .preserve = request.preserve,
                                   .sync = request.sync,
                                   .reads_back = request.reads_back,
                                   .deletion = request.deletion,
                                   .filter = request.selection.filter,
                                   .id = report.account().id,
                                   .key = open.key,
                                   .archive = request.archive});
  return ready ? ready
               : fail(ready.error().code, "cannot create {}: {}", request.destination,
                      ready.error().message);
}

Result<void> open_session(ReceiveSession& session, const Request& request, const Opened& opened,
                          Report& report, const Open& open) {
  if (request.is_to_stream()) {
    return session.open({.fd = request.output,
                         .id = report.account().id,
                         .syncs = request.durability != Durability::none});
  }
  CP_TRY_ASSIGN(Landing landing, land(OpenGround(), request.destination, opened.incoming));
  return open_session(session, request, std::move(landing), report, open);
}

Receivers more_receivers(std::optional<Joining>& joining, std::uint32_t window, Report& report) {
  Receivers all;
  for (auto& [streams, count] : joining->tick(window, report)) {
    if (auto receivers = as_receivers(std::move(streams.carriers), streams.window)) {
      std::ranges::move(counted(*std::move(receivers), count, report.tally()),
                        std::back_inserter(all));
    } else {
      count->cannot(receivers.error());
    }
  }
  return all;
}

Result<void> pull_once(const Request& request, const std::vector<Location>& sources, Report& report,
                       std::stop_token stop) {
  CP_TRY(check_one_server(sources));
  const Location& server = sources.front();
  CP_TRY_ASSIGN(const RailChoice rail, rail_to(request, server));
  const auto link =
      link_to(request, server, report.account().connections == 1, early_logins_of(request, rail));
  auto met = Client::connect(*link, request.silence, stop);
  if (!met) {
    if (auto shell = shell_instead(*link, server, met.error(), report)) {
      return pull_through_shell(request, sources, std::move(shell), report, stop);
    }
  }
  CP_TRY_ASSIGN(const auto client, at_server(server, std::move(met)));
  CP_TRY(at_server(server, check_format(request, client->far())));
  Open open = open_of(request, rail, Direction::pull);
  fit_path(open, request, client->round_trip());
  for (const Location& source : sources) {
    open.sources.push_back(source.path);
  }
  open.id = report.account().id;
  open.epoch = report.account().connections;
  CP_TRY_ASSIGN(Opened opened, at_server(server, client->open(open)));
  opened.incoming.placement = request.placement;
  if (request.is_to_stream()) {
    CP_TRY(check_fits_stream(opened.incoming));
  }
  if (request.dry_run) {
    CP_TRY_ASSIGN(const Plan plan, plan_here(request, opened.incoming));
    return at_server(server,
                     show_pull(request, server, plan, opened.incoming, *client, report, stop));
  }
  // Of what the server says no more than was asked for: it may be memory here.
  const std::uint32_t window = std::min(open.window, opened.window);
  std::optional<Joining> joining;
  ReceiveSession session(
      {.control = client->control(),
       .tally = report.tally(),
       .destination = request.is_to_stream() ? "" : request.destination,
       .source = server.prefix(),
       .silence = request.silence,
       .tick = [&] { report.tick(); },
       .expands = !opened.codec.empty(),
       .more_streams = [&] { return more_receivers(joining, window, report); },
       .rail_message = [&](const Message& message) { return joining->others.take(message); }});
  CP_TRY(open_session(session, request, opened, report, open));
  CP_TRY_ASSIGN(auto carriers, at_server(server, client->connect_rails(opened)));
  report.account().id = session.receiver().id();
  report.account().attempt = session.receiver().attempt();
  if (opened.tells_have) {
    CP_TRY(at_server(server, session.tell_have()));
  }
  const auto count = report.rail(std::string(name_of(rail)), opened.place.provider);
  joining.emplace(*client, request, opened, report, carriers, count);
  CP_TRY_ASSIGN(auto streams, as_receivers(std::move(carriers), window));
  report.set_path(window, client->round_trip());
  report.begin(std::string(name_of(rail)), opened.place.provider, streams.size(),
               client->is_sealed() || rail == RailChoice::ssh);
  report.account().compression = agreed_compression(request.compression, opened);
  conclude(report, server, session.run(counted(std::move(streams), count, report.tally()), stop));
  return {};
}

}  // namespace

Open open_of(const Request& request, RailChoice rail, Direction direction) {
  return {.direction = direction,
          .placement = request.is_from_stream() ? Placement::exact : request.placement,
          .durability = request.durability,
          .rail = rail,
          .provider = request.provider,
          // What goes to a stream comes in its order over one.
          .streams = request.is_to_stream() ? 1 : streams_of(request),
          .dry_run = request.dry_run,
          .selection = request.selection,
          .bytes_per_second = request.bytes_per_second,
          .preserve = request.preserve,
          .sync = request.sync,
          .reads_back = request.reads_back,
          .deletion = request.deletion,
          .key = request.dry_run ? std::nullopt : wanted_key(request),
          .compression = request.compression,
          .ports = request.ports};
}

Result<void> check_one_server(const std::vector<Location>& sources) {
  for (const Location& source : sources) {
    if (source.server() != sources.front().server()) {
      return fail(Errc::usage, "the sources are at several servers; one transfer asks one");
    }
  }
  return {};
}

Result<void> run_push(const Request& request, const std::vector<Source>& sources,
                      const Location& destination, Report& report, std::stop_token stop) {
  return go_on_while_lost(request, report, stop,
                          [&] { return push_once(request, sources, destination, report, stop); });
}

Result<void> run_pull(const Request& request, const std::vector<Location>& sources, Report& report,
                      std::stop_token stop) {
  return go_on_while_lost(request, report, stop,
                          [&] { return pull_once(request, sources, report, stop); });
}

}  // namespace cp::transfer
