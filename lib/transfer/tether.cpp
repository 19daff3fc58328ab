// SPDX-License-Identifier: Apache-2.0
#include "transfer/tether.hpp"

#include "net/socket_ends.hpp"
#include "transfer/bytes_of.hpp"

#include <algorithm>
#include <array>

namespace cp::transfer {
namespace {

constexpr std::size_t kMaxText = 255;
constexpr std::size_t kTetherBytes = 1024;

tl::unexpected<Error> broken() { return fail(Errc::timed_out, "a stream was cut"); }

}  // namespace

Result<std::string> Tether::local_host() const {
  return net::local_end(stream_->fd()).map([](const net::Endpoint& end) {
    return end.address.to_string();
  });
}

Result<std::string> Tether::peer_host() const {
  return net::peer_end(stream_->fd()).map([](const net::Endpoint& end) {
    return end.address.to_string();
  });
}

Result<void> Tether::say(std::string_view text) {
  if (text.size() > kMaxText) {
    return fail(Errc::internal, "a text that is too long for a tether");
  }
  std::string out(1, static_cast<char>(text.size()));
  out += text;
  return send(bytes_of(out));
}

Result<std::string> Tether::hear(SteadyTime deadline) {
  std::array<std::byte, 1> length{};
  CP_TRY_ASSIGN(const std::size_t have, stream_->receive_all(length, deadline));
  std::string text(have == 0 ? 0 : std::to_integer<std::size_t>(length[0]), '\0');
  CP_TRY_ASSIGN(const std::size_t got,
                stream_->receive_all(std::as_writable_bytes(std::span(text)), deadline));
  return have == 0 || got != text.size() ? Result<std::string>(broken()) : std::move(text);
}

Result<void> Tether::send(std::span<const std::byte> bytes) {
  return stream_->send(bytes) ? Result<void>() : broken();
}

bool Tether::take_buffered(std::span<std::byte> out) {
  if (buffer_.size() < out.size()) {
    return false;
  }
  const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(out.size());
  std::copy(buffer_.begin(), end, out.begin());
  buffer_.erase(buffer_.begin(), end);
  return true;
}

void Tether::keep(std::span<const std::byte> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Result<void> Tether::take(std::span<std::byte> out) {
  std::array<std::byte, kTetherBytes> bytes;
  while (!take_buffered(out)) {
    const auto count = stream_->receive(bytes);
    if (!count || *count == 0) {
      return broken();
    }
    keep(std::span(bytes).first(*count));
  }
  return {};
}

Result<bool> Tether::take_now(std::span<std::byte> out) {
  std::array<std::byte, kTetherBytes> bytes;
  while (!take_buffered(out)) {
    const auto count = stream_->receive_now(bytes);
    if (!count || (*count && **count == 0)) {
      return broken();
    }
    if (!*count) {
      return false;
    }
    keep(std::span(bytes).first(**count));
  }
  return true;
}

}  // namespace cp::transfer
