// SPDX-License-Identifier: Apache-2.0
#include "transfer/run_local.hpp"

#include "base/file.hpp"
#include "transfer/have.hpp"
#include "transfer/local.hpp"
#include "transfer/path.hpp"
#include "transfer/receiver.hpp"
#include "transfer/resume.hpp"
#include "transfer/sender.hpp"
#include "transfer/stream_out.hpp"
#include "transfer/wake.hpp"

#include <future>
#include <thread>

namespace cp::transfer {
namespace {

// Two threads keep reading and page allocation apart; more wait for the same locks of the kernel.
constexpr std::size_t kLocalStreams = 2;
constexpr auto kTick = std::chrono::milliseconds(100);

/// Hands the receiver's failures to the sender, which stops sending what cannot land.
class Events final : public ReceiveEvents {
 public:
  Events(const Request& request, Tally& tally) : request_(request), tally_(tally) {}
  void set_sender(Sender& sender) { sender_ = &sender; }
  void item_failed(const ItemFailed& failed) override {
    ItemFailed shown = failed;
    shown.path = shown_in(request_.is_to_stream() ? "" : request_.destination, failed.path);
    sender_->far_failed(shown);
  }
  void became_durable(const Durable& all) override { tally_.bytes_durable = all.bytes; }
  void answered(const Answer& answer) override { static_cast<void>(sender_->answered(answer)); }

 private:
  const Request& request_;
  Tally& tally_;
  Sender* sender_ = nullptr;
};

std::optional<std::pair<dev_t, ino_t>> identity_of(const Confined& root) {
  struct stat status {};
  if (::fstat(root.fd(), &status) != 0) {
    return std::nullopt;
  }
  return std::pair(status.st_dev, status.st_ino);
}

Result<void> check_apart(const std::vector<Source>& sources, const Landing& landing) {
  for (const Source& source : sources) {
    if (source.name.empty() && identity_of(source.root) == identity_of(landing.root)) {
      return fail(Errc::usage, "{} is source and destination at once", source.shown);
    }
  }
  return {};
}

// Waits until the sender is done, and reports meanwhile.
Result<void> attend(const Sender& sender, const Wake& wake, Report& report) {
  while (true) {
    if (const auto state = sender.state()) {
      return *state;
    }
    report.tick();
    wake.wait(kTick);
  }
}

}  // namespace

namespace {

// One file into a stream: in one process its chunks come in order over one rail.
Result<std::unique_ptr<Taker>> open_taker(const Request& request,
                                          const std::vector<Source>& sources, Report& report,
                                          ReceiveEvents& events, WalkOptions& walk) {
  if (request.is_to_stream()) {
    CP_TRY(check_fits_stream(incoming_of(request, sources)));
    return std::make_unique<StreamOut>(
        StreamOut::Settings{.fd = request.output,
                            .id = report.account().id,
                            .syncs = request.durability != Durability::none},
        events, report.tally());
  }
  CP_TRY_ASSIGN(Landing landing,
                land(OpenGround(), request.destination, incoming_of(request, sources)));
  CP_TRY(check_apart(sources, landing));
  walk.avoid = identity_of(landing.root);
  auto receiver = Receiver::open({.landing = std::move(landing),
                                  .durability = request.durability,
                                  .contain_links = false,
                                  .preserve = request.preserve,
                                  .sync = request.sync,
                                  .reads_back = request.reads_back,
                                  .deletion = request.deletion,
                                  .filter = request.selection.filter,
                                  .id = report.account().id,
                                  .key = wanted_key(request),
                                  .archive = request.archive},
                                 events, report.tally());
  if (!receiver) {
    return fail(receiver.error().code, "cannot create {}: {}", request.destination,
                receiver.error().message);
  }
  return receiver;
}

}  // namespace

Result<void> check_fits_stream(const Incoming& incoming) {
  return incoming.sources == 1 && !incoming.is_directory && !incoming.name.empty()
             ? Result<void>()
             : fail(Errc::usage, "a directory does not go to a stream; one file does");
}

Incoming incoming_of(const Request& request, const std::vector<Source>& sources) {
  return {.sources = sources.size(),
          .name = sources.front().name,
          .is_directory = sources.front().is_directory,
          .placement = request.is_from_stream() ? Placement::exact : request.placement};
}

Result<void> run_local(const Request& request, const std::vector<Source>& sources, Report& report,
                       std::stop_token stop) {
  const bool deletes = request.deletion != Deletion::none;
  WalkOptions walk{{}, request.selection, request.preserve, deletes};
  // At both ends the same names mean the same.
  walk.preserve.numeric_ids = true;
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  Events events(request, report.tally());
  CP_TRY_ASSIGN(const auto receiver, open_taker(request, sources, report, events, walk));
  const std::size_t rails = request.is_to_stream() ? 1 : kLocalStreams;
  report.account().id = receiver->id();
  report.account().attempt = receiver->attempt();
  CP_TRY_ASSIGN(const HaveTable have, have_of(*receiver));
  LocalFarEnd far(*receiver);
  Sender* fatal_to = nullptr;
  std::vector<std::unique_ptr<ChunkSender>> streams;
  for (std::size_t i = 0; i < rails; ++i) {
    streams.push_back(std::make_unique<LocalRail>(
        *receiver, report.tally(), [&](const Error& error) { fatal_to->interrupt(error); }));
  }
  report.begin("local", "", rails, false);
  Sender sender({.sources = sources,
                 .walk = std::move(walk),
                 .far = far,
                 .tally = report.tally(),
                 .streams = std::move(streams),
                 .have = &have,
                 .offers_first = request.sync.any(),
                 .tells_present = deletes,
                 .bytes_per_second = request.bytes_per_second,
                 .changed = [&] { wake.signal(); }});
  fatal_to = &sender;
  events.set_sender(sender);
  const std::stop_callback interrupt(stop, [&] {
    sender.interrupt({Errc::timed_out, "interrupted", {}});
  });
  sender.start();
  auto sent = attend(sender, wake, report);
  auto result = sent ? receiver->finish() : tl::unexpected<Error>(sent.error());
  if (!result) {
    sender.end();
    receiver->keep_whole();
    report.account().error = result.error();
    return {};
  }
  report.account().result = *result;
  return {};
}

}  // namespace cp::transfer
