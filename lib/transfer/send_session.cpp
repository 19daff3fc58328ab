// SPDX-License-Identifier: Apache-2.0
#include "transfer/send_session.hpp"

#include "base/file.hpp"
#include "transfer/conversation.hpp"
#include "transfer/path.hpp"
#include "transfer/sender.hpp"

namespace cp::transfer {
namespace {

// When a stream breaks, the control connection tells why, a moment later.
constexpr auto kExplanationPatience = std::chrono::seconds(1);

class SendSession {
 public:
  SendSession(SendParts& parts, const Wake& wake)
      : parts_(parts),
        conversation_(parts.control, wake, parts.silence),
        sender_({.sources = parts.sources,
                 .walk = {.selection = parts.selection,
                          .preserve = parts.preserve,
                          .tells_closed = parts.deletion != Deletion::none},
                 .far = parts.control,
                 .tally = parts.tally,
                 .streams = std::move(parts.streams),
                 .have = parts.have,
                 .knows_extras = parts.knows_extras,
                 .offers_first = parts.sync.any(),
                 .tells_present = parts.deletion != Deletion::none,
                 .bytes_per_second = parts.bytes_per_second,
                 .compression = parts.compression,
                 .compressors = parts.compressors,
                 .changed = [&wake] { wake.signal(); }}) {}

  Sender& sender() { return sender_; }

  Result<FinalResult> run() {
    // Whoever sends waits as long as the peer takes for its disk: it is the conversation that hears
    // whether the peer is alive.
    CP_TRY(parts_.control.stream().set_patience(std::chrono::nanoseconds(0)));
    sender_.start();
    auto result = converse();
    if (!result) {
      // So that the receiver need not wait for its time to run out. It may be gone.
      static_cast<void>(parts_.control.send_if_idle(SessionError{result.error()}));
      parts_.control.shutdown();
    }
    return result;
  }

 private:
  Result<FinalResult> converse() {
    while (true) {
      CP_TRY(explained(conversation_.wait()));
      CP_TRY_ASSIGN(const auto result, take_messages());
      if (result) {
        return *result;
      }
      CP_TRY(check_sender());
      parts_.tick();
      take_streams();
      speak();
    }
  }

  void take_streams() {
    if (parts_.more_streams) {
      for (auto& stream : parts_.more_streams()) {
        sender_.join(std::move(stream));
      }
    }
  }

  Result<std::optional<FinalResult>> take_messages() {
    while (true) {
      CP_TRY_ASSIGN(const auto message, conversation_.next());
      if (!message) {
        return std::nullopt;
      }
      if (message->type == MessageType::result) {
        return take_result(*message);
      }
      CP_TRY(take(*message));
    }
  }

  Result<std::optional<FinalResult>> take_result(const Message& message) {
    CP_TRY_ASSIGN(const auto result, decode<FinalResult>(message.body));
    const auto state = sender_.state();
    if (!state || !*state) {
      return fail(Errc::protocol, "a result before the end");
    }
    return std::optional(result);
  }

  Result<void> take(const Message& message) {
    if (message.type == MessageType::item_failed) {
      CP_TRY_ASSIGN(auto failed, decode<ItemFailed>(message.body));
      failed.path = shown_in(parts_.destination, failed.path);
      sender_.far_failed(failed);
      return {};
    }
    if (message.type == MessageType::placed) {
      CP_TRY_ASSIGN(const auto placed, decode<Placed>(message.body));
      parts_.tally.files_placed = placed.files;
      parts_.tally.bytes_placed = placed.bytes;
      parts_.tally.placing_ns = placed.placing_ns;
      return {};
    }
    if (message.type == MessageType::durable) {
      CP_TRY_ASSIGN(const auto durable, decode<Durable>(message.body));
      parts_.tally.bytes_durable = durable.bytes;
      return {};
    }
    if (message.type == MessageType::answer) {
      CP_TRY_ASSIGN(auto answer, decode<Answer>(message.body));
      return sender_.answered(std::move(answer));
    }
    if (is_about_rails(message.type) && parts_.rail_message) {
      return parts_.rail_message(message);
    }
    return fail(Errc::protocol, "a message that only a sender sends");
  }

  // The sender's own failure, after giving the peer time to tell why.
  Result<void> check_sender() {
    const auto state = sender_.state();
    if (!state || *state) {
      return {};
    }
    if (!failed_at_) {
      failed_at_ = SystemClock().steady();
    }
    if (is_interrupted_ || SystemClock().steady() - *failed_at_ > kExplanationPatience) {
      return *state;
    }
    return {};
  }

  // A control connection that is cut after the sender failed by itself explains nothing.
  Result<void> explained(Result<void> result) const {
    const auto state = sender_.state();
    return !result && state && !*state && is_interrupted_ ? *state : result;
  }

  // When that fails, there may still be the peer's last words to hear.
  void speak() {
    if (conversation_.should_speak()) {
      static_cast<void>(parts_.control.send_if_idle(totals_of(parts_.tally)));
    }
  }

 public:
  void interrupt() {
    is_interrupted_ = true;
    sender_.interrupt({Errc::timed_out, "interrupted", {}});
  }

 private:
  SendParts& parts_;
  Conversation conversation_;
  std::atomic<bool> is_interrupted_{false};
  std::optional<SteadyTime> failed_at_;
  Sender sender_;
};

}  // namespace

Result<HaveTable> hear_have(Control& control) {
  HaveTable table;
  bool is_last = false;
  while (!is_last) {
    CP_TRY_ASSIGN(const Message message, control.expect(MessageType::have));
    CP_TRY_ASSIGN(const Have have, decode<Have>(message.body));
    CP_TRY(table.add(have));
    is_last = have.is_last;
  }
  table.seal();
  return table;
}

Result<FinalResult> send_all(SendParts parts, std::stop_token stop) {
  CP_TRY_ASSIGN(const Wake wake, Wake::make());
  SendSession session(parts, wake);
  const std::stop_callback interrupt(stop, [&] { session.interrupt(); });
  return session.run();
}

}  // namespace cp::transfer
