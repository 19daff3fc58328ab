// SPDX-License-Identifier: Apache-2.0
#include "transfer/server_session.hpp"

#include "base/escape.hpp"
#include "base/thread.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "transfer/agreement.hpp"
#include "transfer/dry_run.hpp"
#include "transfer/given_rails.hpp"
#include "transfer/hang_up.hpp"
#include "transfer/limits.hpp"
#include "transfer/measuring.hpp"
#include "transfer/rail_host.hpp"
#include "transfer/receive_session.hpp"
#include "transfer/send_session.hpp"
#include "transfer/sum_talk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cp::transfer {
namespace {

// The client opens its streams within this time.
constexpr auto kRailsPatience = std::chrono::seconds(10);

class ServerSession {
 public:
  ServerSession(const ServerSessionParts& parts, std::stop_token stop)
      : parts_(parts), stop_(std::move(stop)) {}

  Result<std::string> run() {
    CP_TRY_ASSIGN(const Open open, hear());
    CP_TRY(check_rail(open));
    CP_TRY(authorize(open));
    if (open.measuring) {
      return measure(open);
    }
    if (open.comparing) {
      return compare(open);
    }
    if (open.dry_run) {
      return show(open);
    }
    return open.direction == Direction::push ? take(open) : give(open);
  }

 private:
  Result<Open> hear() {
    const std::stop_callback interrupt(stop_, [this] { parts_.control.shutdown(); });
    CP_TRY_ASSIGN(const Message hello, parts_.control.expect(MessageType::hello));
    CP_TRY_ASSIGN(client_, parse_hello(hello.body));
    CP_TRY(parts_.control.send(MessageType::hello, to_text(Hello{.version = CP_VERSION,
                                                                 .chunk_bytes = limits::chunk_bytes,
                                                                 .door = parts_.door})));
    CP_TRY_ASSIGN(const Message open, parts_.control.expect(MessageType::open));
    return parse_open(open.body);
  }

  // Of what the client's token allows, nothing is told to whoever has none.
  Result<void> authorize(const Open& open) {
    if (parts_.judge_token == nullptr) {
      return {};
    }
    if (open.token.empty()) {
      return with_hint(fail(Errc::denied, "this server wants a token"),
                       "--token names the file of one");
    }
    CP_TRY_ASSIGN(const identity::Token token, (*parts_.judge_token)(open.token));
    const bool is_push = open.direction == Direction::push;
    // Whoever compares learns what stands there.
    const char* const op = is_push && !open.comparing ? "write" : "read";
    CP_TRY_ASSIGN(Permit permit,
                  permit_of(token, op, is_push ? std::vector{open.destination} : open.sources));
    if (!open.sealed && !open.dry_run) {
      return fail(Errc::denied, "this server moves nothing in clear text");
    }
    meter_.emplace(std::move(permit), *parts_.spending, clock_);
    return {};
  }

  template <class Stream>
  std::vector<std::unique_ptr<Stream>> counted(std::vector<std::unique_ptr<Stream>> streams) {
    return meter_ ? metered(std::move(streams), *meter_) : std::move(streams);
  }

  // Streams of the first kind that have come later, and those of other kinds.
  std::vector<JoiningStreams> joining(const Open& open) {
    auto joining = given_ ? given_->take_arrived() : std::vector<JoiningStreams>();
    if (host_) {
      joining.push_back({host_->take_more(), agreed_window(open)});
    }
    return joining;
  }
  // What is no stream in the end is missed by nobody.
  template <class Stream, class Make>
  std::vector<std::unique_ptr<Stream>> more_streams(const Open& open, Make make) {
    std::vector<std::unique_ptr<Stream>> all;
    for (JoiningStreams& streams : joining(open)) {
      if (auto made = make(std::move(streams.carriers), streams.window)) {
        std::ranges::move(counted(*std::move(made)), std::back_inserter(all));
      }
    }
    return all;
  }
  std::vector<std::unique_ptr<ChunkReceiver>> more_receivers(const Open& open) {
    return more_streams<ChunkReceiver>(open, as_receivers);
  }
  std::vector<std::unique_ptr<ChunkSender>> more_senders(const Open& open) {
    return more_streams<ChunkSender>(open, as_senders);
  }
  Result<void> take_rail_message(const Message& message) { return given_->take(message); }

  Result<std::string> show(const Open& open) {
    if (open.direction == Direction::pull) {
      return tell(open);
    }
    CP_TRY_ASSIGN(Plan plan, plan_landing(*ground(), open.destination, open.incoming));
    Opened opened = begin_answer(make_id());
    opened.plan = std::move(plan);
    CP_TRY(answer(opened));
    if (compares(open)) {
      const Looker looker(landing_if_there(*ground(), opened.plan, open.incoming), open.sync,
                          stop_);
      CP_TRY(answer_asks(parts_.control, looker, parts_.silence, stop_));
    }
    if (open.deletion != Deletion::none) {
      Inventory inventory(open.deletion);
      CP_TRY(answer_deletions(parts_.control, *ground(), opened.plan, open.selection.filter,
                              inventory, parts_.silence, stop_));
    }
    return std::string("showed what would land");
  }

