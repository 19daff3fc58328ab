// SPDX-License-Identifier: Apache-2.0
#include "transfer/directories.hpp"

#include "transfer/limits.hpp"
#include "transfer/metadata.hpp"
#include "transfer/source.hpp"
#include "transfer/system_error.hpp"

#include <algorithm>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

// Files come directory by directory; a few streams work on a few of them.
constexpr std::size_t kOpenDirectories = 32;
constexpr mode_t kWhileWriting = 0700;

// PLACE and every directory above it up to the root "", any of which may be new.
void insert_with_ancestors(std::set<std::string>& directories, std::string place) {
  while (directories.insert(place).second && !place.empty()) {
    const auto slash = place.rfind('/');
    place.resize(slash == std::string::npos ? 0 : slash);
  }
}

}  // namespace

Result<std::shared_ptr<const UniqueFd>> Directories::open(std::string_view path) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(recent_, path, &Open::path);
  if (found != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, found);
    return recent_.front().fd;
  }
  CP_TRY_ASSIGN(auto opened, make(path));
  recent_.push_front({std::string(path), std::make_shared<const UniqueFd>(std::move(opened.fd))});
  if (recent_.size() > kOpenDirectories) {
    recent_.pop_back();
  }
  return recent_.front().fd;
}

Result<Confined::Opened> Directories::make(std::string_view path) const {
  auto opened = root_.make_directories(path, kWhileWriting);
  if (opened || !make_way_) {
    return opened;
  }
  const auto is_free = make_way_(path);
  return is_free && *is_free ? root_.make_directories(path, kWhileWriting) : std::move(opened);
}

Result<bool> Directories::add(const Entry& entry) {
  CP_TRY_ASSIGN(const auto fd, open(entry.path));
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) {
    return system_error(Errc::io);
  }
  if ((status.st_mode & kWhileWriting) != kWhileWriting) {
    // Not ours: then what is written in it will tell.
    static_cast<void>(::fchmod(fd->get(), (status.st_mode & 07777U) | kWhileWriting));
  }
  const std::scoped_lock lock(mutex_);
  return metadata_.insert_or_assign(entry.path, Settings{entry.metadata, entry.extras}).second;
}

std::vector<std::string> Directories::added() const {
  std::vector<std::string> paths;
  for (const auto& [path, metadata] : metadata_) {
    paths.push_back(path);
  }
  return paths;
}

// Whether there was anything to change.
Result<bool> Directories::settle(const std::string& path, const Settings& settings) const {
  CP_TRY_ASSIGN(const UniqueFd fd, root_.open_beneath(path, O_RDONLY | O_DIRECTORY));
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0 && metadata_of(status) == settings.metadata &&
      !preserve_.owner && !preserve_.attributes()) {
    return false;
  }
  CP_TRY(apply(fd.get(), settings.metadata, settings.extras.get(), preserve_));
  return true;
}

Result<void> Directories::sync(const std::vector<std::string>& places) const {
  std::set<std::string> directories;
  for (const std::string& place : places) {
    insert_with_ancestors(directories, place);
  }
  if (directories.size() > limits::synced_one_by_one) {
    return sync_all();
  }
  for (const std::string& directory : directories) {
    CP_TRY(sync_one(directory));
  }
  return {};
}

Result<void> Directories::sync_one(const std::string& path) const {
  const auto fd = root_.open_beneath(path, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    // Its mode, which is what its source has, may keep its owner from reading it.
    return fd.error().code == Errc::denied ? sync_all() : tl::unexpected(fd.error());
  }
  if (::fsync(fd->get()) != 0 && errno != EINVAL) {
    return fail_errno(Errc::io, errno, "cannot sync the destination");
  }
  return {};
}

Result<void> Directories::sync_all() const {
  const auto fd = root_.open_beneath("", O_RDONLY | O_DIRECTORY);
  if (!fd && fd.error().code == Errc::denied) {
    ::sync();
    return {};
  }
  if (!fd) {
    return tl::unexpected(fd.error());
  }
  if (::syncfs(fd->get()) != 0) {
    return fail_errno(Errc::io, errno, "cannot sync the destination");
  }
  return {};
}

}  // namespace cp::transfer
