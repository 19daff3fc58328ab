// SPDX-License-Identifier: Apache-2.0
#include "transfer/given_rails.hpp"

#include "base/thread.hpp"
#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// The client opens them within this time once it knows where.
constexpr auto kOpeningPatience = std::chrono::seconds(10);

bool is_ready(const std::future<Result<JoiningStreams>>& one) {
  return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace

std::vector<RailKeys> keys_of_other_rail(SessionSecret secret, std::uint64_t number, bool sealed,
                                         const std::vector<std::string>& tokens) {
  secret.sealed = sealed;
  return derive_rail_keys(secret, tokens, number * limits::rails_of_a_kind);
}

GivenRails::~GivenRails() { stop_.request_stop(); }

Result<void> GivenRails::take(const Message& message) {
  if (message.type != MessageType::rail_wanted) {
    return fail(Errc::protocol, "a message that only a server sends");
  }
  CP_TRY_ASSIGN(const RailWanted wanted, parse_rail_wanted(message.body));
  if (!numbers_.insert(wanted.number).second) {
    return fail(Errc::protocol, "a rail that was wanted before");
  }
  return within_means([&]() -> Result<void> {
    making_.push_back(std::async(
        std::launch::async, [this, wanted] { return within_means([&] { return make(wanted); }); }));
    return {};
  });
}

Result<std::unique_ptr<RailHost>> GivenRails::make_host(const RailWanted& wanted,
                                                        RailGiven& given) const {
  if (parts_.needs_sealing && !wanted.sealed) {
    return fail(Errc::denied, "this server moves nothing in clear text");
  }
  CP_TRY_ASSIGN(auto host, make_rail_host({.kind = wanted.kind,
                                           .provider = wanted.provider,
                                           .rails = keys_of_other_rail(parts_.secret, wanted.number,
                                                                       wanted.sealed, given.tokens),
                                           .host = parts_.host,
                                           .door = parts_.door,
                                           .asked_address = parts_.asked_address,
                                           .ports = parts_.ports},
                                          parts_.desk, parts_.fabrics));
  host->offer(given.place);
  return host;
}

Result<JoiningStreams> GivenRails::make(const RailWanted& wanted) const {
  RailGiven given{.number = wanted.number, .window = agreed_window(wanted.kind, wanted.window)};
  given.tokens.resize(static_cast<std::size_t>(wanted.streams));
  std::ranges::generate(given.tokens, [this] { return make_token(parts_.random); });
  const auto host = make_host(wanted, given);
  if (!host) {
    given = {
        .number = wanted.number, .error = host.error(), .window = 1, .tokens = {}, .place = {}};
  }
  CP_TRY(parts_.control.send(MessageType::rail_given, to_text(given)));
  if (!host) {
    return tl::unexpected<Error>(host.error());
  }
  CP_TRY_ASSIGN(auto carriers, (*host)->collect(kOpeningPatience, stop_.get_token()));
  return JoiningStreams{std::move(carriers), given.window};
}

// What does not come in the end is missed by nobody: the others carry.
std::vector<JoiningStreams> GivenRails::take_arrived() {
  std::vector<JoiningStreams> arrived;
  for (auto& one : making_) {
    if (one.valid() && is_ready(one)) {
      if (auto streams = one.get()) {
        arrived.push_back(*std::move(streams));
      }
    }
  }
  std::erase_if(making_, [](const auto& one) { return !one.valid(); });
  return arrived;
}

}  // namespace cp::transfer
