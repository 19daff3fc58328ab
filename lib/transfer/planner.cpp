// SPDX-License-Identifier: Apache-2.0
#include "transfer/planner.hpp"

#include "transfer/file_sum.hpp"
#include "transfer/holes.hpp"
#include "transfer/limits.hpp"
#include "transfer/pack.hpp"

#include <algorithm>

namespace cp::transfer {
namespace {

// A message holds a batch of entries whose paths and targets stay well below its limit.
constexpr std::size_t kEntriesBytes = limits::message_bytes / 2;

}  // namespace

Planner::Planner(Parts parts) : parts_(std::move(parts)) {}

Result<void> Planner::begin(const Source& source) {
  CP_TRY(flush());
  source_ = &source;
  return {};
}

Result<void> Planner::flush() {
  CP_TRY(flush_offer());
  while (!offered_.empty()) {
    CP_TRY(take_answer());
  }
  CP_TRY(flush_kept());
  CP_TRY(flush_entries());
  return flush_pack();
}

Result<void> Planner::found(Entry entry) {
  if (entry.type == EntryType::directory) {
    return tell(std::move(entry));
  }
  ++parts_.tally.files_found;
  parts_.tally.bytes_found += entry.size;
  if (entry.type == EntryType::link || is_other_name(entry)) {
    return tell(std::move(entry));
  }
  if (parts_.have != nullptr && parts_.have->has_landed(entry.stamp)) {
    return keep(entry);
  }
  return parts_.answers != nullptr ? offer(std::move(entry)) : send(std::move(entry));
}

Result<void> Planner::send(Entry entry) {
  return entry.size <= limits::packed_file_bytes ? pack(std::move(entry))
                                                 : plan_alone(std::move(entry));
}

Result<void> Planner::passed_over(std::string_view path) {
  return parts_.tells_present ? parts_.far.tell(Present{{{std::string(path), false}}})
                              : Result<void>();
}

Result<void> Planner::offer(Entry entry) {
  const std::size_t bytes = entry.path.size() + encoded_bytes(entry.extras.get());
  if (offer_bytes_ + bytes > kEntriesBytes) {
    CP_TRY(flush_offer());
  }
  offer_bytes_ += bytes;
  entry.id = ++offers_;
  offer_.entries.push_back(std::move(entry));
  return offer_.entries.size() == limits::batch_entries ? flush_offer() : Result<void>();
}

Result<void> Planner::flush_offer() {
  if (offer_.entries.empty()) {
    return {};
  }
  parts_.answers->expect();
  CP_TRY(parts_.far.tell(offer_));
  offered_.push_back(std::exchange(offer_, {}).entries);
  offer_bytes_ = 0;
  while (offered_.size() >= limits::offered_batches) {
    CP_TRY(take_answer());
  }
  return {};
}

Result<void> Planner::take_answer() {
  CP_TRY_ASSIGN(const Answer answer, parts_.answers->next(parts_.stop));
  std::vector<Entry> entries = std::move(offered_.front());
  offered_.pop_front();
  if (answer.items.size() != entries.size()) {
    return fail(Errc::protocol, "an answer to something else");
  }
  Same same{.up_to = entries.back().id, .ids = {}};
  bool has_compared = false;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (answer.items[i].id != entries[i].id) {
      return fail(Errc::protocol, "an answer to something else");
    }
    has_compared = has_compared || answer.items[i].verdict == Answer::Verdict::compare;
    CP_TRY(follow(std::move(entries[i]), answer.items[i], same));
  }
  return has_compared ? parts_.far.tell(same) : Result<void>();
}

Result<void> Planner::follow(Entry entry, const Answer::Item& item, Same& same) {
  entry.id = 0;
  if (item.verdict == Answer::Verdict::leave) {
    skip(entry);
    return {};
  }
  if (item.verdict == Answer::Verdict::send) {
    return send(std::move(entry));
  }
  const auto is_one = is_same(entry, item.digest);
  if (!is_one) {
    return is_one.error().code == Errc::timed_out
               ? tl::unexpected<Error>(is_one.error())
               : parts_.events.source_failed(*source_, entry, is_one.error());
  }
  if (!*is_one) {
    return send(std::move(entry));
  }
  skip(entry);
  same.ids.push_back(item.id);
  return {};
}

Result<bool> Planner::is_same(const Entry& entry, const Digest& digest) {
  std::vector<std::byte> buffer(std::min<std::uint64_t>(limits::leaf_bytes, entry.size));
  CP_TRY_ASSIGN(const std::string sum,
                sum_file(*source_, entry, SumKind::xxh3_128_tree, 1, buffer, parts_.stop));
  return std::ranges::equal(std::as_bytes(std::span(sum)), digest.bytes);
}

void Planner::skip(const Entry& entry) {
  ++parts_.tally.files_skipped;
  parts_.tally.bytes_skipped += entry.size;
}

