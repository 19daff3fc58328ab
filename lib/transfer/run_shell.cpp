// SPDX-License-Identifier: Apache-2.0
#include "transfer/run_shell.hpp"

#include "base/file.hpp"
#include "transfer/at_server.hpp"
#include "transfer/dry_run.hpp"
#include "transfer/far_reader.hpp"
#include "transfer/far_tree.hpp"
#include "transfer/local.hpp"
#include "transfer/path.hpp"
#include "transfer/receiver.hpp"
#include "transfer/resume.hpp"
#include "transfer/run_local.hpp"
#include "transfer/sender.hpp"
#include "transfer/source.hpp"
#include "transfer/stream_out.hpp"
#include "transfer/wake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace cp::transfer {
namespace {

constexpr auto kShellTick = std::chrono::milliseconds(100);

Result<void> need_cpxfer(const char* what) {
  return with_hint(
      fail(Errc::unavailable, "there is no cpxfer there, and its shell cannot do {}", what),
      "--install-remote brings this cpxfer, --remote-cpxfer PATH says where one is");
}

Result<void> check_shell_can(const Request& request) {
  if (request.sync.any() || request.deletion != Deletion::none) {
    return need_cpxfer("--update, --checksum and --delete");
  }
  if (request.preserve.anything()) {
    return need_cpxfer("--preserve");
  }
  if (request.rail != RailChoice::automatic && request.rail != RailChoice::ssh) {
    return need_cpxfer("any rail but ssh");
  }
  if (request.compression.mode == Compression::Mode::fixed) {
    return need_cpxfer("--compress");
  }
  return {};
}

// The far end as the ground of a landing: only what plan_landing asks.
class ShellGround final : public Ground {
 public:
  explicit ShellGround(FarShell& shell) : shell_(shell) {}

  bool is_directory(const std::string& path) const override {
    const auto kind = kind_of(path);
    return kind && (*kind == "d" || *kind == "ld");
  }
  Result<void> check_free(const std::string& path) const override {
    CP_TRY_ASSIGN(const std::string kind, kind_of(path));
    return kind == "none" ? Result<void>() : fail(Errc::cannot_create, "a file stands there");
  }
  Result<Landing> enter(const std::string& /*path*/) const override { return nothing_here(); }
  Result<Confined> look_into(const std::string& /*path*/) const override { return nothing_here(); }

 private:
  static tl::unexpected<Error> nothing_here() {
    return fail(Errc::internal, "a directory of another host cannot be entered");
  }
  Result<std::string> kind_of(const std::string& path) const {
    const std::string word = far_path_word(path);
    CP_TRY(shell_.ask("kind", std::span(&word, 1)));
    return shell_.line();
  }

  FarShell& shell_;
};

/// Hands a receiver's failures on, under the names that the user knows.
class ShellEvents final : public ReceiveEvents {
 public:
  ShellEvents(std::string prefix, Tally& tally) : prefix_(std::move(prefix)), tally_(tally) {}
  /// Borrowed, until it is nullptr.
  void set_sender(Sender* sender) { sender_ = sender; }
  void item_failed(const ItemFailed& failed) override {
    ItemFailed shown = failed;
    shown.path = shown_in(prefix_, failed.path);
    if (sender_ != nullptr) {
      sender_->far_failed(shown);
    } else {
      tally_.failed(std::move(shown));
    }
  }
  void became_durable(const Durable& all) override { tally_.bytes_durable = all.bytes; }

