// SPDX-License-Identifier: Apache-2.0
// The body of a journal's record behind a type, both as text ("5" and hexadecimal digits), under a
// checksum that is right: what is taken is written as it was read, and no place in it leads out.
#include "fuzz.hpp"
#include "transfer/journal_record.hpp"
#include "transfer/path.hpp"

#include <string>

using namespace cp::transfer;

namespace {

unsigned digit_of(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte <= '9' ? byte - unsigned{'0'} : (byte | 0x20U) - 'a' + 10U) & 0x0FU;
}

std::string unhexed(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(digit_of(text[i]) << 4U | digit_of(text[i + 1]));
  }
  return bytes;
}

void check_places(const JournalRecord& record) {
  if (const auto* items = std::get_if<JournalItems>(&record)) {
    for (const JournalItem& item : items->items) {
      must(!item.place.empty() && check_path(item.place).has_value(), "a place is beneath");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  if (text.empty()) {
    return 0;
  }
  const std::string body = unhexed(text.substr(1));
  const auto bytes = std::as_bytes(std::span(body));
  const auto record =
      decode_record(head_of(static_cast<std::uint16_t>(digit_of(text[0])), bytes, 7), bytes, 7);
  if (record) {
    check_places(*record);
    const std::string again = encode_record(*record, 7);
    const auto whole = std::as_bytes(std::span(again));
    const auto header = decode_record_header(whole.first<RecordHeader::bytes>());
    must(header.has_value(), "a record's head is one");
    must(decode_record(*header, whole.subspan(RecordHeader::bytes), 7) == record,
         "a record is written as it was read");
    must(!decode_record(*header, whole.subspan(RecordHeader::bytes), 8),
         "a record counts at its own place alone");
  }
  return 0;
}
