// SPDX-License-Identifier: Apache-2.0
#include "transfer/local.hpp"

#include "transfer/limits.hpp"
#include "transfer/stopwatch.hpp"

namespace cp::transfer {

Result<void> LocalFarEnd::tell(const Entries& entries) {
  for (const Entry& entry : entries.entries) {
    CP_TRY(receiver_.add(entry));
  }
  return {};
}

Result<void> LocalFarEnd::tell(const FileEnd& end) { return receiver_.end(end); }

Result<void> LocalFarEnd::tell(const ItemFailed& failed) {
  receiver_.failed_at_source(failed.id);
  return {};
}

Result<void> LocalFarEnd::tell(const Totals& /*totals*/) { return {}; }

Result<void> LocalFarEnd::tell(const Kept& kept) { return receiver_.keep(kept); }

Result<void> LocalFarEnd::tell(const Offer& offer) { return receiver_.offer(offer); }

Result<void> LocalFarEnd::tell(const Same& same) { return receiver_.take(same); }

Result<void> LocalFarEnd::tell(const Present& present) { return receiver_.take(present); }

Result<void> LocalFarEnd::tell(const Finish& /*finish*/) { return {}; }

LocalRail::LocalRail(Taker& receiver, Tally& tally, std::function<void(const Error&)> fatal)
    : receiver_(receiver), tally_(tally), fatal_(std::move(fatal)), slot_(limits::chunk_bytes) {}

Result<std::span<std::byte>> LocalRail::slot() { return std::span(slot_); }

// The bytes in the slot are the ones that were hashed: nothing lies between that could change them.
Result<void> LocalRail::send(ChunkHeader header) {
  header.sequence = ++sequence_;
  const Stopwatch placing(tally_.placing_ns);
  const auto taken = receiver_.take(header, std::span(slot_).first(header.length));
  if (!taken) {
    fatal_(taken.error());
  }
  return taken;
}

}  // namespace cp::transfer
