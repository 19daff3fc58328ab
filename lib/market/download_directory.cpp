// SPDX-License-Identifier: Apache-2.0
#include "market/download_directory.hpp"

#include "base/directory.hpp"
#include "base/file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cp::market {
namespace {

constexpr std::string_view kDownloadPrefix = "download.";

UniqueFd open_directory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const Directory directory(::opendir(path.c_str()));
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    names.emplace_back(entry->d_name);
  }
  return names;
}

// There are files alone in it: what is not ours stays.
void remove_downloads(const std::string& path) {
  for (const std::string& name : names_in(path)) {
    ::unlink(path_join(path, name).c_str());
  }
  ::rmdir(path.c_str());
}

void sweep(const std::string& parent) {
  for (const std::string& name : names_in(parent)) {
    const std::string path = path_join(parent, name);
    if (!name.starts_with(kDownloadPrefix)) {
      continue;
    }
    const UniqueFd lock = open_directory(path);
    if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) {
      remove_downloads(path);
    }
  }
}

}  // namespace

Result<DownloadDirectory> DownloadDirectory::create(const std::string& parent) {
  CP_TRY(make_directories(parent, 0700));
  // Nobody sweeps between the making and the locking of one.
  const UniqueFd turn = open_directory(parent);
  if (turn && ::flock(turn.get(), LOCK_EX) == 0) {
    sweep(parent);
  }
  std::string path = path_join(parent, fmt::format("{}XXXXXX", kDownloadPrefix));
  if (::mkdtemp(path.data()) == nullptr) {
    return fail_errno(Errc::cannot_create, errno, "cannot create a directory in " + parent);
  }
  UniqueFd lock = open_directory(path);
  if (lock) {
    (void)::flock(lock.get(), LOCK_EX | LOCK_NB);
  }
  return DownloadDirectory(std::move(path), std::move(lock));
}

DownloadDirectory::DownloadDirectory(DownloadDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

DownloadDirectory::~DownloadDirectory() {
  if (!path_.empty()) {
    remove_downloads(path_);
  }
}

std::string DownloadDirectory::file(std::size_t number) const {
  return path_join(path_, fmt::format("{}.catalog", number));
}

}  // namespace cp::market
