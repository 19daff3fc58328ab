// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "net/stream.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <sys/uio.h>

namespace cp::net {

/// A connection over one socket of any kind, or over two pipes as standard input and output are.
/// Where nobody reads a pipe any more, sending is an error only in a process that survives closed
/// pipes (base/signals.hpp).
class FdStream final : public Stream {
 public:
  /// Takes over IN and OUT; an empty OUT means that IN is a socket for both ways. Whoever else
  /// holds them finds them non-blocking. OWNER is dropped when the stream is gone and both are
  /// closed.
  static Result<std::unique_ptr<FdStream>> make(UniqueFd in, UniqueFd out,
                                                std::shared_ptr<void> owner = {});
  /// What `make` made; use that.
  FdStream(UniqueFd in, UniqueFd out, UniqueFd wake, bool sends_to_socket,
           std::shared_ptr<void> owner);

  int fd() const override { return in_.get(); }
  bool is_writable() const override;
  Result<void> set_patience(std::chrono::nanoseconds patience) override;
  using Stream::send;
  Result<void> send(std::span<const std::byte> first, std::span<const std::byte> second) override;
  Result<std::size_t> receive(std::span<std::byte> out) override;
  Result<std::optional<std::size_t>> receive_now(std::span<std::byte> out) override;
  Result<void> wait(SteadyTime deadline) const override;
  void end() override;
  void shutdown() override;

 private:
  int sending_fd() const { return out_ ? out_.get() : in_.get(); }
  ssize_t send_some(std::span<iovec> parts) const;
  SteadyTime deadline() const;
  Result<void> wait_for(int fd, short events, SteadyTime deadline) const;

  std::shared_ptr<void> owner_;
  UniqueFd in_;
  UniqueFd out_;
  UniqueFd wake_;
  bool sends_to_socket_;
  std::atomic<std::int64_t> patience_ns_{0};
  std::atomic<bool> is_down_{false};
};

}  // namespace cp::net
