// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace cp::probe::stamp {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kEra = std::int64_t{1} << 32;
// From 1900-01-01, where NTP counts from, to 1970-01-01 (RFC 5905 figure 4).
constexpr std::int64_t kNtpOffset = 2'208'988'800;

// Positions of RFC 8762 figures 2 and 4.
constexpr std::size_t kSequence = 0;
constexpr std::size_t kTime = 4;
constexpr std::size_t kError = 12;
constexpr std::size_t kSession = 14;
constexpr std::size_t kReceived = 16;
constexpr std::size_t kSenderSequence = 24;
constexpr std::size_t kSenderTime = 28;
constexpr std::size_t kSenderError = 36;
constexpr std::size_t kZero = 38;
constexpr std::size_t kSenderTtl = 40;
constexpr std::size_t kTlvHeader = 4;

template <class T>
T load(std::span<const std::byte> packet, std::size_t at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8U) | std::to_integer<T>(packet[at + i]));
  }
  return value;
}

template <class T>
void store(std::span<std::byte> packet, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    packet[at + i] = static_cast<std::byte>(value >> (8 * (sizeof(T) - 1 - i)));
  }
}

// The number that is congruent to LOW modulo 2^32 and nearest to NEAR.
std::int64_t unfold(std::uint32_t low, std::int64_t near) {
  const auto distance = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(near));
  return near + distance;
}

std::int64_t whole_seconds(UnixTime time) {
  return std::chrono::floor<seconds>(time).time_since_epoch().count();
}

}  // namespace

std::uint64_t encode_time(UnixTime time, Format format) {
  const std::int64_t whole = whole_seconds(time);
  const auto nanos =
      static_cast<std::uint64_t>(time.time_since_epoch().count() - whole * kNanosPerSecond);
  if (format == Format::ptp) {
    return (static_cast<std::uint64_t>(whole) << 32U) | nanos;
  }
  // Rounded to the nearest 2^-32 s, which reads back as the same nanosecond.
  const std::uint64_t fraction = ((nanos << 32U) + kNanosPerSecond / 2) / kNanosPerSecond;
  return (static_cast<std::uint64_t>(whole + kNtpOffset) << 32U) + fraction;
}

UnixTime decode_time(std::uint64_t bits, Format format, UnixTime near) {
  const auto high = static_cast<std::uint32_t>(bits >> 32U);
  const std::uint64_t low = bits & (static_cast<std::uint64_t>(kEra) - 1);
  if (format == Format::ptp) {
    // A peer that puts more than a second into the nanoseconds is taken at its word.
    return UnixTime(seconds(unfold(high, whole_seconds(near))) +
                    nanoseconds(static_cast<std::int64_t>(low)));
  }
  const std::int64_t whole = unfold(high, whole_seconds(near) + kNtpOffset) - kNtpOffset;
  const std::uint64_t nanos = (low * kNanosPerSecond + (std::uint64_t{1} << 31U)) >> 32U;
  return UnixTime(seconds(whole) + nanoseconds(static_cast<std::int64_t>(nanos)));
}

ErrorEstimate ErrorEstimate::of(nanoseconds error, bool is_synchronised, Format format) {
  // In units of 2^-32 s, rounded up; 2^31 s and more is as wrong as a clock can be.
  const auto capped = static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(error.count(), 0, (kEra / 2) * kNanosPerSecond));
  const std::uint64_t whole = capped / kNanosPerSecond;
  const std::uint64_t rest = capped % kNanosPerSecond;
  std::uint64_t units = (whole << 32U) + ((rest << 32U) + kNanosPerSecond - 1) / kNanosPerSecond;
  std::uint8_t scale = 0;
  while (units > 255) {
    units = (units + 1) / 2;
    ++scale;
  }
  return {is_synchronised, format, scale,
          static_cast<std::uint8_t>(std::max<std::uint64_t>(units, 1))};
}

nanoseconds ErrorEstimate::error() const {
  const double value = static_cast<double>(multiplier) *
                       static_cast<double>(std::uint64_t{1} << scale) * 1e9 /
                       static_cast<double>(kEra);
  constexpr double most = 9.2e18;
  return nanoseconds(static_cast<std::int64_t>(std::min(value, most)));
}

