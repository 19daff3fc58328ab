// SPDX-License-Identifier: Apache-2.0
#include "transfer/committer.hpp"

#include "base/file.hpp"
#include "transfer/copy_across.hpp"
#include "transfer/limits.hpp"
#include "transfer/put_in_place.hpp"
#include "transfer/read_back.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr std::size_t kGroupItems = 4096;
constexpr auto kLongestWait = std::chrono::seconds(1);
constexpr std::size_t kItemsInRecord = 4096;
constexpr std::size_t kPlacesInRecord = std::size_t{512} << 10U;
// Below what the longest places fill a record with.
constexpr std::size_t kItemsLater = 128;

JournalItem journal_item(const WholeItem& item) {
  return {.stamp = item.stamp,
          .entry = item.entry,
          .size = item.bytes,
          .inode = item.inode,
          .mtime_s = item.metadata.mtime_s,
          .mtime_ns = item.metadata.mtime_ns,
          .place = item.place};
}

std::string directory_of(const std::string& place) {
  const auto slash = place.rfind('/');
  return slash == std::string::npos ? "" : place.substr(0, slash);
}

Result<void> sync_file(int directory, const std::string& name) {
  const UniqueFd fd(
      ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  // A link has no data of its own; its name is synced with its directory.
  if (!fd && errno == ELOOP) {
    return {};
  }
  if (!fd || ::fdatasync(fd.get()) != 0) {
    return fail_errno(Errc::io, errno, "cannot sync the destination");
  }
  return {};
}

}  // namespace

Result<void> Committer::add(WholeItem item) {
  std::vector<WholeItem> group;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) {
      waiting_since_ = SystemClock().steady();
    }
    waiting_bytes_ += item.bytes;
    waiting_.push_back(std::move(item));
    const bool is_full = durability_ != Durability::batch || waiting_.size() >= kGroupItems ||
                         waiting_bytes_ >= limits::group_bytes;
    if (!is_full) {
      return {};
    }
    group = take_waiting();
  }
  return commit(std::move(group));
}

std::vector<WholeItem> Committer::take_waiting() {
  waiting_bytes_ = 0;
  return std::exchange(waiting_, {});
}

Result<void> Committer::flush() {
  std::vector<WholeItem> group;
  {
    const std::scoped_lock lock(mutex_);
    group = take_waiting();
  }
  CP_TRY(commit(std::move(group)));
  return write_down_rest();
}

Result<void> Committer::flush_old() {
  std::vector<WholeItem> group;
  {
    const std::scoped_lock lock(mutex_);
    if (!waiting_.empty() && SystemClock().steady() - waiting_since_ > kLongestWait) {
      group = take_waiting();
    }
  }
  CP_TRY(commit(std::move(group)));
  return write_down_rest();
}

Result<void> Committer::commit(std::vector<WholeItem> group) {
  if (group.empty()) {
    return {};
  }
  if (!syncs_groups()) {
    read_back_all(group);
    return settle(std::move(group));
  }
  CP_TRY(sync_data(group));
  read_back_all(group);
  CP_TRY_ASSIGN(const std::uint64_t bytes, write_down(group));
  const auto renamed = rename(std::move(group));
  CP_TRY(sync_names(renamed));
  for (const WholeItem& item : renamed) {
    events_.committed(item);
  }
  events_.group_synced(renamed.size(), bytes);
  return {};
}

// What the disk gives back otherwise counts as not written, and goes.
void Committer::read_back_all(std::vector<WholeItem>& group) {
  if (!reads_back_) {
    return;
  }
  std::erase_if(group, [this](const WholeItem& item) {
    const auto same = read_back(staging_.fd(), item.staged, item.bytes, item.content);
    if (!same) {
      ::unlinkat(staging_.fd(), item.staged.c_str(), 0);
      if (log_.keeper != nullptr && item.grown_as != 0) {
        log_.keeper->take(item.grown_as);
      }
      events_.not_committed(item, same.error());
    }
    return !same.has_value();
  });
}

// Without syncs.
Result<void> Committer::settle(std::vector<WholeItem> group) {
  if (group.empty()) {
    return {};
  }
  const bool is_large = group.front().grown_as != 0;
  if (is_large) {
    CP_TRY(write_down(group));
  }
  const auto renamed = rename(std::move(group));
  for (const WholeItem& item : renamed) {
    events_.committed(item);
  }
  return is_large ? Result<void>() : write_down_later(renamed);
}

