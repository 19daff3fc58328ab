// SPDX-License-Identifier: Apache-2.0
// What a hostile peer sends, behind a letter for what it is: "c" a chunk's header, "g" a credit,
// "s" a sealed chunk, "p" a preface, "z" a compressed payload, "m" what an end says of a
// measurement, "u" sums, "b" a file that begins to be summed (as hexadecimal digits), "o" what is
// wanted, "a" the answer, "r" what is said of a rail of another kind (JSON). What is taken is
// written as it was read; nothing opens that was not sealed.
#include "fuzz.hpp"
#include "transfer/agreement.hpp"
#include "transfer/limits.hpp"
#include "transfer/message.hpp"
#include "transfer/preface.hpp"
#include "transfer/rail_bench.hpp"
#include "transfer/seal.hpp"
#include "transfer/zstd.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

using namespace cp::transfer;

namespace {

// As many bytes as OUT has room for; the rest is zero.
template <std::size_t size>
std::array<std::byte, size> unhexed(std::string_view text) {
  std::array<std::byte, size> out{};
  for (std::size_t i = 0; i < size && 2 * i + 1 < text.size(); ++i) {
    const auto digit = [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return (byte <= '9' ? byte - unsigned{'0'} : (byte | 0x20U) - 'a' + 10U) & 0x0FU;
    };
    out[i] = static_cast<std::byte>(digit(text[2 * i]) << 4U | digit(text[2 * i + 1]));
  }
  return out;
}

void check_chunk(std::string_view text) {
  const auto bytes = unhexed<ChunkHeader::encoded_bytes>(text);
  if (const auto header = decode_chunk_header(bytes)) {
    std::array<std::byte, ChunkHeader::encoded_bytes> again;
    encode(*header, again);
    must(again == bytes, "a chunk's header is written as it was read");
    must(header->length != 0 && header->length <= limits::chunk_bytes, "a chunk fits its slot");
    must(header->on_wire() != 0 && header->on_wire() <= header->length, "nothing grows");
  }
}

void check_credit(std::string_view text) {
  const auto bytes = unhexed<Credit::encoded_bytes>(text);
  if (const auto credit = decode_credit(bytes)) {
    std::array<std::byte, Credit::encoded_bytes> again;
    encode(*credit, again);
    must(again == bytes, "a credit is written as it was read");
  }
  FrameOpener opener(std::string(limits::key_bytes, 'k'));
  must(!opener.open(unhexed<sealed_credit_bytes>(text)), "no credit opens that nobody sealed");
}

void check_sealed(std::string_view text) {
  const auto bytes = unhexed<ChunkHeader::encoded_bytes>(text);
  if (const auto length = FrameOpener::length_in(bytes)) {
    must(*length != 0 && *length <= limits::chunk_bytes, "a sealed chunk fits its slot");
    std::vector<std::byte> payload(std::min<std::size_t>(*length, 4096));
    FrameOpener opener(std::string(limits::key_bytes, 'k'));
    must(!opener.open(1, bytes, payload, payload), "no chunk opens that nobody sealed");
  }
}

// Behind four digits that say how much the frame is to hold.
void check_compressed(std::string_view text) {
  constexpr std::size_t kMost = 4096;
  const auto length = unhexed<2>(text);
  const auto wanted =
      std::to_integer<std::size_t>(length[0]) << 8U | std::to_integer<std::size_t>(length[1]);
  const std::string_view digits = text.substr(std::min<std::size_t>(4, text.size()));
  const auto bytes = unhexed<kMost>(digits);
  ZstdExpander expander;
  const auto frame = std::span(bytes).first(std::min(kMost, digits.size() / 2));
  if (const auto plain = expander.expand(frame, wanted)) {
    must(plain->size() == wanted, "a frame holds what it says");
    ZstdCompressor compressor;
    const auto again = compressor.compress(*plain, 1, plain->size() + 64);
    ZstdExpander other;
    must(again.empty() || std::ranges::equal(*other.expand(again, wanted), *plain),
         "what is compressed comes back");
  }
}

void check_preface(std::string_view text) {
  const auto bytes = unhexed<Preface::encoded_bytes>(text);
  if (const auto preface = decode_preface(bytes)) {
    must(decode_preface(encode(*preface)).has_value(), "a preface is one when it is written");
  }
}

void check_measured(std::string_view text) {
  const auto bytes = unhexed<16>(text);
  const std::string_view body(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), text.size() / 2));
  const auto measured = decode<Measured>(body);
  must(measured.has_value() == (body.size() == bytes.size()), "a claim is 16 bytes");
  must(!measured || encode(*measured) == body, "a claim is written as it was read");
  if (measured) {
    const Effort seen{.bytes = 5, .elapsed = std::chrono::seconds(1)};
    const auto good = check_claim(*measured, seen, 2, std::chrono::seconds(1));
    must(!good || (measured->bytes == 5 && measured->cpu_ns <= 4'000'000'000U),
         "nobody carried other bytes, or used more time than there was");
  }
}

