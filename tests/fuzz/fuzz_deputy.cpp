// SPDX-License-Identifier: Apache-2.0
// What a hostile host sends in a transfer between two others, behind a letter for what it is: "w" a
// word of a deputy, "u" an outcome, "r" a relayed message, "t" the talk of a deputy's client with
// the other host (as hexadecimal digits), "d" an order (JSON). What is taken is written as it was
// read, and no talk gets more from the other host than was ordered.
#include "fuzz.hpp"
#include "transfer/deputy_message.hpp"
#include "transfer/limits.hpp"
#include "transfer/order.hpp"
#include "transfer/preface.hpp"
#include "transfer/relay_guard.hpp"

#include <algorithm>
#include <string>

using namespace cp::transfer;

namespace {

std::string unhexed(std::string_view text) {
  std::string out;
  const auto digit = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte <= '9' ? byte - unsigned{'0'} : (byte | 0x20U) - 'a' + 10U) & 0x0FU;
  };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(digit(text[i]) << 4U | digit(text[i + 1]));
  }
  return out;
}

template <class T>
void check_message(const std::string& body) {
  if (const auto message = decode<T>(body)) {
    const std::string again = encode(*message);
    const auto second = decode<T>(again);
    must(second && encode(*second) == again, "a message is written as it was read");
  }
}

void check_outcome(const std::string& body) {
  check_message<Outcome>(body);
  if (const auto outcome = decode<Outcome>(body); outcome && !outcome->refused) {
    must(is_transfer_id(outcome->account.id), "an outcome is of a transfer");
    must(outcome->account.streams <= static_cast<std::size_t>(limits::streams),
         "nobody had more streams than there may be");
  }
}

void check_talk(const std::string& bytes) {
  RelayGuard guard(Open{.destination = "ordered", .secret = std::string(limits::key_bytes, 's')});
  const auto passed = guard.pass(bytes);
  if (!passed || passed->size() <= Preface::encoded_bytes) {
    return;
  }
  std::string_view rest = std::string_view(*passed).substr(Preface::encoded_bytes);
  const auto hello = decode_header(rest.substr(0, Message::header_bytes));
  must(hello && hello->type == MessageType::hello, "the talk begins with a hello");
  rest.remove_prefix(Message::header_bytes + hello->body_bytes);
  if (rest.empty()) {
    return;
  }
  const auto header = decode_header(rest.substr(0, Message::header_bytes));
  must(header && header->type == MessageType::open, "then comes what is wanted");
  const auto open = parse_open(rest.substr(Message::header_bytes, header->body_bytes));
  must(open && open->destination == "ordered" && open->direction == Direction::push &&
           open->sources.empty() && open->deletion == Deletion::none,
       "which is what was ordered");
}

void check_order(std::string_view text) {
  if (const auto order = parse_order(text)) {
    const std::string again = to_text(*order);
    const auto second = parse_order(again);
    must(second && to_text(*second) == again, "an order is written as it was read");
    must(is_transfer_id(order->id), "an order is of a transfer");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const char kind = text.empty() ? '\0' : text[0];
  const std::string_view rest = text.substr(std::min<std::size_t>(1, text.size()));
  if (kind == 'w') {
    check_message<Word>(unhexed(rest));
  } else if (kind == 'u') {
    check_outcome(unhexed(rest));
  } else if (kind == 'r') {
    check_message<Relayed>(unhexed(rest));
  } else if (kind == 't') {
    check_talk(unhexed(rest));
  } else if (kind == 'd') {
    check_order(rest);
  }
  return 0;
}