// Makes ENTRY a hard link when its file has come by another name; else it may be the first of them.
bool Planner::is_other_name(Entry& entry) {
  if (entry.inode == 0) {
    return false;
  }
  const auto [leader, is_first] = leaders_.try_emplace(
      {entry.device, entry.inode}, Leader{entry.path, entry.is_fresh ? Digest{} : entry.stamp});
  if (is_first) {
    Extras extras = entry.extras ? *entry.extras : Extras();
    extras.is_leader = true;
    entry.extras = std::make_shared<const Extras>(std::move(extras));
    return false;
  }
  parts_.tally.bytes_found -= entry.size;
  entry.type = EntryType::hard_link;
  entry.target = leader->second.path;
  entry.stamp = leader->second.stamp;
  entry.size = 0;
  entry.extras = nullptr;
  return true;
}

void Planner::find_holes_of(Entry& entry) const {
  if (!entry.is_sparse || !parts_.knows_extras) {
    return;
  }
  const auto fd = open_as_walked(*source_, entry);
  auto holes = fd ? find_holes(fd->get(), entry.size) : std::vector<LeafRange>();
  if (!holes.empty()) {
    Extras extras = entry.extras ? *entry.extras : Extras();
    extras.holes = std::move(holes);
    entry.extras = std::make_shared<const Extras>(std::move(extras));
  }
}

Result<void> Planner::cannot_move(std::string_view path, const Error& error) {
  ++parts_.tally.files_found;
  const ItemFailed failed{.path = source_->show(path), .error = error};
  parts_.tally.failed(failed);
  if (parts_.tells_present) {
    CP_TRY(parts_.far.tell(Present{{{std::string(path), true}}}));
  }
  return parts_.far.tell(failed);
}

Result<void> Planner::tell(Entry entry) {
  const std::size_t bytes =
      entry.path.size() + entry.target.size() + encoded_bytes(entry.extras.get());
  if (entries_bytes_ + bytes > kEntriesBytes) {
    CP_TRY(flush_entries());
  }
  entries_bytes_ += bytes;
  entries_.entries.push_back(std::move(entry));
  return entries_.entries.size() == limits::batch_entries ? flush_entries() : Result<void>();
}

Result<void> Planner::flush_entries() {
  if (entries_.entries.empty()) {
    return {};
  }
  const Entries batch = std::exchange(entries_, {});
  entries_bytes_ = 0;
  return parts_.far.tell(batch);
}

Result<void> Planner::pack(Entry entry) {
  const std::size_t bytes =
      entry.size + packed_overhead(entry.path, encoded_bytes(entry.extras.get()));
  if (pack_.files.size() == limits::packed_files || pack_bytes_ + bytes > pack_room) {
    CP_TRY(flush_pack());
  }
  pack_bytes_ += bytes;
  pack_.files.push_back(std::move(entry));
  return {};
}

Result<void> Planner::flush_pack() {
  if (pack_.files.empty()) {
    return {};
  }
  PackWork work = std::exchange(pack_, {});
  pack_bytes_ = 0;
  work.id = ++packs_;
  work.source = source_;
  return push(std::move(work));
}

Result<void> Planner::keep(const Entry& entry) {
  skip(entry);
  kept_.stamps.push_back(entry.stamp);
  return kept_.stamps.size() == limits::have_batch ? flush_kept() : Result<void>();
}

Result<void> Planner::flush_kept() {
  const Kept batch = std::exchange(kept_, {});
  return batch.stamps.empty() ? Result<void>() : parts_.far.tell(batch);
}

// The file of ENTRY with the leaves that the far end has of it; nullptr when it has none that
// count.
std::shared_ptr<SourceFile> Planner::resumed(const Entry& entry) {
  const auto* partial =
      parts_.have == nullptr ? nullptr : parts_.have->partial(entry.stamp, entry.size);
  if (partial == nullptr) {
    return nullptr;
  }
  auto file = std::make_shared<SourceFile>(*source_, entry);
  if ((partial->is_fresh || entry.is_fresh) && !file->matches(partial->leaves)) {
    return nullptr;
  }
  file->skip(partial->leaves);
  return file;
}

Result<void> Planner::plan_alone(Entry entry) {
  entry.id = ++files_alone_;
  find_holes_of(entry);
  auto file = resumed(entry);
  if (!file) {
    // The far end may have leaves under this stamp that are not to be gone on with.
    if (parts_.have != nullptr && parts_.have->partial(entry.stamp, entry.size) != nullptr) {
      entry.stamp = {};
    }
    file = std::make_shared<SourceFile>(*source_, entry);
  }
  parts_.tally.bytes_skipped += file->skipped_bytes();
  CP_TRY(tell(std::move(entry)));
  CP_TRY(flush_entries());
  parts_.announced(file);
  return queue_leaves(file);
}

Result<void> Planner::queue_leaves(const std::shared_ptr<SourceFile>& file) {
  if (const auto end = file->end_if_skipped()) {
    if (*end) {
      return parts_.events.file_ended(*file, **end);
    }
    file->give_up();
    return parts_.events.source_failed(file->source(), file->entry(), end->error());
  }
  return push(ChunkWork{.file = file, .offset = file->next_wanted(0), .means_rest = true});
}

Result<void> Planner::push(Work work) {
  if (!parts_.queue.push(std::move(work), parts_.stop)) {
    return fail(Errc::timed_out, "interrupted");
  }
  return {};
}

}  // namespace cp::transfer
