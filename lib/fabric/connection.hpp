// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fabric/completion.hpp"
#include "fabric/library.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace cp::fabric {

/// A connected endpoint with its own domain, event queue and completion queue, so that nothing is
/// shared with another. Messages arrive in order, each into the buffer of one posted receive.
/// Progress is manual: only calls on this object move anything. For one thread; `interrupt` from
/// any.
class Connection {
 public:
  struct Parts;  ///< the libfabric objects, in the file that wraps them
  explicit Connection(std::unique_ptr<Parts> parts);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Connects to a listener of PROVIDER at HOST (an address) and PORT, presenting CLAIM, which is
  /// to be answered with ANSWER. unavailable, denied when it is refused or answered otherwise,
  /// timed_out.
  static Result<std::unique_ptr<Connection>> connect(
      std::shared_ptr<const Library> library, const std::string& provider, const std::string& host,
      std::uint16_t port, std::string_view claim, std::string_view answer,
      std::chrono::nanoseconds patience, std::stop_token stop);

  /// Makes OPERATIONS numbers, and REGION, which must live as long as this, usable.
  Result<void> prepare(std::span<std::byte> region, std::size_t operations);

  /// Sends BYTES, which lie in the region and stay untouched until the completion.
  Result<void> send(std::size_t operation, std::span<const std::byte> bytes);
  /// Receives one message into BYTES, which lie in the region.
  Result<void> receive(std::size_t operation, std::span<std::byte> bytes);

  /// The next completion, or nullopt when there is none yet. timed_out when the connection is cut.
  Result<std::optional<Completion>> poll();
  /// Waits for the next completion, without spinning. timed_out when the connection is cut or was
  /// interrupted.
  Result<Completion> wait();

  void interrupt();

 private:
  template <class Post>
  Result<void> post(Post call);
  Result<void> check_alive();
  std::unique_ptr<Parts> parts_;
};

}  // namespace cp::fabric
