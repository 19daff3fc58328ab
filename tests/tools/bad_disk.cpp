// SPDX-License-Identifier: Apache-2.0
/// A library that a test loads before libc (LD_PRELOAD), so that a file system is worse than it is.
/// BAD_DISK says how:
///
///   names:N        a name that is made has N bytes at most
///   quota:N        what is written beyond byte N of a file is over somebody's quota
///   flip:NEEDLE    at a sync one byte of what begins with NEEDLE changes in the file BACKING, that
///                  the file system lies in; TIMES times, or once
///   write:NEEDLE   one byte of what is written and begins with NEEDLE changes on its way; as often
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

std::string_view setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What follows WHAT and a colon in BAD_DISK, unless it says something else.
std::string_view wanted(std::string_view what) {
  const std::string_view all = setting("BAD_DISK");
  return all.substr(0, what.size()) == what && all.size() > what.size() && all[what.size()] == ':'
             ? all.substr(what.size() + 1)
             : std::string_view();
}

bool is_too_long(const char* path) {
  const std::string_view limit = wanted("names");
  const char* const slash = std::strrchr(path, '/');
  return !limit.empty() &&
         std::strlen(slash == nullptr ? path : slash + 1) > std::stoul(std::string(limit));
}

bool is_over_quota(std::uint64_t end) {
  const std::string_view limit = wanted("quota");
  return !limit.empty() && end > std::stoull(std::string(limit));
}

// Once less each time.
bool has_turn() {
  static std::mutex mutex;
  static long left = setting("TIMES").empty() ? 1 : std::stol(std::string(setting("TIMES")));
  const std::scoped_lock lock(mutex);
  return left > 0 && left-- > 0;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// In the file that the file system lies in, which knows nothing of what the system remembers of it.
void spoil_backing() {
  const std::string_view needle = wanted("flip");
  const std::string backing(setting("BACKING"));
  if (needle.empty() || backing.empty()) {
    return;
  }
  const int fd = ::open(backing.c_str(), O_RDWR | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    return;
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (bytes == MAP_FAILED) {
    return;
  }
  auto* const found = static_cast<char*>(::memmem(bytes, size, needle.data(), needle.size()));
  if (found != nullptr && has_turn()) {
    found[0] ^= 1;
  }
  ::munmap(bytes, size);
}

int finished(int result) {
  spoil_backing();
  return result;
}

}  // namespace

extern "C" {

int renameat(int from, const char* old_name, int to, const char* name) {
  return is_too_long(name) ? (errno = ENAMETOOLONG, -1)
                           : real<decltype(renameat)>("renameat")(from, old_name, to, name);
}
int renameat2(int from, const char* old_name, int to, const char* name, unsigned flags) {
  return is_too_long(name)
             ? (errno = ENAMETOOLONG, -1)
             : real<decltype(renameat2)>("renameat2")(from, old_name, to, name, flags);
}
int mkdirat(int directory, const char* name, mode_t mode) {
  return is_too_long(name) ? (errno = ENAMETOOLONG, -1)
                           : real<decltype(mkdirat)>("mkdirat")(directory, name, mode);
}
int symlinkat(const char* target, int directory, const char* name) {
  return is_too_long(name) ? (errno = ENAMETOOLONG, -1)
                           : real<decltype(symlinkat)>("symlinkat")(target, directory, name);
}
int fdatasync(int fd) { return finished(real<decltype(fdatasync)>("fdatasync")(fd)); }
int fsync(int fd) { return finished(real<decltype(fsync)>("fsync")(fd)); }
int syncfs(int fd) noexcept { return finished(real<decltype(syncfs)>("syncfs")(fd)); }

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  if (is_over_quota(static_cast<std::uint64_t>(offset) + size)) {
    return errno = EDQUOT, -1;
  }
  auto* const write = real<decltype(pwrite64)>("pwrite64");
  const std::string_view needle = wanted("write");
  const std::string_view text(static_cast<const char*>(data), size);
  if (needle.empty() || text.substr(0, needle.size()) != needle || !has_turn()) {
    return write(fd, data, size, offset);
  }
  std::string other(text);
  other[0] = static_cast<char>(other[0] ^ 1);
  return write(fd, other.data(), size, offset);
}

}  // extern "C"
