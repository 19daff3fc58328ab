// SPDX-License-Identifier: Apache-2.0
#include "transfer/have.hpp"

#include "transfer/limits.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

constexpr std::size_t kDigests = limits::have_bytes / sizeof(Digest);

}  // namespace

bool HaveWriter::has_room(std::size_t digests) {
  if (digests_ + digests > kDigests) {
    return false;
  }
  if (in_message_ + digests > limits::have_batch) {
    messages_.emplace_back();
    in_message_ = 0;
  }
  in_message_ += digests;
  digests_ += digests;
  return true;
}

void HaveWriter::add_landed(const Digest& stamp) {
  if (has_room(1)) {
    messages_.back().landed.push_back(stamp);
  }
}

void HaveWriter::add_partial(const PartialFile& file) {
  std::vector<Digest> run;
  std::uint64_t next = 0;
  for (const auto& [index, digest] : file.leaves) {
    if (!run.empty() && (index != next || run.size() == limits::have_batch / 2)) {
      const std::uint64_t first = next - run.size();
      add_run(file, first, std::exchange(run, {}));
    }
    run.push_back(digest);
    next = index + 1;
  }
  if (!run.empty()) {
    const std::uint64_t first = next - run.size();
    add_run(file, first, std::move(run));
  }
}

// Its head counts like digests, so that many short runs stay bounded, too.
void HaveWriter::add_run(const PartialFile& file, std::uint64_t first,
                         std::vector<Digest> digests) {
  if (has_room(digests.size() + 3)) {
    messages_.back().partial.push_back({.stamp = file.stamp,
                                        .size = file.size,
                                        .is_fresh = file.is_fresh,
                                        .first = first,
                                        .digests = std::move(digests)});
  }
}

std::vector<Have> HaveWriter::take() {
  messages_.back().is_last = true;
  return std::move(messages_);
}

Result<void> HaveTable::add(const Have& message) {
  digests_ += message.landed.size();
  landed_.insert(landed_.end(), message.landed.begin(), message.landed.end());
  for (const Have::Leaves& leaves : message.partial) {
    digests_ += leaves.digests.size() + 3;
    Partial& partial = partial_[leaves.stamp];
    partial.size = leaves.size;
    partial.is_fresh = leaves.is_fresh;
    for (std::size_t i = 0; i < leaves.digests.size(); ++i) {
      partial.leaves.insert_or_assign(leaves.first + i, leaves.digests[i]);
    }
  }
  return digests_ <= kDigests ? Result<void>()
                              : fail(Errc::protocol, "the other end has more than can be");
}

void HaveTable::seal() { std::ranges::sort(landed_); }

bool HaveTable::has_landed(const Digest& stamp) const {
  return std::ranges::binary_search(landed_, stamp);
}

const HaveTable::Partial* HaveTable::partial(const Digest& stamp, std::uint64_t size) const {
  const auto found = partial_.find(stamp);
  return found != partial_.end() && found->second.size == size ? &found->second : nullptr;
}

Result<HaveTable> have_of(const Taker& taker) {
  HaveTable table;
  for (const Have& have : taker.have()) {
    CP_TRY(table.add(have));
  }
  table.seal();
  return table;
}

}  // namespace cp::transfer
