// SPDX-License-Identifier: Apache-2.0
#include "transfer/far_sum.hpp"

#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

constexpr std::size_t kShaDigits = 64;

// POSIX cksum(1): the polynomial of IEEE 802.3, the most significant bit first.
constexpr std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t polynomial = 0x04C11DB7;
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 0x80000000U) != 0 ? (value << 1U) ^ polynomial : value << 1U;
    }
    table.at(i) = value;
  }
  return table;
}

constexpr auto kCrcTable = make_crc_table();

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// How many bytes of LINE are its sum; 0 when it has none.
std::size_t sum_length(std::string_view line, FarSumKind kind) {
  if (kind == FarSumKind::sha256) {
    return line.size() >= kShaDigits && is_hex(line.substr(0, kShaDigits)) ? kShaDigits : 0;
  }
  const auto first = line.find(' ');
  if (first == std::string_view::npos) {
    return 0;
  }
  const auto second = std::min(line.find(' ', first + 1), line.size());
  return is_number(line.substr(0, first)) && is_number(line.substr(first + 1, second - first - 1))
             ? second
             : 0;
}

}  // namespace

void FarSum::add_to_crc(std::byte byte) {
  const auto index = (crc_ >> 24U) ^ static_cast<std::uint32_t>(byte);
  crc_ = (crc_ << 8U) ^ kCrcTable.at(index);
}

void FarSum::add(std::span<const std::byte> bytes) {
  bytes_ += bytes.size();
  if (kind_ == FarSumKind::sha256) {
    sha_.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return;
  }
  for (const std::byte byte : bytes) {
    add_to_crc(byte);
  }
}

std::string FarSum::finish() {
  if (kind_ == FarSumKind::sha256) {
    return text::to_hex(sha_.finish());
  }
  for (std::uint64_t rest = bytes_; rest != 0; rest >>= 8U) {
    add_to_crc(static_cast<std::byte>(rest & 0xFFU));
  }
  return fmt::format("{} {}", static_cast<std::uint32_t>(~crc_), bytes_);
}

std::string_view sum_in(std::string_view line, FarSumKind kind) {
  return line.substr(0, sum_length(line, kind));
}

// sha256sum has two bytes between, the second a blank or an asterisk; cksum one.
std::string_view name_in(std::string_view line, FarSumKind kind) {
  const std::size_t between = kind == FarSumKind::sha256 ? 2 : 1;
  return line.substr(std::min(line.size(), sum_length(line, kind) + between));
}

}  // namespace cp::transfer
