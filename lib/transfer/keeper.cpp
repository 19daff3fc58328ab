// SPDX-License-Identifier: Apache-2.0
#include "transfer/keeper.hpp"

#include "transfer/limits.hpp"

#include <cerrno>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(200);
// A quarter, so that the disk has something to do while the next group gathers.
constexpr std::uint64_t kEnoughBytes = limits::group_bytes / 4;
constexpr std::size_t kLeavesInRecord = 32'768;

}  // namespace

Keeper::Keeper(Parts parts) : parts_(std::move(parts)), thread_([this] { run(); }) {}

Keeper::~Keeper() { static_cast<void>(end()); }

Result<void> Keeper::add(const GrowingFile& file, std::uint64_t index, const Digest& leaf,
                         std::uint64_t bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return pending_bytes_ + writing_bytes_ < limits::group_bytes || error_ || is_ending_;
  });
  if (error_) {
    return tl::unexpected<Error>(*error_);
  }
  Pending& pending = pending_[file.about.staged];
  pending.file = file;
  pending.leaves.insert_or_assign(index, leaf);
  pending.bytes += bytes;
  pending_bytes_ += bytes;
  if (pending_bytes_ >= kEnoughBytes) {
    changed_.notify_all();
  }
  return {};
}

Keeper::Rest Keeper::take(std::uint64_t staged) {
  const std::scoped_lock lock(mutex_);
  Rest rest;
  if (const auto found = pending_.find(staged); found != pending_.end()) {
    append_records(found->second, rest.records);
    rest.bytes = found->second.bytes;
    pending_bytes_ -= rest.bytes;
    pending_.erase(found);
    changed_.notify_all();
  }
  return rest;
}

Result<void> Keeper::end() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
  return error_ ? tl::unexpected<Error>(*error_) : Result<void>();
}

Keeper::Batch Keeper::next_batch(std::unique_lock<std::mutex>& lock) {
  changed_.wait_for(lock, kPeriod, [this] { return pending_bytes_ >= kEnoughBytes || is_ending_; });
  writing_bytes_ = std::exchange(pending_bytes_, 0);
  return std::exchange(pending_, {});
}

void Keeper::run() {
  std::unique_lock lock(mutex_);
  bool is_over = false;
  while (!is_over && !error_) {
    is_over = is_ending_;
    const Batch batch = next_batch(lock);
    lock.unlock();
    auto done = write_down(batch);
    done = done && !is_over ? parts_.tick() : done;
    lock.lock();
    writing_bytes_ = 0;
    if (!done) {
      error_ = done.error();
    }
    changed_.notify_all();
  }
}

Result<void> Keeper::write_down(const Batch& batch) {
  if (batch.empty()) {
    return {};
  }
  std::vector<JournalRecord> records;
  std::uint64_t bytes = 0;
  for (const auto& [staged, pending] : batch) {
    if (parts_.syncs && ::fdatasync(pending.file.fd->get()) != 0) {
      return fail_errno(Errc::io, errno, "cannot sync the destination");
    }
    bytes += pending.bytes;
    const std::scoped_lock lock(mutex_);
    append_records(pending, records);
  }
  CP_TRY(parts_.journal.append(records));
  parts_.kept(bytes);
  return {};
}

void Keeper::append_records(const Pending& pending, std::vector<JournalRecord>& out) {
  if (told_.insert(pending.file.about.staged).second) {
    out.emplace_back(pending.file.about);
  }
  std::optional<JournalLeaves> run;
  for (const auto& [index, digest] : pending.leaves) {
    const bool continues =
        run && run->first + run->digests.size() == index && run->digests.size() < kLeavesInRecord;
    if (run && !continues) {
      out.emplace_back(*std::exchange(run, std::nullopt));
    }
    if (!run) {
      run = JournalLeaves{.staged = pending.file.about.staged, .first = index, .digests = {}};
    }
    run->digests.push_back(digest);
  }
  if (run) {
    out.emplace_back(*std::move(run));
  }
}

}  // namespace cp::transfer