  Result<std::string> tell(const Open& open) {
    CP_TRY_ASSIGN(const auto sources, open_sources(open));
    Opened opened = begin_answer(make_id());
    opened.incoming = incoming_of(sources);
    CP_TRY(answer(opened));
    const AskThere ask = compares(open) ? ask_over(parts_.control, parts_.silence) : AskThere();
    CP_TRY(tell_plan(sources, open.selection, open.deletion != Deletion::none, ask, parts_.control,
                     stop_));
    return std::string("showed what it would give");
  }

  // Whether a dry run of OPEN looks at what stands at its destination; older clients do not.
  bool compares(const Open& open) const { return open.sync.any() && client_.format >= 5; }

  Result<std::string> compare(const Open& open) {
    const HangUpStop gone(parts_.control.fd(), stop_);
    return open.direction == Direction::pull ? sum(open, gone.token())
                                             : compare_here(open, gone.token());
  }

  TellFailed tell_failed() {
    // Whoever is gone is missed by whoever waits for him.
    return [this](const ItemFailed& item) { static_cast<void>(parts_.control.send(item)); };
  }

  Result<std::string> sum(const Open& open, const std::stop_token& stop) {
    CP_TRY_ASSIGN(const auto sources, open_sources(open));
    Opened opened = begin_answer(make_id());
    opened.incoming = incoming_of(sources);
    CP_TRY(answer(opened));
    const TellFailed nothing = [](const ItemFailed&) {};
    CP_TRY(sum_here({.sources = sources,
                     .kind = *open.comparing,
                     .selection = open.selection,
                     .take = check_there(parts_.control, nothing, parts_.silence),
                     .begins = begin_there(parts_.control),
                     .failed = tell_failed(),
                     .tally = tally_,
                     .tick = [] {},
                     .control = &parts_.control},
                    stop));
    CP_TRY(parts_.control.send(Finish{}));
    return fmt::format("summed {}", escape::terminal(open.sources.front()));
  }

  Result<std::string> compare_here(const Open& open, const std::stop_token& stop) {
    CP_TRY_ASSIGN(Plan plan, plan_landing(*ground(), open.destination, open.incoming));
    auto landing = landing_if_there(*ground(), plan, open.incoming);
    if (!landing) {
      return fail(Errc::not_found, "cannot open {}: there is no such directory",
                  escape::terminal(plan.root));
    }
    Counterpart counterpart(*std::move(landing), "", stop);
    Opened opened = begin_answer(make_id());
    opened.plan = std::move(plan);
    CP_TRY(answer(opened));
    CP_TRY(sum_there({.control = parts_.control,
                      .take = check_here(counterpart, tell_failed()),
                      .begins = begin_here(counterpart),
                      .failed = [](const ItemFailed&) {},
                      .silence = parts_.silence,
                      .tick = [] {}},
                     stop));
    return fmt::format("compared {}", escape::terminal(open.destination));
  }

  // A client's bytes are forgotten, or it gets some that say nothing. They count as those of a
  // transfer in that direction do.
  Result<std::string> measure(const Open& open) {
    CP_TRY_ASSIGN(auto carriers, agree(open, begin_answer(make_id())));
    const HangUpStop gone(parts_.control.fd(), stop_);
    CP_TRY_ASSIGN(const Effort effort, take_part(open, std::move(carriers), gone.token()));
    CP_TRY(parts_.control.send(Measured{.bytes = effort.bytes, .cpu_ns = as_count(effort.cpu)}));
    return fmt::format("was measured ({}): {} at {}",
                       open.direction == Direction::push ? "took" : "gave",
                       units::show_bytes(static_cast<double>(effort.bytes)),
                       units::show_rate_bps(effort.bits_per_second()));
  }

  Result<Effort> take_part(const Open& open, Carriers carriers, const std::stop_token& stop) {
    const MeasuringTime time{*open.measuring, parts_.silence};
    if (open.direction == Direction::push) {
      CP_TRY_ASSIGN(auto streams, as_receivers(std::move(carriers), agreed_window(open)));
      return swallow(counted(std::move(streams)), time, stop);
    }
    CP_TRY_ASSIGN(auto streams, as_senders(std::move(carriers), agreed_window(open)));
    return pour(counted(std::move(streams)), time, open.bytes_per_second, stop);
  }

