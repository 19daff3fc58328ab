// SPDX-License-Identifier: Apache-2.0
#include "transfer/control.hpp"

#include "transfer/limits.hpp"

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

bool is_known(MessageType type) {
  return type >= MessageType::hello && type <= MessageType::sum_begun;
}

}  // namespace

Result<void> Control::send(MessageType type, std::string_view body) {
  const std::scoped_lock lock(sending_);
  return send_locked(type, body);
}

Result<void> Control::told(Result<void> result) {
  return !result && result.error().code == Errc::unavailable
             ? fail(Errc::timed_out, "the other end is gone")
             : result;
}

Result<void> Control::send_if_idle(MessageType type, std::string_view body) {
  const std::unique_lock lock(sending_, std::try_to_lock);
  return lock && stream_->is_writable() ? send_locked(type, body) : Result<void>();
}

Result<void> Control::send_locked(MessageType type, std::string_view body) {
  const std::string header = encode_header(type, body.size());
  return stream_->send(std::as_bytes(std::span(header)), std::as_bytes(std::span(body)));
}

void Control::append(std::span<const std::byte> bytes) {
  buffer_.erase(0, std::exchange(at_, 0));
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<void> Control::take_in() {
  std::array<std::byte, 64 << 10> chunk;
  bool has_more = false;
  while (rest().size() < limits::message_bytes + Message::header_bytes) {
    CP_TRY_ASSIGN(const auto count, stream_->receive_now(chunk));
    if (!count) {
      return {};
    }
    if (*count == 0 && !has_more) {
      return fail(Errc::unavailable, "the connection is cut");
    }
    if (*count == 0) {
      // Said the next time: the peer's last words come first.
      return {};
    }
    has_more = true;
    append(std::span(chunk).first(*count));
  }
  return {};
}

Result<std::optional<Message>> Control::next() {
  while (rest().size() >= Message::header_bytes) {
    CP_TRY_ASSIGN(const MessageHeader header,
                  decode_header(rest().substr(0, Message::header_bytes)));
    auto message = take_whole(header);
    if (!message) {
      return std::nullopt;
    }
    if (!is_known(message->type) && (message->flags & Message::optional_flag) == 0) {
      return fail(Errc::protocol, "a message of unknown type {}",
                  static_cast<unsigned>(message->type));
    }
    if (is_known(message->type) && message->type != MessageType::ping) {
      return message;
    }
  }
  return std::nullopt;
}

std::optional<Message> Control::take_whole(const MessageHeader& header) {
  const std::size_t whole = Message::header_bytes + header.body_bytes;
  if (rest().size() < whole) {
    return std::nullopt;
  }
  Message message{header.type, header.flags,
                  std::string(rest().substr(Message::header_bytes, header.body_bytes))};
  at_ += whole;
  return message;
}

Result<void> Control::wait(SteadyTime deadline) {
  std::array<std::byte, 4096> chunk;
  CP_TRY(stream_->wait(deadline));
  CP_TRY_ASSIGN(const std::size_t count, stream_->receive(chunk));
  if (count == 0) {
    return fail(Errc::unavailable, "the connection is cut");
  }
  append(std::span(chunk).first(count));
  return {};
}

Result<Message> Control::expect(MessageType type) {
  const SteadyTime deadline = SystemClock().steady() + patience_;
  while (true) {
    CP_TRY_ASSIGN(auto message, next());
    if (!message) {
      CP_TRY(wait(deadline));
      continue;
    }
    if (message->type == MessageType::error) {
      CP_TRY_ASSIGN(const SessionError error, decode<SessionError>(message->body));
      return tl::unexpected<Error>(error.error);
    }
    if (message->type != type) {
      return fail(Errc::protocol, "a message of type {} where {} belongs",
                  static_cast<unsigned>(message->type), static_cast<unsigned>(type));
    }
    return *std::move(message);
  }
}

}  // namespace cp::transfer