 private:
  const std::string prefix_;
  Tally& tally_;
  Sender* sender_ = nullptr;
};

Error interrupted_or(const std::stop_token& stop, Error error) {
  return stop.stop_requested() ? Error{Errc::timed_out, "interrupted", {}} : error;
}

void begin_shell(Report& report, const Taker& taker) {
  report.account().id = taker.id();
  report.account().attempt = taker.attempt();
  report.begin("ssh", "sh", 1, true);
}

void conclude_shell(const Location& server, Result<FinalResult> result, const std::stop_token& stop,
                    Report& report) {
  if (result) {
    report.account().result = *result;
    return;
  }
  result = tl::unexpected<Error>(interrupted_or(stop, std::move(result).error()));
  report.account().error = at_server(server, std::move(result)).error();
}

Result<void> send_by_shell(const Request& request, const std::vector<Source>& sources,
                           FarTree& tree, ShellEvents& events, Report& report,
                           const std::stop_token& stop) {
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  CP_TRY_ASSIGN(const HaveTable have, have_of(tree));
  LocalFarEnd far(tree);
  Sender* fatal_to = nullptr;
  std::vector<std::unique_ptr<ChunkSender>> streams;
  streams.push_back(std::make_unique<LocalRail>(
      tree, report.tally(), [&](const Error& error) { fatal_to->interrupt(error); }));
  Sender sender({.sources = sources,
                 .walk = {{}, request.selection, request.preserve, false},
                 .far = far,
                 .tally = report.tally(),
                 .streams = std::move(streams),
                 .have = &have,
                 .knows_extras = false,
                 .bytes_per_second = request.bytes_per_second,
                 .changed = [&] { wake.signal(); }});
  fatal_to = &sender;
  events.set_sender(&sender);
  const std::stop_callback interrupt(stop, [&] {
    sender.interrupt({Errc::timed_out, "interrupted", {}});
  });
  sender.start();
  while (!sender.state()) {
    report.tick();
    wake.wait(kShellTick);
  }
  auto sent = *sender.state();
  sender.end();
  // What fails from here on, fails when it gets its name.
  events.set_sender(nullptr);
  return sent;
}

Result<void> check_far_apart(const std::vector<FarSource>& sources) {
  std::set<std::string> names;
  for (const FarSource& source : sources) {
    if (!source.name.empty() && !names.insert(source.name).second) {
      return fail(Errc::usage, "two sources would land as {}", source.name);
    }
    if (is_reserved(source.name)) {
      return fail(Errc::denied, "cannot read {}: the name is reserved for cpxfer's own files",
                  source.shown);
    }
  }
  return {};
}

Result<std::vector<FarSource>> open_far_sources(const Request& request,
                                                const std::vector<Location>& locations,
                                                FarShell& shell) {
  std::vector<FarSource> sources;
  for (const Location& location : locations) {
    CP_TRY_ASSIGN(FarSource source, open_far_source(shell, location.path, request.placement));
    sources.push_back(std::move(source));
  }
  CP_TRY(check_far_apart(sources));
  return sources;
}

Incoming incoming_from(const Request& request, const std::vector<FarSource>& sources) {
  return {.sources = sources.size(),
          .name = sources.front().name,
          .is_directory = sources.front().is_directory,
          .placement = request.placement};
}

Result<void> show_far(const std::vector<FarSource>& sources, const Request& request,
                      const Plan& plan, const Location& server, FarShell& shell, Report& report) {
  report.account().is_planned = true;
  for (const FarSource& source : sources) {
    CP_TRY_ASSIGN(const auto found, list_far(shell, source, request.selection.one_file_system));
    for (const FarFound& one : found) {
      const std::string& path = one.entry.path;
      if (!check_path(path) || request.selection.filter.excludes(path, one.is_directory())) {
        continue;
      }
      show_item({.from = source.show(path),
                 .path = path,
                 .size = one.kind == FarFound::Kind::file ? one.entry.size : 0,
                 .is_directory = one.is_directory(),
                 .is_source = path == source.name},
                plan, "", server.prefix(), report);
    }
  }
  report.tally().walk_ended = true;
  return {};
}

Result<std::unique_ptr<Taker>> open_shell_taker(const Request& request,
                                                const std::vector<FarSource>& sources,
                                                const Incoming& incoming, ShellEvents& events,
                                                Report& report, const std::stop_token& stop) {
  if (request.is_to_stream()) {
    CP_TRY(check_fits_stream(incoming));
    return std::make_unique<StreamOut>(
        StreamOut::Settings{.fd = request.output,
                            .id = report.account().id,
                            .syncs = request.durability != Durability::none},
        events, report.tally());
  }
  CP_TRY_ASSIGN(Landing landing, land(OpenGround(), request.destination, incoming));
  std::vector<std::string> paths;
  std::ranges::transform(sources, std::back_inserter(paths), &FarSource::shown);
  auto receiver = Receiver::open({.landing = std::move(landing),
                                  .durability = request.durability,
                                  .names = names_of(paths, request.placement),
                                  .contain_links = true,
                                  .reads_back = request.reads_back,
                                  .filter = request.selection.filter,
                                  .id = report.account().id,
                                  .key = wanted_key(request),
                                  .archive = request.archive,
                                  .stop = stop},
                                 events, report.tally());
  if (!receiver) {
    return fail(receiver.error().code, "cannot create {}: {}", request.destination,
                receiver.error().message);
  }
  return receiver;
}

Result<FinalResult> read_by_shell(const Request& request, const std::vector<FarSource>& sources,
                                  const Location& server, FarShell& shell, Taker& taker,
                                  Report& report, const std::stop_token& stop) {
  CP_TRY_ASSIGN(const HaveTable have, have_of(taker));
  FarReader reader({.shell = shell,
                    .taker = taker,
                    .have = have,
                    .report = report,
                    .selection = request.selection,
                    .server = server.prefix(),
                    .bytes_per_second = request.bytes_per_second,
                    .stop = stop});
  const auto read = reader.run(sources);
  auto result = read ? taker.finish() : tl::unexpected<Error>(read.error());
  if (!result) {
    taker.keep_whole();
  }
  return result;
}

}  // namespace

