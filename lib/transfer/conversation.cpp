// SPDX-License-Identifier: Apache-2.0
#include "transfer/conversation.hpp"

#include "base/units.hpp"

#include <array>
#include <poll.h>

namespace cp::transfer {
namespace {

constexpr int kTickMilliseconds = 100;
constexpr auto kBetweenWords = std::chrono::milliseconds(200);

SteadyTime now() { return SystemClock().steady(); }

}  // namespace

Conversation::Conversation(Control& control, const Wake& wake, std::chrono::nanoseconds silence)
    : control_(control), wake_(wake), silence_(silence), word_(now()), heard_(word_) {}

Result<void> Conversation::wait() {
  std::array<pollfd, 2> polls{pollfd{control_.fd(), POLLIN, 0}, pollfd{wake_.fd(), POLLIN, 0}};
  ::poll(polls.data(), polls.size(), kTickMilliseconds);
  if (polls[1].revents != 0) {
    wake_.clear();
  }
  if (polls[0].revents != 0) {
    const auto taken = control_.take_in();
    if (!taken && taken.error().code == Errc::unavailable) {
      return fail(Errc::timed_out, "the other end is gone");
    }
    CP_TRY(taken);
    heard_ = word_ = now();
  }
  if (now() - heard_ > silence_) {
    return fail(Errc::timed_out, "the other end has been silent for {}",
                units::show_duration(silence_));
  }
  return {};
}

void Conversation::rest() {
  wake_.wait(std::chrono::milliseconds(kTickMilliseconds));
  heard_ = now();
}

Result<std::optional<Message>> Conversation::next() {
  CP_TRY_ASSIGN(auto message, control_.next());
  if (message && message->type == MessageType::error) {
    CP_TRY_ASSIGN(const SessionError error, decode<SessionError>(message->body));
    return tl::unexpected<Error>(error.error);
  }
  return message;
}

bool Conversation::should_speak() {
  if (now() - spoken_ < kBetweenWords) {
    return false;
  }
  spoken_ = now();
  return true;
}

}  // namespace cp::transfer
