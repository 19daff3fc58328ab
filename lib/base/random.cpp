// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sys/random.h>

namespace cp {

void KernelRandom::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno != EINTR) {
      std::abort();
    }
    out = out.subspan(got < 0 ? 0 : static_cast<std::size_t>(got));
  }
}

std::string make_ulid(UnixTime now, Random& random) {
  constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<std::byte, 16> bytes{};
  const auto milliseconds = static_cast<std::uint64_t>(unix_milliseconds(now));
  for (std::size_t i = 0; i < 6; ++i) {
    bytes[i] = static_cast<std::byte>(milliseconds >> (40 - 8 * i));
  }
  random.fill(std::span(bytes).subspan(6));
  // 128 bits in 26 characters of 5: the first holds 3.
  std::string out;
  for (int shift = 125; shift >= 0; shift -= 5) {
    unsigned value = 0;
    for (int bit = shift + 4; bit >= shift; --bit) {
      value <<= 1U;
      if (bit < 128) {
        const auto byte = std::to_integer<unsigned>(bytes[static_cast<std::size_t>(15 - bit / 8)]);
        value |= (byte >> static_cast<unsigned>(bit % 8)) & 1U;
      }
    }
    out += digits[value];
  }
  return out;
}

}  // namespace cp
