// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cp::transfer {

/// The name of the protocol in TLS (RFC 7301).
inline constexpr const char* tls_protocol = "cpxfer/2";

/// What a connection is for.
enum class Purpose : std::uint8_t {
  control = 1,
  rail = 2,
  order = 3,  ///< a transfer that this end is to carry out as the client, for whoever ssh let in
};

/// The first 16 bytes of every connection, from both ends: magic, version and purpose. Ends of one
/// major version understand each other.
struct Preface {
  static constexpr std::size_t encoded_bytes = 16;
  static constexpr std::uint16_t our_major = 2;
  static constexpr std::uint16_t our_minor = 0;

  std::uint16_t major = our_major;
  std::uint16_t minor = our_minor;
  Purpose purpose = Purpose::control;
};

std::array<std::byte, Preface::encoded_bytes> encode(const Preface& preface);

/// protocol for bytes that are no preface, for another major version, and for an unknown purpose.
Result<Preface> decode_preface(std::span<const std::byte, Preface::encoded_bytes> in);

}  // namespace cp::transfer