// The message in the hexadecimal digits of TEXT.
template <class T>
std::optional<T> heard_in(std::string_view text) {
  constexpr std::size_t kMost = 4096;
  const auto bytes = unhexed<kMost>(text);
  const std::string_view body(reinterpret_cast<const char*>(bytes.data()),
                              std::min(bytes.size(), text.size() / 2));
  const auto message = decode<T>(body);
  if (!message) {
    return std::nullopt;
  }
  const std::string again = encode(*message);
  const auto second = decode<T>(again);
  must(second && encode(*second) == again, "a message is written as it was read");
  return *message;
}

void check_sums(std::string_view text) {
  if (const auto summed = heard_in<Summed>(text)) {
    must(!summed->items.empty() && summed->items.size() <= limits::batch_entries,
         "a batch of sums has bounds");
    for (const Summed::Item& item : summed->items) {
      must(item.sum.size() <= 32 && item.entry.size < limits::file_bytes, "a sum has bounds");
    }
  }
}

void check_begun(std::string_view text) {
  if (const auto begun = heard_in<SumBegun>(text)) {
    must(begun->entry.type == EntryType::file, "files alone begin");
  }
}

void check_open(std::string_view text) {
  if (const auto open = parse_open(text)) {
    must(open->secret.size() == limits::key_bytes, "a secret is whole");
    const std::string again = to_text(*open);
    const auto second = parse_open(again);
    must(second && to_text(*second) == again, "a wish is written as it was read");
    must(!open->measuring || (open->measuring->count() > 0 &&
                              *open->measuring <= limits::measuring_time && !open->dry_run),
         "a measurement ends, and is nothing else");
  }
}

void check_opened(std::string_view text) {
  if (const auto opened = parse_opened(text)) {
    must(opened->secret.size() == limits::key_bytes, "a secret is whole");
    const std::string again = to_text(*opened);
    const auto second = parse_opened(again);
    must(second && to_text(*second) == again, "an answer is written as it was read");
  }
}

void check_rail(std::string_view text) {
  if (const auto wanted = parse_rail_wanted(text)) {
    const std::string again = to_text(*wanted);
    const auto second = parse_rail_wanted(again);
    must(second && to_text(*second) == again, "a wish for a rail is written as it was read");
    must(wanted->streams <= limits::streams && wanted->number <= limits::other_rails,
         "a wish for a rail has bounds");
  }
  if (const auto given = parse_rail_given(text)) {
    const std::string again = to_text(*given);
    const auto second = parse_rail_given(again);
    must(second && to_text(*second) == again, "where a rail is, is written as it was read");
    must(given->tokens.size() <= limits::streams, "a rail has so many streams at most");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const char kind = text.empty() ? '\0' : text[0];
  const std::string_view rest = text.substr(std::min<std::size_t>(1, text.size()));
  if (kind == 'c') {
    check_chunk(rest);
  } else if (kind == 'g') {
    check_credit(rest);
  } else if (kind == 's') {
    check_sealed(rest);
  } else if (kind == 'p') {
    check_preface(rest);
  } else if (kind == 'z') {
    check_compressed(rest);
  } else if (kind == 'o') {
    check_open(rest);
  } else if (kind == 'm') {
    check_measured(rest);
  } else if (kind == 'a') {
    check_opened(rest);
  } else if (kind == 'r') {
    check_rail(rest);
  } else if (kind == 'u') {
    check_sums(rest);
  } else if (kind == 'b') {
    check_begun(rest);
  }
  return 0;
}
