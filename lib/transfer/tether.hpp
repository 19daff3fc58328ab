// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "net/stream.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::transfer {

/// The plain stream beside a rail whose provider does not tell of a peer's death: it breaks when
/// the process at its other end does, and carries what both tell each other apart from chunks, such
/// as credits. For one thread, but `interrupt` may come from any. A cut one is timed_out.
class Tether {
 public:
  explicit Tether(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  /// The IP addresses of this end and of the other one; unavailable where there are none.
  Result<std::string> local_host() const;
  Result<std::string> peer_host() const;

  /// Says TEXT, of at most 255 bytes, and hears such a text until DEADLINE.
  Result<void> say(std::string_view text);
  Result<std::string> hear(SteadyTime deadline);

  Result<void> send(std::span<const std::byte> bytes);
  /// Waits for all of OUT.
  Result<void> take(std::span<std::byte> out);
  /// Takes all of OUT if it is there, else nothing and is false.
  Result<bool> take_now(std::span<std::byte> out);

  void interrupt() { stream_->shutdown(); }

 private:
  bool take_buffered(std::span<std::byte> out);
  void keep(std::span<const std::byte> bytes);

  std::unique_ptr<net::Stream> stream_;
  std::vector<std::byte> buffer_;  ///< what has come in and was not taken
};

}  // namespace cp::transfer
