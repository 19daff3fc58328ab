// SPDX-License-Identifier: Apache-2.0
#include "transfer/client.hpp"

#include "base/random.hpp"
#include "transfer/given_rails.hpp"
#include "transfer/limits.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace cp::transfer {

Client::Client(Link& link, std::unique_ptr<net::Stream> stream, std::chrono::nanoseconds silence,
               std::stop_token stop)
    : link_(link),
      control_(std::move(stream), silence),
      silence_(silence),
      stop_(std::move(stop)) {}

Result<std::unique_ptr<Client>> Client::connect(Link& link, std::chrono::nanoseconds silence,
                                                std::stop_token stop, Purpose purpose) {
  CP_TRY_ASSIGN(auto stream, link.connect(stop));
  auto client = std::make_unique<Client>(link, std::move(stream), silence, stop);
  // It outlives the callback, which may still run while the client is being returned.
  Control& control = client->control_;
  const std::stop_callback interrupt(stop, [&control] { control.shutdown(); });
  CP_TRY(client->greet(purpose));
  return client;
}

Result<void> Client::greet(Purpose purpose) {
  net::Stream& stream = control_.stream();
  std::array<std::byte, Preface::encoded_bytes> bytes{};
  // A far end that is gone by now may have left its preface, or word of why.
  static_cast<void>(stream.send(encode(Preface{.purpose = purpose})));
  const auto have = stream.receive_all(bytes, SystemClock().steady() + silence_);
  if (!have || *have != bytes.size()) {
    const bool hung_up = have ? *have == 0 : have.error().code == Errc::unavailable;
    const Error wordless{Errc::unavailable, "the other end hung up before it said a word", {}};
    const Error strange{Errc::protocol, "the other end is no cpxfer", {}};
    Error error = link_.explain(hung_up ? wordless : have ? strange : have.error());
    // A server that has as many connections as it may lets go of the next one.
    error.code = error.message == wordless.message ? Errc::timed_out : error.code;
    return tl::unexpected<Error>(error);
  }
  CP_TRY_ASSIGN(const Preface preface, decode_preface(bytes));
  if (purpose == Purpose::order && preface.purpose != purpose) {
    return fail(Errc::unavailable, "its cpxfer is too old to carry out a transfer for others");
  }
  const SteadyTime asked = SystemClock().steady();
  CP_TRY(control_.send(MessageType::hello,
                       to_text(Hello{.version = CP_VERSION, .chunk_bytes = limits::chunk_bytes})));
  CP_TRY_ASSIGN(const Message hello, control_.expect(MessageType::hello));
  const std::chrono::nanoseconds answered_in = SystemClock().steady() - asked;
  round_trip_ = std::min(answered_in, link_.round_trip().value_or(answered_in));
  CP_TRY_ASSIGN(far_, parse_hello(hello.body));
  return {};
}

Result<Opened> Client::open(Open open) {
  const std::stop_callback interrupt(stop_, [this] { control_.shutdown(); });
  CP_TRY(link_.prepare(open, far_));
  open.secret.resize(limits::key_bytes);
  KernelRandom().fill(std::as_writable_bytes(std::span(open.secret)));
  const std::string wanted = to_text(open);
  if (wanted.size() > limits::message_bytes) {
    return fail(Errc::usage, "the names and rules do not fit into a request to a server");
  }
  CP_TRY(control_.send(MessageType::open, wanted));
  CP_TRY_ASSIGN(const Message message, control_.expect(MessageType::opened));
  CP_TRY_ASSIGN(Opened opened, parse_opened(message.body));
  secret_ = {.binding = link_.binding(),
             .client = open.secret,
             .server = opened.secret,
             .transfer = opened.id,
             .epoch = open.epoch,
             .sealed = open.sealed};
  return opened;
}

Result<Carriers> Client::connect_rails(const Opened& opened) {
  std::vector<RailKeys> rails = derive_rail_keys(secret_, opened.tokens);
  const auto first_of_more = rails.end() - static_cast<std::ptrdiff_t>(opened.more_streams);
  more_.assign(std::make_move_iterator(first_of_more), std::make_move_iterator(rails.end()));
  rails.erase(first_of_more, rails.end());
  if (rails.empty()) {
    return fail(Errc::protocol, "no stream was granted");
  }
  CP_TRY_ASSIGN(auto carriers, link_.open_rails(opened.place, rails, stop_));
  CP_TRY(control_.send(MessageType::rails_ready, "{}"));
  return carriers;
}

Result<void> Client::want(RailWanted& wanted) {
  Open like{.rail = wanted.kind};
  CP_TRY(link_.prepare(like, far_));
  wanted.sealed = like.sealed;
  return control_.send(MessageType::rail_wanted, to_text(wanted));
}

Result<Carriers> Client::connect_given(const RailGiven& given, bool sealed,
                                       const std::stop_token& stop) {
  return link_.open_rails(given.place,
                          keys_of_other_rail(secret_, given.number, sealed, given.tokens), stop);
}

Result<Carriers> Client::connect_more(const Opened& opened, std::size_t count,
                                      const std::stop_token& stop) {
  // One that fails is not tried again: the server may have given its place away.
  const auto first = more_.end() - static_cast<std::ptrdiff_t>(std::min(count, more_.size()));
  const std::vector<RailKeys> rails(std::make_move_iterator(first),
                                    std::make_move_iterator(more_.end()));
  more_.erase(first, more_.end());
  return link_.open_rails(opened.place, rails, stop);
}

}  // namespace cp::transfer
