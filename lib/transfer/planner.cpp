// SPDX-License-Identifier: Apache-2.0
#include "transfer/planner.hpp"

#include "transfer/limits.hpp"
#include "transfer/pack.hpp"

namespace cp::transfer {
namespace {

// A message holds a batch of entries whose paths and targets stay well below its limit.
constexpr std::size_t kEntriesBytes = limits::message_bytes / 2;

}  // namespace

Planner::Planner(FarEnd& far, WorkQueue& queue, Tally& tally,
                 std::function<void(const std::shared_ptr<SourceFile>&)> announced,
                 std::stop_token stop)
    : far_(far),
      queue_(queue),
      tally_(tally),
      announced_(std::move(announced)),
      stop_(std::move(stop)) {}

Result<void> Planner::begin(const Source& source) {
  CP_TRY(flush());
  source_ = &source;
  return {};
}

Result<void> Planner::flush() {
  CP_TRY(flush_entries());
  return flush_pack();
}

Result<void> Planner::found(Entry entry) {
  if (entry.type == EntryType::directory) {
    return tell(std::move(entry));
  }
  ++tally_.files_found;
  tally_.bytes_found += entry.size;
  if (entry.type == EntryType::link) {
    return tell(std::move(entry));
  }
  return entry.size <= limits::packed_file_bytes ? pack(std::move(entry))
                                                 : plan_alone(std::move(entry));
}

Result<void> Planner::cannot_move(std::string_view path, const Error& error) {
  ++tally_.files_found;
  const ItemFailed failed{.path = source_->show(path), .error = error};
  tally_.failed(failed);
  return far_.tell(failed);
}

Result<void> Planner::tell(Entry entry) {
  entries_bytes_ += entry.path.size() + entry.target.size();
  entries_.entries.push_back(std::move(entry));
  const bool is_full =
      entries_.entries.size() == limits::batch_entries || entries_bytes_ >= kEntriesBytes;
  return is_full ? flush_entries() : Result<void>();
}

Result<void> Planner::flush_entries() {
  if (entries_.entries.empty()) {
    return {};
  }
  const Entries batch = std::exchange(entries_, {});
  entries_bytes_ = 0;
  return far_.tell(batch);
}

Result<void> Planner::pack(Entry entry) {
  const std::size_t bytes = entry.size + packed_overhead(entry.path);
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

Result<void> Planner::plan_alone(Entry entry) {
  entry.id = ++files_alone_;
  CP_TRY(tell(entry));
  CP_TRY(flush_entries());
  const auto file = std::make_shared<SourceFile>(*source_, std::move(entry));
  announced_(file);
  return push(ChunkWork{.file = file, .means_rest = true});
}

Result<void> Planner::push(Work work) {
  if (!queue_.push(std::move(work), stop_)) {
    return fail(Errc::timed_out, "interrupted");
  }
  return {};
}

}  // namespace cp::transfer
