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
#include <string>
#include <string_view>

namespace cp::fabric {

/// Memory that a peer has exposed for our writes, as it says.
struct RemoteMemory {
  std::uint64_t base = 0;
  std::uint64_t key = 0;
};

/// A reliable endpoint without connections (FI_EP_RDM) that has one peer, with its own domain and
/// completion queue. It does not tell of the peer's death: whoever uses it has another way to learn
/// of that. Progress is manual: only calls on this object move anything. For one thread.
class RdmEndpoint {
 public:
  struct Parts;  ///< the libfabric objects, in the file that wraps them
  explicit RdmEndpoint(std::unique_ptr<Parts> parts);
  /// What still comes to memory that was exposed is dropped first.
  ~RdmEndpoint();
  RdmEndpoint(const RdmEndpoint&) = delete;
  RdmEndpoint& operator=(const RdmEndpoint&) = delete;

  /// unavailable when there is no PROVIDER (of Manner::shared_memory or writes) for HOST.
  static Result<void> look_for(const std::shared_ptr<const Library>& library,
                               const std::string& provider, const std::string& host);
  /// Opens one at HOST, an address of this machine. In shared memory NAME, hexadecimal digits that
  /// nobody can guess, stands in its stead: one that somebody knows could be taken before us, and
  /// the memory then be theirs.
  static Result<std::unique_ptr<RdmEndpoint>> open(const std::shared_ptr<const Library>& library,
                                                   const std::string& provider,
                                                   const std::string& host,
                                                   const std::string& name);

  /// What its peer is told: a port, or a name in shared memory.
  Result<std::string> address() const;
  /// Takes the endpoint with ADDRESS at HOST for the peer. protocol for what is no address,
  /// unavailable.
  Result<void> meet(std::string_view address, const std::string& host);
  /// Removes the name in shared memory, once both ends have each other's: a process that is killed
  /// leaves nothing from then on.
  void hide() const;

  /// Makes OPERATIONS numbers, and REGION, which must live as long as this, usable.
  Result<void> prepare(std::span<std::byte> region, std::size_t operations);
  /// Lets the peer write into RING, which must live as long as this, with KEY where the provider
  /// lets us choose.
  Result<RemoteMemory> expose(std::span<std::byte> ring, std::uint64_t key);

  /// Posting: false when the provider has no room yet, and what is on its way has to move first
  /// (`wait`). BYTES lie in the region and stay untouched until the completion. timed_out when it
  /// cannot be done any more.
  Result<bool> send(std::size_t operation, std::span<const std::byte> bytes);
  Result<bool> receive(std::size_t operation, std::span<std::byte> bytes);
  /// Writes BYTES to OFFSET of TO and then tells the peer IMMEDIATE.
  Result<bool> write(std::size_t operation, std::span<const std::byte> bytes,
                     const RemoteMemory& to, std::uint64_t offset, std::uint32_t immediate);

  /// The next completion, or nullopt when there is none. timed_out when an operation failed.
  Result<std::optional<Completion>> poll();
  /// As `poll`, after waiting for PATIENCE at most, without spinning.
  Result<std::optional<Completion>> wait(std::chrono::milliseconds patience);

 private:
  void end_writes();
  std::unique_ptr<Parts> parts_;
};

}  // namespace cp::fabric
