// SPDX-License-Identifier: Apache-2.0
#include "transfer/incoming_file.hpp"

#include "transfer/limits.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

tl::unexpected<Error> system_error(Errc code) {
  return tl::unexpected<Error>(Error{code, errno_text(errno), {}});
}

// A leaf of nothing but zeros needs no write: the file was made with its full length, and stays
// sparse there.
bool is_zeros(std::span<const std::byte> bytes) {
  return bytes[0] == std::byte{0} &&
         std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

Result<void> apply(int fd, const Metadata& metadata) {
  const std::array<timespec, 2> times{timespec{0, UTIME_OMIT},
                                      timespec{metadata.mtime_s, metadata.mtime_ns}};
  if (::fchmod(fd, metadata.mode) != 0 || ::futimens(fd, times.data()) != 0) {
    return system_error(Errc::io);
  }
  return {};
}

Result<void> write_at(int fd, std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno != EINTR) {
      return system_error(Errc::io);
    }
    const auto done = count < 0 ? std::size_t{0} : static_cast<std::size_t>(count);
    bytes = bytes.subspan(done);
    offset += done;
  }
  return {};
}

Result<int> IncomingFile::begin(int directory, const std::string& staged, std::uint64_t leaf) {
  const std::scoped_lock lock(mutex_);
  if (over_ || leaves_.contains(leaf) || !in_work_.insert(leaf).second) {
    return -1;
  }
  if (!fd_) {
    staged_ = staged;
    fd_.reset(::openat(directory, staged.c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_) {
      return system_error(Errc::cannot_create);
    }
    if (::ftruncate(fd_.get(), static_cast<off_t>(entry_.size)) != 0) {
      return system_error(Errc::io);
    }
  }
  return fd_.get();
}

Result<IncomingFile::Outcome> IncomingFile::write(int directory, const std::string& staged,
                                                  std::uint64_t offset, const Digest& leaf,
                                                  std::span<const std::byte> payload) {
  if (offset >= entry_.size ||
      payload.size() != std::min<std::uint64_t>(limits::leaf_bytes, entry_.size - offset)) {
    return fail(Errc::protocol, "a chunk that does not fit its file");
  }
  const std::uint64_t index = offset / limits::leaf_bytes;
  CP_TRY_ASSIGN(const int fd, begin(directory, staged, index));
  if (fd < 0) {
    return Outcome::void_already;
  }
  if (!is_zeros(payload)) {
    CP_TRY(write_at(fd, offset, payload));
  }
  const std::scoped_lock lock(mutex_);
  in_work_.erase(index);
  leaves_.add(index, leaf);
  return outcome();
}

IncomingFile::Outcome IncomingFile::end(const FileEnd& end) {
  const std::scoped_lock lock(mutex_);
  end_ = end;
  return outcome();
}

IncomingFile::Outcome IncomingFile::outcome() {
  if (over_) {
    return Outcome::void_already;
  }
  over_ = end_ && leaves_.leaves() == leaves_of(entry_.size);
  return over_ ? Outcome::whole : Outcome::growing;
}

bool IncomingFile::make_void() {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(over_, true);
}

Result<void> IncomingFile::settle() {
  const std::scoped_lock lock(mutex_);
  if (leaves_.file_digest(entry_.size) != end_->digest) {
    return fail(Errc::failed, "what arrived is not what was read");
  }
  CP_TRY(apply(fd_.get(), end_->metadata));
  fd_.reset();
  return {};
}

Digest IncomingFile::digest() const {
  const std::scoped_lock lock(mutex_);
  return leaves_.file_digest(entry_.size);
}

std::string IncomingFile::staged() const {
  const std::scoped_lock lock(mutex_);
  return staged_;
}

}  // namespace cp::transfer
