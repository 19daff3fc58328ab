// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "probe/stamp.hpp"
#include "probe/wire.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace cp::test {

/// A clock that stands still until it is moved; its wall clock can be set on its own.
class FakeClock final : public Clock {
 public:
  UnixTime now() const override { return UnixTime(steady_.time_since_epoch() + offset_); }
  SteadyTime steady() const override { return steady_; }
  void advance_to(SteadyTime time) { steady_ = std::max(steady_, time); }
  void advance(std::chrono::nanoseconds by) { steady_ += by; }
  void step_wall(std::chrono::nanoseconds by) { offset_ += by; }

 private:
  SteadyTime steady_{std::chrono::hours(1)};
  std::chrono::nanoseconds offset_{std::chrono::hours(24) * 365 * 56};
};

/// A network and a reflector at its end that do what a script says, on a FakeClock. Each packet
/// takes 500 ns to the kernel; its answers come after the delays that the script gives for it
/// (none: it is lost), of which 2 us are the reflector's; from the kernel to the sender is 1 us.
class FakeWire final : public probe::Wire {
 public:
  using Delays = std::vector<std::chrono::nanoseconds>;
  using Script = std::function<Delays(std::uint32_t number)>;

  FakeWire(FakeClock& clock, Script script) : clock_(clock), script_(std::move(script)) {}

  /// Called at the beginning of each wait; may move the clock.
  std::function<void()> before_wait;
  /// Changes an answer before it arrives.
  std::function<void(std::vector<std::byte>&)> change;
  bool gives_transmit_stamps = true;
  bool refuses = false;  ///< each packet comes back as "nobody listens"
  bool is_full = false;  ///< takes no packet

  Result<void> send(std::span<const std::byte> packet) override {
    if (is_full) {
      return fail(Errc::timed_out, "no room");
    }
    if (refuses) {
      ++refusals_;
    }
    stamps_.push_back({sent_, clock_.now() + std::chrono::nanoseconds(500)});
    for (const auto delay : script_(sent_)) {
      arrivals_.emplace(clock_.steady() + delay, answer_to(packet, delay));
    }
    ++sent_;
    return {};
  }

  Result<std::optional<net::Datagram>> receive(std::span<std::byte> buffer) override {
    if (refusals_ > 0) {
      --refusals_;
      return fail(Errc::unavailable, "connection refused");
    }
    if (arrivals_.empty() || arrivals_.begin()->first > clock_.steady()) {
      return std::nullopt;
    }
    const auto arrival = arrivals_.extract(arrivals_.begin());
    const auto& bytes = arrival.mapped();
    net::Datagram datagram;
    datagram.length = std::min(bytes.size(), buffer.size());
    std::copy_n(bytes.begin(), datagram.length, buffer.begin());
    datagram.ttl = std::uint8_t{250};
    datagram.kernel_time = clock_.now() - std::chrono::microseconds(1);
    return datagram;
  }

  std::uint32_t sent() const override { return sent_; }

  std::optional<net::TransmitStamp> transmit_stamp() override {
    if (stamps_.empty() || !gives_transmit_stamps) {
      return std::nullopt;
    }
    const auto stamp = stamps_.front();
    stamps_.pop_front();
    return stamp;
  }

  Result<void> wait(SteadyTime until) override {
    if (before_wait) {
      before_wait();
    }
    const auto next = arrivals_.empty() ? SteadyTime::max() : arrivals_.begin()->first;
    clock_.advance_to(std::min(until, next));
    return {};
  }

  bool has_kernel_stamps() const override { return true; }

 private:
  std::vector<std::byte> answer_to(std::span<const std::byte> packet,
                                   std::chrono::nanoseconds delay) const {
    std::vector<std::byte> answer(packet.begin(), packet.end());
    const UnixTime received = clock_.now() + delay / 2;
    probe::stamp::reflect({received, received + std::chrono::microseconds(2), {}, 60}, answer);
    if (change) {
      change(answer);
    }
    return answer;
  }

  FakeClock& clock_;
  Script script_;
  std::multimap<SteadyTime, std::vector<std::byte>> arrivals_;
  std::deque<net::TransmitStamp> stamps_;
  std::uint32_t sent_ = 0;
  int refusals_ = 0;
};

}  // namespace cp::test
