// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/message.hpp"
#include "transfer/recovery.hpp"
#include "transfer/taker.hpp"

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace cp::transfer {

/// Puts what a receiver has into messages of a bounded size, up to limits::have_bytes: what goes
/// past that is sent again.
class HaveWriter {
 public:
  void add_landed(const Digest& stamp);
  void add_partial(const PartialFile& file);
  /// All of them; the last one says so.
  std::vector<Have> take();

 private:
  bool has_room(std::size_t digests);
  void add_run(const PartialFile& file, std::uint64_t first, std::vector<Digest> digests);

  std::vector<Have> messages_{1};
  std::size_t in_message_ = 0;
  std::size_t digests_ = 0;
};

/// What a receiver has, as its sender knows it. What it says is hostile; that it says too much is
/// protocol. Not thread-safe while it is filled.
class HaveTable {
 public:
  struct Partial {
    std::uint64_t size = 0;
    bool is_fresh = false;
    std::map<std::uint64_t, Digest> leaves;
  };

  Result<void> add(const Have& message);
  /// After the last message.
  void seal();

  bool has_landed(const Digest& stamp) const;
  /// nullptr when there is none, of this SIZE.
  const Partial* partial(const Digest& stamp, std::uint64_t size) const;

 private:
  std::vector<Digest> landed_;  ///< in order, once sealed: millions of them stay small
  std::unordered_map<Digest, Partial, DigestHash> partial_;
  std::size_t digests_ = 0;
};

/// What TAKER has, for a sender in this process.
Result<HaveTable> have_of(const Taker& taker);

}  // namespace cp::transfer
