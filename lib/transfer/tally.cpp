// SPDX-License-Identifier: Apache-2.0
#include "transfer/tally.hpp"

#include <algorithm>
#include <utility>

namespace cp::transfer {

void Tally::begin_again() {
  for (auto* count : {&files_found, &bytes_found, &files_placed, &bytes_placed, &files_skipped,
                      &bytes_skipped, &bytes_durable}) {
    *count = 0;
  }
  walk_ended = false;
  is_finishing = false;
}

void Tally::carried(const ChunkHeader& chunk) {
  bytes_carried += ChunkHeader::encoded_bytes + chunk.on_wire();
  payload_plain += chunk.length;
  payload_carried += chunk.on_wire();
}

void Tally::failed(ItemFailed item) {
  const std::scoped_lock lock(mutex_);
  failed_.push_back(std::move(item));
}

std::string_view Tally::bottleneck() const {
  const std::uint64_t reading = reading_ns;
  const std::uint64_t placing = placing_ns;
  const std::uint64_t compressing = compressing_ns;
  // A sender waits as long as the receiver places; what is left of that was on the way.
  const std::uint64_t sending = sending_ns;
  const std::uint64_t carrying = sending > placing ? sending - placing : 0;
  const std::uint64_t pacing = pacing_ns;
  const std::uint64_t most = std::max({reading, compressing, placing, carrying, pacing});
  if (most == 0) {
    return "";
  }
  if (most == pacing) {
    return "rate-limit";
  }
  if (most == compressing) {
    return "cpu";
  }
  return most == placing ? "destination-disk" : most == reading ? "source-disk" : "network";
}

std::vector<ItemFailed> Tally::take_failed() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(failed_, {});
}

Totals totals_of(const Tally& tally) {
  return {.files = tally.files_found,
          .bytes = tally.bytes_found,
          .walk_ended = tally.walk_ended,
          .files_skipped = tally.files_skipped,
          .bytes_skipped = tally.bytes_skipped};
}

}  // namespace cp::transfer
