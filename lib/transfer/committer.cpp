// SPDX-License-Identifier: Apache-2.0
#include "transfer/committer.hpp"

#include "base/file.hpp"
#include "transfer/copy_across.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr std::size_t kGroupItems = 4096;
constexpr std::uint64_t kGroupBytes = std::uint64_t{256} << 20U;
// Up to here a sync for each is cheaper than one for the whole file system, and waits for nobody
// else's data.
constexpr std::size_t kSyncedOneByOne = 8;

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

Error rename_error(int error_number) {
  if (error_number == EISDIR || error_number == ENOTEMPTY || error_number == EEXIST) {
    return {Errc::cannot_create, "a directory stands there", {}};
  }
  return {Errc::cannot_create, errno_text(error_number), {}};
}

}  // namespace

Result<void> Committer::add(WholeItem item) {
  std::vector<WholeItem> group;
  {
    const std::scoped_lock lock(mutex_);
    waiting_bytes_ += item.bytes;
    waiting_.push_back(std::move(item));
    const bool is_full = durability_ != Durability::batch || waiting_.size() >= kGroupItems ||
                         waiting_bytes_ >= kGroupBytes;
    if (!is_full) {
      return {};
    }
    group = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
  }
  return commit(std::move(group));
}

Result<void> Committer::flush() {
  std::vector<WholeItem> group;
  {
    const std::scoped_lock lock(mutex_);
    group = std::exchange(waiting_, {});
    waiting_bytes_ = 0;
  }
  return commit(std::move(group));
}

Result<void> Committer::commit(std::vector<WholeItem> group) {
  if (group.empty()) {
    return {};
  }
  if (syncs_groups()) {
    CP_TRY(sync_data(group));
  }
  const auto renamed = rename(std::move(group));
  if (syncs_groups()) {
    CP_TRY(sync_names(renamed));
  }
  for (const WholeItem& item : renamed) {
    events_.committed(item);
  }
  return {};
}

std::vector<WholeItem> Committer::rename(std::vector<WholeItem> group) {
  std::erase_if(group, [this](const WholeItem& item) {
    const auto moved = move(item);
    if (!moved) {
      events_.not_committed(item, moved.error());
    }
    return !moved.has_value();
  });
  return group;
}

Result<void> Committer::move(const WholeItem& item) const {
  CP_TRY_ASSIGN(const auto directory, directories_.open(directory_of(item.place)));
  const std::string name(base_name(item.place));
  if (::renameat(staging_.fd(), item.staged.c_str(), directory->get(), name.c_str()) == 0) {
    return {};
  }
  if (errno == EXDEV) {
    return copy_across(staging_.fd(), item.staged, directory->get(), name);
  }
  return tl::unexpected<Error>(rename_error(errno));
}

Result<void> Committer::sync_data(const std::vector<WholeItem>& group) const {
  if (group.size() > kSyncedOneByOne) {
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
