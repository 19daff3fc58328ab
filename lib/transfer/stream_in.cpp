// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_in.hpp"

#include "base/time.hpp"
#include "transfer/limits.hpp"

#include <cerrno>
#include <chrono>
#include <poll.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr int kLookUpMs = 100;
constexpr std::uint64_t kOnlyId = 1;

Metadata changed_now(Metadata metadata) {
  const auto now = SystemClock().now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  metadata.mtime_s = seconds.count();
  metadata.mtime_ns = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now - seconds).count());
  return metadata;
}

}  // namespace

Result<void> StreamIn::run() {
  Extras extras;
  extras.is_stream = true;
  const Entry entry{.path = parts_.source.name,
                    .metadata = changed_now({.mode = parts_.source.stream_mode}),
                    .id = kOnlyId,
                    .extras = std::make_shared<const Extras>(std::move(extras))};
  parts_.tally.files_found = 1;
  CP_TRY(parts_.far.tell(Entries{{entry}}));
  const auto queued = queue_all(entry);
  if (queued || queued.error().code != Errc::io) {
    return queued;
  }
  return parts_.events.source_failed(parts_.source, entry, queued.error());
}

Result<void> StreamIn::queue_all(const Entry& entry) {
  LeafTree leaves;
  std::uint64_t offset = 0;
  bool is_last = false;
  while (!is_last && !parts_.is_given_up) {
    CP_TRY_ASSIGN(auto block, read_block());
    is_last = block->size() < limits::leaf_bytes;
    if (block->empty()) {
      break;
    }
    const Digest digest = leaf_digest(*block);
    leaves.add(offset / limits::leaf_bytes, digest);
    const std::size_t size = block->size();
    parts_.tally.bytes_found += size;
    if (!parts_.queue.push(BlockWork{entry.id, offset, digest, std::move(block)}, parts_.stop)) {
      return fail(Errc::timed_out, "interrupted");
    }
    offset += size;
    if (offset >= limits::file_bytes) {
      return fail(Errc::io, "it is too large");
    }
  }
  return parts_.is_given_up ? Result<void>()
                            : parts_.far.tell(FileEnd{.id = entry.id,
                                                      .digest = leaves.file_digest(offset),
                                                      .metadata = changed_now(entry.metadata),
                                                      .size = offset});
}

// A whole leaf, or what is left.
Result<std::shared_ptr<const std::vector<std::byte>>> StreamIn::read_block() {
  auto block = std::make_shared<std::vector<std::byte>>(limits::leaf_bytes);
  std::size_t have = 0;
  while (have < block->size()) {
    CP_TRY_ASSIGN(const std::size_t count, read_once(std::span(*block).subspan(have)));
    if (count == 0) {
      break;
    }
    have += count;
  }
  block->resize(have);
  return block;
}

Result<std::size_t> StreamIn::read_once(std::span<std::byte> out) {
  while (!parts_.stop.stop_requested() && !parts_.is_given_up) {
    pollfd ready{parts_.source.stream, POLLIN, 0};
    if (::poll(&ready, 1, kLookUpMs) == 0) {
      continue;
    }
    const ssize_t count = ::read(parts_.source.stream, out.data(), out.size());
    if (count >= 0) {
      return static_cast<std::size_t>(count);
    }
    if (errno != EINTR && errno != EAGAIN) {
      return fail(Errc::io, "it cannot be read: {}", errno_text(errno));
    }
  }
  return parts_.is_given_up ? Result<std::size_t>(0) : fail(Errc::timed_out, "interrupted");
}

}  // namespace cp::transfer
