// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "net/udp_socket.hpp"
#include "probe/admission.hpp"
#include "probe/stamp.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

namespace cp::probe {

/// What a reflector has done so far.
struct ReflectorCounts {
  std::uint64_t answered = 0;
  std::uint64_t unsent = 0;  ///< answers that the system did not take
  std::array<std::uint64_t, kDrops> dropped{};
};

/// A stateless STAMP reflector (RFC 8762 §4.3), unauthenticated: answers each admitted request with
/// as many octets as it has, from the address it was sent to. T2 is the kernel's receive stamp
/// where it gives one.
class Reflector {
 public:
  /// The longest request that is answered, so that a jumbo frame can be tried.
  static constexpr std::size_t kLongest = 9216;

  /// Listens on LOCAL (port 0: any). unavailable or denied as UdpSocket::bind.
  static Result<std::unique_ptr<Reflector>> open(const net::Endpoint& local, Admission::Rules rules,
                                                 const Clock& clock, Random& random);
  /// Use `open`.
  Reflector(net::UdpSocket socket, const net::Endpoint& local, Admission admission,
            const Clock& clock);
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  /// Where it listens, with the port that it got.
  const net::Endpoint& local() const { return local_; }

  /// Answers until STOP; on one thread, without allocating. io when the socket fails for good.
  Result<void> run(const std::stop_token& stop);

  /// Safe on any thread, also while it runs.
  ReflectorCounts counts() const;

 private:
  void handle(const net::Datagram& datagram);
  void refresh_error(SteadyTime now);

  net::UdpSocket socket_;
  net::Endpoint local_;
  Admission admission_;
  const Clock& clock_;
  stamp::ErrorEstimate error_;
  SteadyTime error_read_ = SteadyTime::min();
  std::vector<std::byte> buffer_;
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> unsent_{0};
  std::array<std::atomic<std::uint64_t>, kDrops> dropped_{};
};

}  // namespace cp::probe
