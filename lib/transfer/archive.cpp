// SPDX-License-Identifier: Apache-2.0
#include "transfer/archive.hpp"

#include "base/directory.hpp"
#include "base/file.hpp"
#include "transfer/journal.hpp"
#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr std::size_t kLargestJournal = std::size_t{64} << 20U;
constexpr std::size_t kMostKept = 1000;

// One command may go to several trees that have the same name one after the other.
std::string name_of_journal(const Confined& root, const Digest& key) {
  struct stat status {};
  ::fstat(root.fd(), &status);
  WireWriter out;
  out.put_bytes(key.bytes);
  out.put(static_cast<std::uint64_t>(status.st_dev)).put(static_cast<std::uint64_t>(status.st_ino));
  return leaf_digest(std::as_bytes(std::span(out.bytes()))).hex();
}

void remove_old(const std::string& directory) {
  const Directory open(::opendir(directory.c_str()));
  std::size_t kept = 0;
  while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
    struct stat status {};
    const bool is_journal =
        ::fstatat(::dirfd(open.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(status.st_mode);
    const bool is_old = status.st_mtim.tv_sec < ::time(nullptr) - limits::kept_seconds;
    if (is_journal && (is_old || ++kept > kMostKept)) {
      ::unlinkat(::dirfd(open.get()), entry->d_name, 0);
    }
  }
}

// Unsynced: a journal that is torn is read up to there.
bool copy(int from, int to) {
  struct stat status {};
  if (::fstat(from, &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::size_t>(status.st_size) > kLargestJournal) {
    return false;
  }
  const auto bytes = read_to_end(from, kLargestJournal);
  return bytes && write_all(to, *bytes);
}

}  // namespace

void archive(const Confined& root, const std::string& directory, const Digest& key, int staging) {
  if (!make_directories(directory, 0700)) {
    return;
  }
  remove_old(directory);
  const std::string path = path_join(directory, name_of_journal(root, key));
  const std::string temporary = fmt::format("{}.{}", path, ::getpid());
  const UniqueFd from(::openat(staging, Journal::file_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const UniqueFd to(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const bool is_there =
      from && to && copy(from.get(), to.get()) && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!is_there) {
    ::unlink(temporary.c_str());
    ::unlink(path.c_str());
  }
}

bool fetch_archived(const Confined& root, const std::string& directory, const Digest& key,
                    int staging) {
  const std::string path = path_join(directory, name_of_journal(root, key));
  const UniqueFd from(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  const UniqueFd to(from ? ::openat(staging, Journal::file_name,
                                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)
                         : -1);
  const bool is_there = to && copy(from.get(), to.get());
  ::unlink(path.c_str());
  return is_there;
}

}  // namespace cp::transfer
