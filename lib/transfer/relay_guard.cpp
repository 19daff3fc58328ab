// SPDX-License-Identifier: Apache-2.0
#include "transfer/relay_guard.hpp"

#include "transfer/message.hpp"
#include "transfer/preface.hpp"

#include <span>

namespace cp::transfer {

Result<std::string> RelayGuard::pass(std::string_view bytes) {
  held_ += bytes;
  std::string out;
  while (stage_ != Stage::free) {
    CP_TRY_ASSIGN(const bool has_passed, pass_one(out));
    if (!has_passed) {
      return out;
    }
  }
  out += held_;
  held_.clear();
  return out;
}

// Whether something whole was there.
Result<bool> RelayGuard::pass_one(std::string& out) {
  if (stage_ != Stage::preface) {
    return pass_message(out);
  }
  if (held_.size() < Preface::encoded_bytes) {
    return false;
  }
  const auto bytes = std::as_bytes(std::span(held_)).first<Preface::encoded_bytes>();
  CP_TRY_ASSIGN(const Preface preface, decode_preface(bytes));
  if (preface.purpose != Purpose::control) {
    return fail(Errc::protocol, "a connection for something else than this transfer");
  }
  out += held_.substr(0, Preface::encoded_bytes);
  held_.erase(0, Preface::encoded_bytes);
  stage_ = Stage::hello;
  return true;
}

Result<bool> RelayGuard::pass_message(std::string& out) {
  if (held_.size() < Message::header_bytes) {
    return false;
  }
  CP_TRY_ASSIGN(const MessageHeader header,
                decode_header(std::string_view(held_).substr(0, Message::header_bytes)));
  const std::size_t whole = Message::header_bytes + header.body_bytes;
  if (held_.size() < whole) {
    return false;
  }
  const std::string_view body =
      std::string_view(held_).substr(Message::header_bytes, header.body_bytes);
  const MessageType wanted = stage_ == Stage::hello ? MessageType::hello : MessageType::open;
  if (header.type != wanted) {
    return fail(Errc::protocol, "a message of type {} before the transfer is agreed on",
                static_cast<unsigned>(header.type));
  }
  std::string passed(body);
  if (wanted == MessageType::open) {
    CP_TRY_ASSIGN(passed, replaced(body));
  }
  out += encode_header(wanted, passed.size()) + passed;
  held_.erase(0, whole);
  stage_ = wanted == MessageType::hello ? Stage::open : Stage::free;
  return true;
}

Result<std::string> RelayGuard::replaced(std::string_view body) const {
  CP_TRY_ASSIGN(Open asked, parse_open(body));
  Open open = wish_;
  if (open.direction == Direction::push) {
    open.incoming = asked.incoming;
  }
  open.incoming.sources = std::max<std::size_t>(open.incoming.sources, 1);
  open.streams = asked.streams;
  open.more_streams = asked.more_streams;
  open.window = asked.window;
  open.secret = std::move(asked.secret);
  open.epoch = asked.epoch;
  open.sealed = asked.sealed;
  open.data_address = std::move(asked.data_address);
  return to_text(open);
}

}  // namespace cp::transfer