Result<void> push_through_shell(const Request& request, const std::vector<Source>& sources,
                                const Location& destination, std::unique_ptr<net::Stream> stream,
                                Report& report, std::stop_token stop) {
  CP_TRY(at_server(destination, check_shell_can(request)));
  if (request.reads_back) {
    return at_server(destination, need_cpxfer("--verify=readback"));
  }
  CP_TRY_ASSIGN(const auto shell,
                at_server(destination, FarShell::start(std::move(stream), request.silence)));
  const std::stop_callback interrupt(stop, [&] { shell->shutdown(); });
  CP_TRY_ASSIGN(const Plan plan,
                at_server(destination, plan_landing(ShellGround(*shell), destination.path,
                                                    incoming_of(request, sources))));
  if (is_reserved(plan.renamed_to)) {
    return fail(Errc::denied, "cannot create {}: the name is reserved for cpxfer's own files",
                destination.path);
  }
  if (request.dry_run) {
    Inventory nothing(Deletion::none);
    return show_plan(sources, plan, request.selection, destination.prefix(), AskThere(), nothing,
                     report, stop);
  }
  ShellEvents events(destination.prefix() + destination.path, report.tally());
  auto tree = FarTree::open({.root = plan.root,
                             .renamed_from = plan.renamed_to.empty() ? "" : sources.front().name,
                             .renamed_to = plan.renamed_to,
                             .durability = request.durability,
                             .id = report.account().id,
                             .key = wanted_key(request)},
                            *shell, events, report.tally());
  if (!tree) {
    return at_server(destination, Result<void>(fail(tree.error().code, "cannot create {}: {}",
                                                    destination.path, tree.error().message)));
  }
  begin_shell(report, **tree);
  const auto sent = send_by_shell(request, sources, **tree, events, report, stop);
  conclude_shell(destination, sent ? (*tree)->finish() : tl::unexpected<Error>(sent.error()), stop,
                 report);
  return {};
}

Result<void> pull_through_shell(const Request& request, const std::vector<Location>& locations,
                                std::unique_ptr<net::Stream> stream, Report& report,
                                std::stop_token stop) {
  const Location& server = locations.front();
  CP_TRY(at_server(server, check_shell_can(request)));
  if (request.selection.names) {
    return at_server(server, need_cpxfer("--files-from"));
  }
  CP_TRY_ASSIGN(const auto shell,
                at_server(server, FarShell::start(std::move(stream), request.silence)));
  const std::stop_callback interrupt(stop, [&] { shell->shutdown(); });
  if (request.selection.newer_than_s && !shell->tools().has_status) {
    return at_server(server, need_cpxfer("--max-age without stat(1)"));
  }
  CP_TRY_ASSIGN(const auto sources,
                at_server(server, open_far_sources(request, locations, *shell)));
  const Incoming incoming = incoming_from(request, sources);
  if (request.dry_run) {
    CP_TRY_ASSIGN(const Plan plan, plan_here(request, incoming));
    return at_server(server, show_far(sources, request, plan, server, *shell, report));
  }
  ShellEvents events(request.is_to_stream() ? "" : request.destination, report.tally());
  CP_TRY_ASSIGN(const auto taker,
                open_shell_taker(request, sources, incoming, events, report, stop));
  begin_shell(report, *taker);
  conclude_shell(server, read_by_shell(request, sources, server, *shell, *taker, report, stop),
                 stop, report);
  return {};
}

}  // namespace cp::transfer
