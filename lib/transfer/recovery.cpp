// SPDX-License-Identifier: Apache-2.0
#include "transfer/recovery.hpp"

#include "transfer/deleter.hpp"
#include "transfer/limits.hpp"
#include "transfer/same_names.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {

std::set<std::string> Recovered::staged_names() const {
  std::set<std::string> names;
  for (const auto& [stamp, file] : partial) {
    names.insert(std::to_string(file.staged));
  }
  return names;
}

std::optional<PartialFile> Recovered::take_partial(const Digest& stamp, std::uint64_t size) {
  const auto found = partial.find(stamp);
  if (found == partial.end() || found->second.size != size) {
    return std::nullopt;
  }
  auto file = std::optional(std::move(found->second));
  partial.erase(found);
  return file;
}

void Recovery::follow(const JournalRecord& record) {
  if (const auto* file = std::get_if<JournalFile>(&record)) {
    follow_file(*file);
  } else if (const auto* leaves = std::get_if<JournalLeaves>(&record)) {
    follow_leaves(*leaves);
  } else if (const auto* items = std::get_if<JournalItems>(&record)) {
    for (const JournalItem& item : items->items) {
      follow_item(item);
    }
  }
}

void Recovery::follow_file(const JournalFile& file) {
  last_staged_ = std::max(last_staged_, file.staged);
  PartialFile& growing = growing_[file.staged];
  // Told again by each attempt that goes on with it.
  if (growing.stamp != file.stamp || growing.size != file.size) {
    growing = {.staged = file.staged, .stamp = file.stamp, .size = file.size, .leaves = {}};
  }
  growing.is_fresh = file.is_fresh;
}

void Recovery::follow_leaves(const JournalLeaves& leaves) {
  const auto found = growing_.find(leaves.staged);
  if (found == growing_.end()) {
    return;
  }
  const std::uint64_t all = leaves_of(found->second.size);
  std::uint64_t index = leaves.first;
  for (const Digest& digest : leaves.digests) {
    if (index < all) {
      found->second.leaves.insert_or_assign(index++, digest);
    }
  }
}

void Recovery::follow_item(const JournalItem& item) {
  recovered_.landed.erase(item.stamp);
  if (recovered_.landed.size() < limits::journal_items && stands(item)) {
    recovered_.landed.emplace(
        item.stamp, LandedFile{item.entry, item.size,
                               Seen::digest_of(folds_ ? folded(item.place) : item.place)});
  }
}

bool Recovery::stands(const JournalItem& item) {
  const auto slash = item.place.rfind('/');
  const std::string directory = slash == std::string::npos ? "" : item.place.substr(0, slash);
  // Files of one directory come together.
  if (!directory_fd_ || directory != directory_) {
    auto fd = root_.open_beneath(directory, O_PATH | O_DIRECTORY);
    directory_fd_ = fd ? std::move(*fd) : UniqueFd();
    directory_ = directory;
  }
  const std::string name = slash == std::string::npos ? item.place : item.place.substr(slash + 1);
  struct stat status {};
  return directory_fd_ &&
         ::fstatat(directory_fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(status.st_mode) && status.st_ino == item.inode &&
         static_cast<std::uint64_t>(status.st_size) == item.size &&
         status.st_mtim.tv_sec == item.mtime_s &&
         static_cast<std::uint32_t>(status.st_mtim.tv_nsec) == item.mtime_ns;
}

bool Recovery::lies(const PartialFile& file) const {
  struct stat status {};
  return !file.leaves.empty() &&
         ::fstatat(staging_, std::to_string(file.staged).c_str(), &status, AT_SYMLINK_NOFOLLOW) ==
             0 &&
         S_ISREG(status.st_mode) && status.st_nlink == 1 &&
         static_cast<std::uint64_t>(status.st_size) == file.size;
}

Recovered Recovery::finish() {
  for (auto& [staged, file] : growing_) {
    if (!recovered_.landed.contains(file.stamp) && lies(file)) {
      const Digest stamp = file.stamp;
      recovered_.partial.insert_or_assign(stamp, std::move(file));
    }
  }
  growing_.clear();
  return std::move(recovered_);
}

}  // namespace cp::transfer
