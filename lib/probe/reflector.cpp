// SPDX-License-Identifier: Apache-2.0
#include "probe/reflector.hpp"

#include "probe/clock_state.hpp"

namespace cp::probe {
namespace {

constexpr std::chrono::seconds kErrorLasts{10};
constexpr int kFailuresInARow = 1000;

std::uint64_t random_seed(Random& random) {
  std::uint64_t seed = 0;
  random.fill(std::as_writable_bytes(std::span(&seed, 1)));
  return seed;
}

}  // namespace

Result<std::unique_ptr<Reflector>> Reflector::open(const net::Endpoint& local,
                                                   Admission::Rules rules, const Clock& clock,
                                                   Random& random) {
  CP_TRY_ASSIGN(net::UdpSocket socket, net::UdpSocket::bind(local));
  // Without the kernel's stamps T2 is taken when the request is read.
  (void)socket.stamp(false);
  CP_TRY_ASSIGN(const net::Endpoint bound, socket.local());
  Admission admission(std::move(rules), bound.port, random_seed(random));
  return std::make_unique<Reflector>(std::move(socket), bound, std::move(admission), clock);
}

Reflector::Reflector(net::UdpSocket socket, const net::Endpoint& local, Admission admission,
                     const Clock& clock)
    : socket_(std::move(socket)),
      local_(local),
      admission_(std::move(admission)),
      clock_(clock),
      buffer_(kLongest) {}

Result<void> Reflector::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { socket_.interrupt(); });
  int failures = 0;
  while (!stop.stop_requested()) {
    const auto datagram = socket_.receive(buffer_);
    if (stop.stop_requested()) {
      break;
    }
    if (!datagram) {
      // What a network does to one packet passes; a socket that never works again does not.
      if (++failures == kFailuresInARow) {
        return tl::unexpected<Error>(datagram.error());
      }
      continue;
    }
    failures = 0;
    if (*datagram) {
      handle(**datagram);
    }
  }
  return {};
}

void Reflector::handle(const net::Datagram& datagram) {
  const SteadyTime now = clock_.steady();
  const auto packet = std::span(buffer_).first(datagram.length);
  if (const Drop drop = admission_.judge(datagram, packet, now); drop != Drop::none) {
    dropped_[static_cast<std::size_t>(drop)].fetch_add(1, std::memory_order_relaxed);
    return;
  }
  refresh_error(now);
  const UnixTime read = clock_.now();
  const stamp::Reflection reflection{datagram.kernel_time.value_or(read), read, error_,
                                     datagram.ttl.value_or(0)};
  stamp::reflect(reflection, packet);
  auto& count = socket_.answer(datagram, packet) ? answered_ : unsent_;
  count.fetch_add(1, std::memory_order_relaxed);
}

void Reflector::refresh_error(SteadyTime now) {
  if (error_read_ == SteadyTime::min() || now - error_read_ > kErrorLasts) {
    error_ = to_error_estimate(read_clock_state());
    error_read_ = now;
  }
}

ReflectorCounts Reflector::counts() const {
  ReflectorCounts counts;
  counts.answered = answered_.load(std::memory_order_relaxed);
  counts.unsent = unsent_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < kDrops; ++i) {
    counts.dropped[i] = dropped_[i].load(std::memory_order_relaxed);
  }
  return counts;
}

}  // namespace cp::probe
