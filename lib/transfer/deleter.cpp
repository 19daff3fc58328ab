// SPDX-License-Identifier: Apache-2.0
#include "transfer/deleter.hpp"

#include "base/directory.hpp"
#include "transfer/path.hpp"
#include "transfer/same_names.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Error error_of(int error_number) {
  return {errc_of_errno(error_number), "cannot be removed: " + errno_text(error_number), {}};
}

// The names in the open directory FD; nullopt when it cannot be read.
std::optional<std::vector<std::string>> names_of(int fd) {
  const Directory directory(::fdopendir(::openat(fd, ".", kDirectory)));
  if (!directory) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !is_reserved(name)) {
      names.emplace_back(name);
    }
  }
  return names;
}

// What real removal would stumble over.
bool holds_reserved(int fd) {
  const Directory directory(::fdopendir(::openat(fd, ".", kDirectory)));
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    if (is_reserved(entry->d_name)) {
      return true;
    }
  }
  return false;
}

bool is_directory(int at, const std::string& name) {
  struct stat status {};
  return ::fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Digest Seen::digest_of(std::string_view path) {
  return leaf_digest(std::as_bytes(std::span(path)));
}

void Seen::seal() { std::ranges::sort(paths_); }

Digest Seen::counted(std::string_view path) const {
  return folds_ ? digest_of(folded(path)) : digest_of(path);
}

bool Seen::has(std::string_view path) const {
  return std::ranges::binary_search(paths_, counted(path));
}

void Deleter::clean(const std::string& path) {
  const auto fd = parts_.root.open_beneath(path, O_RDONLY | O_DIRECTORY);
  struct stat status {};
  if (!fd || ::fstat(fd->get(), &status) != 0) {
    parts_.failed(path, fd ? error_of(errno) : fd.error());
    return;
  }
  const auto names = names_of(fd->get());
  if (!names) {
    parts_.failed(path, error_of(errno));
    return;
  }
  for (const std::string& name : *names) {
    const std::string there = join_path(path, name);
    const bool is_rest = !parts_.seen.has(there);
    if (is_rest || (parts_.gives_way && parts_.gives_way(there, is_directory(fd->get(), name)))) {
      remove(fd->get(), name, there, status.st_dev);
    }
  }
}

bool Deleter::remove_all(int at, const std::string& name, const std::string& path) {
  struct stat status {};
  return ::fstatat(at, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         remove(at, name, path, status.st_dev);
}

// Whether NAME in AT is gone.
bool Deleter::remove(int at, const std::string& name, const std::string& path, dev_t device) {
  const bool is_tree = is_directory(at, name);
  if (parts_.filter.excludes(path, is_tree)) {
    return false;
  }
  return is_tree ? remove_directory(at, name, path, device) : remove_name(at, name, path, 0);
}

bool Deleter::remove_directory(int at, const std::string& name, const std::string& path,
                               dev_t device) {
  const UniqueFd fd(::openat(at, name.c_str(), kDirectory));
  struct stat status {};
  const auto names = fd && ::fstat(fd.get(), &status) == 0 ? names_of(fd.get()) : std::nullopt;
  if (!names) {
    parts_.failed(path, error_of(errno));
    return false;
  }
  if (status.st_dev != device) {
    parts_.failed(path, {Errc::denied, "another file system is mounted there", {}});
    return false;
  }
  const mode_t mode = status.st_mode & 07777U;
  const bool is_closed = !parts_.only_shows && (mode & 0700U) != 0700U;
  if (is_closed) {
    static_cast<void>(::fchmod(fd.get(), mode | 0700U));
  }
  bool is_empty = !parts_.only_shows || !holds_reserved(fd.get());
  for (const std::string& inner : *names) {
    is_empty = remove(fd.get(), inner, join_path(path, inner), device) && is_empty;
  }
  const bool is_gone = is_empty && remove_name(at, name, path, AT_REMOVEDIR);
  if (is_closed && !is_gone) {
    static_cast<void>(::fchmod(fd.get(), mode));
  }
  return is_gone;
}

bool Deleter::remove_name(int at, const std::string& name, const std::string& path, int flags) {
  if (parts_.only_shows || ::unlinkat(at, name.c_str(), flags) == 0) {
    ++deleted_;
    if (parts_.removed) {
      parts_.removed(path);
    }
    return true;
  }
  // What holds something of cpxfer's own, or of somebody who was faster, stays as it is.
  if (errno != ENOENT && errno != ENOTEMPTY) {
    parts_.failed(path, error_of(errno));
  }
  return errno == ENOENT;
}

}  // namespace cp::transfer
