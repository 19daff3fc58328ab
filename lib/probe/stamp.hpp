// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

/// The packets of the Simple Two-way Active Measurement Protocol, unauthenticated (RFC 8762 §4.2.1
/// and §4.3.1, with the session identifier of RFC 8972 §3): 44 octets both ways, big-endian, then
/// whatever the sender added. No input or output here, nothing allocates, every sequence of octets
/// is safe to decode.
///
///     octets   sender              reflector
///      0 ..  4 sequence number     sequence number
///      4 .. 12 time-stamp T1       time-stamp T3
///     12 .. 14 error estimate      error estimate of T2 and T3
///     14 .. 16 session identifier  session identifier, copied
///     16 .. 24 zero                receive time-stamp T2
///     24 .. 28 zero                sender's sequence number, copied
///     28 .. 36 zero                T1, copied
///     36 .. 38 zero                sender's error estimate, copied
///     38 .. 40 zero                zero
///     40       zero                TTL or hop limit with which the sender's packet arrived
///     41 .. 44 zero                zero
namespace cp::probe::stamp {

/// Octets of a base packet in either direction.
inline constexpr std::size_t kBase = 44;
/// Octets of the shortest reply that is understood: TWAMP-Light peers (RFC 5357 appendix I) end
/// after the sender's error estimate.
inline constexpr std::size_t kShortReply = 38;

/// How the 64 bits of a time-stamp are meant, as the Z bit beside it says (RFC 8762 §4.2.1):
/// seconds since 1900 and a binary fraction (RFC 5905), or seconds since 1970 and nanoseconds
/// (truncated PTPv2, IEEE 1588-2008; taken as UTC, so that a peer on TAI seems some 37 s ahead:
/// only the difference of two of its own stamps is used).
enum class Format : std::uint8_t { ntp, ptp };

/// TIME as 64 bits of FORMAT.
std::uint64_t encode_time(UnixTime time, Format format);

/// The time that BITS mean: of all that do (NTP's seconds wrap in 2036, PTP's in 2106) the one
/// nearest to NEAR.
UnixTime decode_time(std::uint64_t bits, Format format, UnixTime near);

/// How wrong a time-stamp may be (RFC 4656 §4.1.2): multiplier × 2^(scale − 32) seconds.
struct ErrorEstimate {
  bool is_synchronised = false;  ///< S: the clock follows an outside source
  Format format = Format::ntp;   ///< Z: of the time-stamps in the same packet
  std::uint8_t scale = 0;        ///< 0 to 63
  std::uint8_t multiplier = 1;   ///< 0 is not allowed and says that the field means nothing

  /// The smallest estimate that is not below ERROR.
  static ErrorEstimate of(std::chrono::nanoseconds error, bool is_synchronised, Format format);
  /// The error, capped at 292 years.
  std::chrono::nanoseconds error() const;

  static ErrorEstimate from_bits(std::uint16_t bits);
  std::uint16_t to_bits() const;
  friend bool operator==(const ErrorEstimate&, const ErrorEstimate&) = default;
};

/// What a sender puts into its packet.
struct Request {
  std::uint32_t sequence = 0;
  UnixTime sent;  ///< T1
  ErrorEstimate error;
  std::uint16_t session = 0;  ///< not 0 in packets of ours (RFC 8972 §3)
};

/// Writes REQUEST over the first 16 octets of PACKET, which holds kBase octets at least; the rest
/// stays (a sender clears it once: it must be zero).
void write_request(const Request& request, std::span<std::byte> packet);

/// Fills PACKET from octet kBase on with zeros, as an Extra Padding TLV (RFC 8972 §4.1) where there
/// is room for the header of one.
void write_padding(std::span<std::byte> packet);

/// The request in PACKET, its time taken as the one nearest to NEAR; nullopt when it is shorter
/// than kBase.
std::optional<Request> read_request(std::span<const std::byte> packet, UnixTime near);

/// What a reflector knows of a request that it answers.
struct Reflection {
  UnixTime received;    ///< T2
  UnixTime sent;        ///< T3
  ErrorEstimate error;  ///< of both
  std::uint8_t sender_ttl = 0;
};

/// Turns the request in PACKET into the reply to it, in place and of the same length: what follows
/// the base is copied, which leaves the U flag on every TLV as "not understood" (RFC 8972 §4). The
/// sequence number is copied, as a stateless reflector does (RFC 8762 §4.3). False, and nothing
/// written, when it is shorter than kBase.
bool reflect(const Reflection& reflection, std::span<std::byte> packet);

/// What a reply says.
struct Reply {
  std::uint32_t sequence = 0;
  UnixTime sent;      ///< T3
  UnixTime received;  ///< T2
  ErrorEstimate error;
  std::uint16_t session = 0;  ///< 0: the peer knows no RFC 8972
  std::uint32_t sender_sequence = 0;
  std::uint64_t sender_time_bits = 0;      ///< T1 as it was sent
  std::optional<std::uint8_t> sender_ttl;  ///< absent from a reply of fewer than 41 octets
  bool is_short = false;                   ///< 38 to 43 octets, from a TWAMP-Light peer
};

/// The reply in PACKET, its times (in the format of the peer's Z bit) taken as those nearest to
/// NEAR; nullopt when it is shorter than kShortReply.
std::optional<Reply> read_reply(std::span<const std::byte> packet, UnixTime near);

/// Whether PACKET is what a stateless reflector sends: both sequence numbers are equal, T1 and T2
/// stand where a request has zeros or padding. A request padded at random is one in 2^32 times.
bool is_reply(std::span<const std::byte> packet);

}  // namespace cp::probe::stamp