ErrorEstimate ErrorEstimate::from_bits(std::uint16_t bits) {
  return {(bits & 0x8000U) != 0, (bits & 0x4000U) != 0 ? Format::ptp : Format::ntp,
          static_cast<std::uint8_t>((bits >> 8U) & 0x3fU), static_cast<std::uint8_t>(bits & 0xffU)};
}

std::uint16_t ErrorEstimate::to_bits() const {
  return static_cast<std::uint16_t>((is_synchronised ? 0x8000U : 0U) |
                                    (format == Format::ptp ? 0x4000U : 0U) |
                                    ((scale & 0x3fU) << 8U) | multiplier);
}

void write_request(const Request& request, std::span<std::byte> packet) {
  store(packet, kSequence, request.sequence);
  store(packet, kTime, encode_time(request.sent, request.error.format));
  store(packet, kError, request.error.to_bits());
  store(packet, kSession, request.session);
}

void write_padding(std::span<std::byte> packet) {
  const std::size_t from = std::min(kBase, packet.size());
  std::ranges::fill(packet.subspan(from), std::byte{0});
  if (packet.size() >= kBase + kTlvHeader) {
    packet[kBase] = std::byte{0x80};  // U: cleared by a reflector that knows the type
    packet[kBase + 1] = std::byte{1};
    store(packet, kBase + 2, static_cast<std::uint16_t>(packet.size() - kBase - kTlvHeader));
  }
}

std::optional<Request> read_request(std::span<const std::byte> packet, UnixTime near) {
  if (packet.size() < kBase) {
    return std::nullopt;
  }
  Request request;
  request.sequence = load<std::uint32_t>(packet, kSequence);
  request.error = ErrorEstimate::from_bits(load<std::uint16_t>(packet, kError));
  request.sent = decode_time(load<std::uint64_t>(packet, kTime), request.error.format, near);
  request.session = load<std::uint16_t>(packet, kSession);
  return request;
}

bool reflect(const Reflection& reflection, std::span<std::byte> packet) {
  if (packet.size() < kBase) {
    return false;
  }
  store(packet, kSenderSequence, load<std::uint32_t>(packet, kSequence));
  store(packet, kSenderTime, load<std::uint64_t>(packet, kTime));
  store(packet, kSenderError, load<std::uint16_t>(packet, kError));
  store(packet, kZero, std::uint16_t{0});
  store(packet, kSenderTtl, std::uint32_t{reflection.sender_ttl} << 24U);
  store(packet, kReceived, encode_time(reflection.received, reflection.error.format));
  store(packet, kError, reflection.error.to_bits());
  store(packet, kTime, encode_time(reflection.sent, reflection.error.format));
  return true;
}

std::optional<Reply> read_reply(std::span<const std::byte> packet, UnixTime near) {
  if (packet.size() < kShortReply) {
    return std::nullopt;
  }
  Reply reply;
  reply.sequence = load<std::uint32_t>(packet, kSequence);
  reply.error = ErrorEstimate::from_bits(load<std::uint16_t>(packet, kError));
  reply.sent = decode_time(load<std::uint64_t>(packet, kTime), reply.error.format, near);
  reply.session = load<std::uint16_t>(packet, kSession);
  reply.received = decode_time(load<std::uint64_t>(packet, kReceived), reply.error.format, near);
  reply.sender_sequence = load<std::uint32_t>(packet, kSenderSequence);
  reply.sender_time_bits = load<std::uint64_t>(packet, kSenderTime);
  reply.is_short = packet.size() < kBase;
  if (packet.size() > kSenderTtl) {
    reply.sender_ttl = load<std::uint8_t>(packet, kSenderTtl);
  }
  return reply;
}

bool is_reply(std::span<const std::byte> packet) {
  return packet.size() >= kBase &&
         load<std::uint32_t>(packet, kSequence) == load<std::uint32_t>(packet, kSenderSequence) &&
         load<std::uint64_t>(packet, kReceived) != 0 &&
         load<std::uint64_t>(packet, kSenderTime) != 0;
}

}  // namespace cp::probe::stamp
