// SPDX-License-Identifier: Apache-2.0
#include "transfer/relay_talk.hpp"

#include <array>

namespace cp::transfer {

RelayTalk::RelayTalk(Link& link, std::unique_ptr<net::Stream> stream, Control& deputy, Open wish)
    : link_(link), stream_(std::move(stream)), deputy_(deputy), guard_(std::move(wish)) {
  thread_ = std::thread([this] { carry_down(); });
}

RelayTalk::~RelayTalk() {
  is_ending_ = true;
  stream_->shutdown();
  thread_.join();
}

Result<void> RelayTalk::carry_up(const Relayed& relayed) {
  CP_TRY_ASSIGN(const std::string passed, guard_.pass(relayed.bytes));
  static_cast<void>(stream_->send(std::as_bytes(std::span(passed))));
  if (relayed.is_end) {
    is_ending_ = true;
    stream_->shutdown();
  }
  return {};
}
void RelayTalk::carry_down() {
  std::array<std::byte, Relayed::most_bytes> buffer{};
  while (true) {
    const auto count = stream_->receive(buffer);
    if (!count || *count == 0) {
      const Error cut{Errc::unavailable, "the connection is cut", {}};
      const auto why = is_ending_ ? std::nullopt : std::optional(link_.explain(cut));
      static_cast<void>(deputy_.send(Relayed{.is_end = true, .error = why}));
      return;
    }
    const std::string bytes(reinterpret_cast<const char*>(buffer.data()), *count);
    if (!deputy_.send(Relayed{.bytes = bytes})) {
      return;
    }
  }
}

}  // namespace cp::transfer