  static std::uint64_t as_count(std::chrono::nanoseconds time) {
    return static_cast<std::uint64_t>(time.count());
  }

  static Incoming incoming_of(const std::vector<Source>& sources) {
    return {.sources = sources.size(),
            .name = sources.front().name,
            .is_directory = sources.front().is_directory};
  }

  // Whoever is served beneath a root has no say in who owns a file.
  Result<Preserve> preserve_of(const Open& open) const {
    Preserve preserve = open.preserve;
    preserve.user_attributes_only = parts_.root != nullptr;
    if (parts_.root != nullptr && preserve.owner && open.direction == Direction::push) {
      return fail(Errc::denied, "this server gives no file to another owner");
    }
    return preserve;
  }

  Result<std::string> take(const Open& open) {
    CP_TRY_ASSIGN(const Preserve preserve, preserve_of(open));
    // A client that is gone may be back already, and wait for the lock that is held here.
    std::optional<HangUpStop> gone(std::in_place, parts_.control.fd(), stop_);
    CP_TRY_ASSIGN(Landing landing, land(*ground(), open.destination, open.incoming));
    ReceiveSession session(
        {.control = parts_.control,
         .tally = tally_,
         .destination = open.destination,
         .source = "",
         .silence = parts_.silence,
         .tick = [] {},
         .expands = !agreed_codec(open).empty(),
         .more_streams = [&] { return more_receivers(open); },
         .rail_message = [&](const Message& message) { return take_rail_message(message); }});
    CP_TRY(session.open({.landing = std::move(landing),
                         .durability = open.durability,
                         .names = open.names,
                         .contain_links = parts_.root != nullptr,
                         .preserve = preserve,
                         .sync = open.sync,
                         .reads_back = open.reads_back,
                         .deletion = open.deletion,
                         .filter = open.selection.filter,
                         .id = open.key ? open.id : make_id(),
                         .key = open.key,
                         .archive = parts_.archive,
                         .is_for_client = true,
                         .stop = gone->token()}));
    gone.reset();
    Opened opened = begin_answer(session.receiver().id());
    opened.attempt = session.receiver().attempt();
    opened.tells_have = open.key.has_value();
    CP_TRY_ASSIGN(auto carriers, agree(open, std::move(opened)));
    if (open.key) {
      CP_TRY(session.tell_have());
    }
    CP_TRY_ASSIGN(auto streams, as_receivers(std::move(carriers), agreed_window(open)));
    CP_TRY_ASSIGN(const FinalResult result, session.run(counted(std::move(streams)), stop_));
    return summary("took", open.destination, result);
  }

  Result<std::string> give(const Open& open) {
    CP_TRY_ASSIGN(const Preserve preserve, preserve_of(open));
    CP_TRY_ASSIGN(const auto sources, open_sources(open));
    Opened opened = begin_answer(make_id());
    opened.tells_have = open.key.has_value();
    opened.incoming = incoming_of(sources);
    CP_TRY_ASSIGN(auto carriers, agree(open, std::move(opened)));
    CP_TRY_ASSIGN(const HaveTable have, open.key ? hear_have(parts_.control) : Result<HaveTable>());
    CP_TRY_ASSIGN(auto streams, as_senders(std::move(carriers), agreed_window(open)));
    const bool is_for_others = parts_.root != nullptr;
    const Compression compression = is_for_others ? as_served(open.compression) : open.compression;
    CP_TRY_ASSIGN(const FinalResult result,
                  send_all({.control = parts_.control,
                            .sources = sources,
                            .selection = open.selection,
                            .preserve = preserve,
                            .knows_extras = client_.format >= 2,
                            .sync = open.sync,
                            .deletion = open.deletion,
                            .bytes_per_second = open.bytes_per_second,
                            .compression = compression,
                            .compressors = parts_.compressors,
                            .streams = counted(std::move(streams)),
                            .more_streams = [&] { return more_senders(open); },
                            .rail_message =
                                [&](const Message& message) { return take_rail_message(message); },
                            .tally = tally_,
                            .destination = "",
                            .silence = parts_.silence,
                            .tick = [] {},
                            .have = &have},
                           stop_));
    return summary("gave", open.sources.front(), result);
  }

  Result<std::vector<Source>> open_sources(const Open& open) const {
    if (open.sources.empty()) {
      return fail(Errc::protocol, "a pull without a source");
    }
    std::vector<Source> sources;
    for (const std::string& path : open.sources) {
      CP_TRY_ASSIGN(Source source, parts_.root != nullptr
                                       ? open_source_beneath(*parts_.root, path, open.placement)
                                       : open_source(path, open.placement));
      sources.push_back(std::move(source));
    }
    CP_TRY(check_distinct(sources));
    return sources;
  }

