// SPDX-License-Identifier: Apache-2.0
#include "transfer/preface.hpp"

#include "transfer/wire.hpp"

#include <algorithm>
#include <string_view>

namespace cp::transfer {
namespace {

// The line break shows a connection that translates text.
constexpr std::string_view kPrefaceMagic = "cpxfer\r\n";

}  // namespace

std::array<std::byte, Preface::encoded_bytes> encode(const Preface& preface) {
  std::array<std::byte, Preface::encoded_bytes> out{};
  std::ranges::copy(std::as_bytes(std::span(kPrefaceMagic)), out.begin());
  store_le(&out[8], preface.major);
  store_le(&out[10], preface.minor);
  store_le(&out[12], static_cast<std::uint8_t>(preface.purpose));
  return out;
}

Result<Preface> decode_preface(std::span<const std::byte, Preface::encoded_bytes> in) {
  if (!std::ranges::equal(in.first(kPrefaceMagic.size()),
                          std::as_bytes(std::span(kPrefaceMagic)))) {
    return fail(Errc::protocol, "the other end is no cpxfer");
  }
  const Preface preface{.major = load_le<std::uint16_t>(&in[8]),
                        .minor = load_le<std::uint16_t>(&in[10]),
                        .purpose = static_cast<Purpose>(in[12])};
  if (preface.major != Preface::our_major) {
    return fail(Errc::protocol, "the other end speaks version {}, and this one version {}",
                preface.major, Preface::our_major);
  }
  if (preface.purpose < Purpose::control || preface.purpose > Purpose::order) {
    return fail(Errc::protocol, "the other end wants what is not known here");
  }
  return preface;
}

}  // namespace cp::transfer