// Returns how many bytes of the group were not durable before.
Result<std::uint64_t> Committer::write_down(const std::vector<WholeItem>& group) {
  std::uint64_t bytes = 0;
  std::vector<JournalRecord> records;
  JournalItems items;
  std::size_t place_bytes = 0;
  for (const WholeItem& item : group) {
    const bool is_written = log_.journal != nullptr && item.stamp != Digest{};
    if (log_.keeper != nullptr && item.grown_as != 0) {
      // The keeper has told of the others.
      auto rest = log_.keeper->take(item.grown_as);
      std::ranges::move(rest.records, std::back_inserter(records));
      bytes += rest.bytes;
    } else {
      bytes += item.bytes;
    }
    if (is_written) {
      items.items.push_back(journal_item(item));
      place_bytes += item.place.size();
    }
    if (items.items.size() == kItemsInRecord || place_bytes > kPlacesInRecord) {
      records.emplace_back(std::exchange(items, {}));
      place_bytes = 0;
    }
  }
  if (!items.items.empty()) {
    records.emplace_back(std::move(items));
  }
  if (!records.empty()) {
    CP_TRY(log_.journal->append(records));
  }
  return bytes;
}

Result<void> Committer::write_down_later(const std::vector<WholeItem>& group) {
  if (log_.journal == nullptr) {
    return {};
  }
  bool is_much = false;
  {
    const std::scoped_lock lock(mutex_);
    for (const WholeItem& item : group) {
      if (item.stamp != Digest{}) {
        unwritten_.items.push_back(journal_item(item));
      }
    }
    is_much = unwritten_.items.size() >= kItemsLater;
  }
  return is_much ? write_down_rest() : Result<void>();
}

Result<void> Committer::write_down_rest() {
  JournalItems items;
  {
    const std::scoped_lock lock(mutex_);
    items = std::exchange(unwritten_, {});
  }
  return items.items.empty() ? Result<void>() : log_.journal->append({std::move(items)});
}

std::vector<WholeItem> Committer::rename(std::vector<WholeItem> group) {
  std::erase_if(group, [this](const WholeItem& item) {
    const auto moved = move(item);
    if (!moved && !(is_blocked(item) && events_.blocked(item))) {
      events_.not_committed(item, moved.error());
    }
    return !moved.has_value();
  });
  return group;
}

// By a directory of before: one of the transfer's own gives way to nothing.
bool Committer::is_blocked(const WholeItem& item) const {
  if (same_names_ != nullptr && same_names_->is_filled_by_another(item.place)) {
    return false;
  }
  const auto directory = directories_.open(directory_of(item.place));
  const std::string name(base_name(item.place));
  struct stat status {};
  return directory &&
         ::fstatat((*directory)->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(status.st_mode);
}

// Where another item of the transfer may stand under that name, it stays.
Result<void> Committer::move_alone(int directory, const WholeItem& item) const {
  const std::scoped_lock turn(same_names_->turn());
  const std::string name(base_name(item.place));
  if (same_names_->is_filled_by_another(item.place) &&
      ::faccessat(directory, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    ::unlinkat(staging_.fd(), item.staged.c_str(), 0);
    return fail(Errc::cannot_create, "{}", SameNames::refusal);
  }
  CP_TRY(move_to(directory, item));
  same_names_->fill(item.place);
  return {};
}

// The directory is opened before it is anybody's turn: something may have to make way for it.
Result<void> Committer::move(const WholeItem& item) const {
  CP_TRY_ASSIGN(const auto directory, directories_.open(directory_of(item.place)));
  return same_names_ != nullptr ? move_alone(directory->get(), item)
                                : move_to(directory->get(), item);
}

Result<void> Committer::move_to(int directory, const WholeItem& item) const {
  const std::string name(base_name(item.place));
  CP_TRY_ASSIGN(const bool is_there, put_in_place(staging_.fd(), item.staged, directory, name));
  if (is_there) {
    return {};
  }
  CP_TRY(copy_across(staging_.fd(), item.staged, directory, name));
  auto same = reads_back_ ? read_back(directory, name, item.bytes, item.content) : Result<void>();
  if (!same) {
    ::unlinkat(directory, name.c_str(), 0);
  }
  return same;
}

Result<void> Committer::sync_data(const std::vector<WholeItem>& group) const {
  if (group.size() > limits::synced_one_by_one) {
    return directories_.sync_all();
  }
  for (const WholeItem& item : group) {
    CP_TRY(sync_file(staging_.fd(), item.staged));
  }
  return {};
}

Result<void> Committer::sync_names(const std::vector<WholeItem>& group) const {
  std::vector<std::string> places;
  places.reserve(group.size());
  for (const WholeItem& item : group) {
    places.push_back(directory_of(item.place));
  }
  return directories_.sync(places);
}

}  // namespace cp::transfer