  // What is measured is what there was at the beginning.
  static std::size_t more_streams_of(const Open& open) {
    return open.rail == RailChoice::fabric || open.measuring
               ? 0
               : static_cast<std::size_t>(open.more_streams);
  }

  // Tells the client where its streams go, and waits for those that come at once.
  Result<Carriers> agree(const Open& open, Opened opened) {
    opened.codec = agreed_codec(open);
    opened.window = agreed_window(open);
    opened.more_streams = more_streams_of(open);
    opened.tokens.resize(static_cast<std::size_t>(open.streams) + opened.more_streams);
    std::ranges::generate(opened.tokens, [this] { return make_token(parts_.random); });
    const SessionSecret secret{.binding = parts_.binding,
                               .client = open.secret,
                               .server = opened.secret,
                               .transfer = opened.id,
                               .epoch = open.epoch,
                               .sealed = open.sealed};
    CP_TRY_ASSIGN(auto host, make_rail_host({.kind = open.rail,
                                             .provider = open.provider,
                                             .rails = derive_rail_keys(secret, opened.tokens),
                                             .more = opened.more_streams,
                                             .host = parts_.host,
                                             .door = parts_.door,
                                             .asked_address = open.data_address,
                                             .ports = open.ports},
                                            parts_.desk, parts_.fabrics));
    given_.emplace(GivenRails::Parts{.control = parts_.control,
                                     .desk = parts_.desk,
                                     .fabrics = parts_.fabrics,
                                     .random = parts_.random,
                                     .secret = secret,
                                     .needs_sealing = parts_.judge_token != nullptr,
                                     .host = parts_.host,
                                     .door = parts_.door,
                                     .asked_address = open.data_address,
                                     .ports = open.ports});
    host->offer(opened.place);
    CP_TRY(answer(opened));
    CP_TRY_ASSIGN(auto carriers, collect(*host));
    if (opened.more_streams != 0) {
      host_ = std::move(host);
    }
    return carriers;
  }

  Result<void> hear_ready() {
    const std::stop_callback interrupt(stop_, [this] { parts_.control.shutdown(); });
    CP_TRY(parts_.control.expect(MessageType::rails_ready));
    return {};
  }

  std::unique_ptr<Ground> ground() const {
    if (parts_.root != nullptr) {
      return std::make_unique<ConfinedGround>(*parts_.root);
    }
    return std::make_unique<OpenGround>();
  }

  // Streams come by the way that the client came.
  Result<void> check_rail(const Open& open) const {
    const RailChoice missing = parts_.door.empty() ? RailChoice::ssh : RailChoice::fabric;
    if (open.rail == missing) {
      return fail(Errc::unavailable, "there is no such rail over this connection");
    }
    return {};
  }

  Result<Carriers> collect(RailHost& host) {
    if (host.waits_for_client()) {
      CP_TRY(hear_ready());
      return host.collect({}, stop_);
    }
    CP_TRY_ASSIGN(auto carriers, collect_unasked(host));
    CP_TRY(hear_ready());
    return carriers;
  }

  // A client that is gone has no streams to come.
  Result<Carriers> collect_unasked(RailHost& host) {
    const HangUpStop gone(parts_.control.fd(), stop_);
    return host.collect(kRailsPatience, gone.token());
  }

  // An answer to OPEN, with what each has.
  Opened begin_answer(std::string id) {
    return {.id = std::move(id), .window = limits::window_slots, .secret = make_secret()};
  }

  std::string make_secret() {
    std::string secret(limits::key_bytes, '\0');
    parts_.random.fill(std::as_writable_bytes(std::span(secret)));
    return secret;
  }

  Result<void> answer(const Opened& opened) {
    return parts_.control.send(MessageType::opened, to_text(opened));
  }

  std::string make_id() { return "t-" + make_ulid(SystemClock().now(), parts_.random); }

  static std::string summary(std::string_view verb, std::string_view path,
                             const FinalResult& result) {
    return fmt::format("{} {}: {} files, {}", verb, escape::terminal(path), result.files,
                       units::show_bytes(static_cast<double>(result.bytes)));
  }

  ServerSessionParts parts_;
  std::stop_token stop_;
  Hello client_;
  Tally tally_;
  SystemClock clock_;
  std::optional<Meter> meter_;
  std::unique_ptr<RailHost> host_;  ///< where more streams come in, if any may
  std::optional<GivenRails> given_;
};

}  // namespace

std::string run_server_session(const ServerSessionParts& parts, std::stop_token stop) {
  const auto served = within_means([&] { return ServerSession(parts, std::move(stop)).run(); });
  if (!served) {
    static_cast<void>(parts.control.send(SessionError{served.error()}));
    return served.error().message;
  }
  return *served;
}

}  // namespace cp::transfer
