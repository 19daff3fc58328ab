// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/digest.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

/// Numbers and strings of the wire format: little endian whatever the machine, and never read past
/// the end. A string is its length in 2 bytes and its bytes.
namespace cp::transfer {

template <std::unsigned_integral T>
void store_le(std::byte* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    at[i] = static_cast<std::byte>(value >> (8 * i));
  }
}

template <std::unsigned_integral T>
T load_le(const std::byte* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | (static_cast<T>(at[i]) << (8 * i)));
  }
  return value;
}

/// Builds a message.
class WireWriter {
 public:
  template <std::unsigned_integral T>
  WireWriter& put(T value) {
    std::array<std::byte, sizeof(T)> bytes;
    store_le(bytes.data(), value);
    return put_bytes(bytes);
  }
  WireWriter& put_signed(std::int64_t value) { return put(static_cast<std::uint64_t>(value)); }
  WireWriter& put_bytes(std::span<const std::byte> bytes) {
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return *this;
  }
  /// TEXT is at most 65,535 bytes; what is longer is cut.
  WireWriter& put_text(std::string_view text) {
    text = text.substr(0, 0xFFFF);
    put(static_cast<std::uint16_t>(text.size()));
    bytes_ += text;
    return *this;
  }

  std::size_t size() const { return bytes_.size(); }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Takes a message apart. After a read past its end everything reads as zero and `good` is false,
/// so that the caller asks once, at the end. Borrows the bytes.
class WireReader {
 public:
  explicit WireReader(std::span<const std::byte> bytes) : rest_(bytes) {}
  explicit WireReader(std::string_view bytes) : rest_(std::as_bytes(std::span(bytes))) {}

  template <std::unsigned_integral T>
  T get() {
    const auto bytes = get_bytes(sizeof(T));
    return bytes.size() == sizeof(T) ? load_le<T>(bytes.data()) : T{0};
  }
  std::int64_t get_signed() { return static_cast<std::int64_t>(get<std::uint64_t>()); }
  std::span<const std::byte> get_bytes(std::size_t count) {
    if (count > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto bytes = rest_.first(count);
    rest_ = rest_.subspan(count);
    return bytes;
  }
  Digest get_digest() {
    Digest digest;
    std::ranges::copy(get_bytes(digest.bytes.size()), digest.bytes.begin());
    return digest;
  }
  std::string_view get_text() {
    const auto bytes = get_bytes(get<std::uint16_t>());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  bool good() const { return good_; }
  /// Whether all of it was read, and nothing past its end.
  bool at_end() const { return good_ && rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool good_ = true;
};

}  // namespace cp::transfer
