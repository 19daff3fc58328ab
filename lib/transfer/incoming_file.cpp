// SPDX-License-Identifier: Apache-2.0
#include "transfer/incoming_file.hpp"

#include "transfer/holes.hpp"
#include "transfer/limits.hpp"
#include "transfer/metadata.hpp"
#include "transfer/system_error.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
Result<void> IncomingFile::resume(int directory, const PartialFile& partial) {
  const std::scoped_lock lock(mutex_);
  const std::string name = std::to_string(partial.staged);
  // It may have got its final mode already.
  if (::fchmodat(directory, name.c_str(), 0600, 0) != 0) {
    return system_error(Errc::io);
  }
  UniqueFd fd(::openat(directory, name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return system_error(Errc::io);
  }
  fd_ = std::make_shared<const UniqueFd>(std::move(fd));
  staged_ = partial.staged;
  inode_ = status.st_ino;
  is_resumed_ = true;
  for (const auto& [index, digest] : partial.leaves) {
    leaves_.add(index, digest);
  }
  return {};
}

Result<void> IncomingFile::take_holes(Staging& staging) {
  const std::scoped_lock lock(mutex_);
  if (!fd_) {
    CP_TRY(make(staging));
  } else {
    for (const LeafRange& hole : entry_.extras->holes) {
      // Where that cannot be done nothing was written, either: the stamp says that the holes were
      // there before.
      static_cast<void>(::fallocate(fd_->get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                    static_cast<off_t>(hole.first * limits::leaf_bytes),
                                    static_cast<off_t>(bytes_in({hole}, entry_.size))));
    }
  }
  add_holes(leaves_, entry_.extras->holes, entry_.size);
  return {};
}

Result<void> IncomingFile::make_empty(Staging& staging) {
  const std::scoped_lock lock(mutex_);
  return make(staging);
}

Result<void> IncomingFile::make(Staging& staging) {
  staged_ = staging.next_number();
  UniqueFd fd(::openat(staging.fd(), std::to_string(staged_).c_str(),
                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) {
    return system_error(Errc::cannot_create);
  }
  struct stat status {};
  if (::ftruncate(fd.get(), static_cast<off_t>(entry_.size)) != 0 ||
      ::fstat(fd.get(), &status) != 0) {
    return system_error(Errc::io);
  }
  fd_ = std::make_shared<const UniqueFd>(std::move(fd));
  inode_ = status.st_ino;
  return {};
}

Result<int> IncomingFile::begin(Staging& staging, std::uint64_t leaf) {
  const std::scoped_lock lock(mutex_);
  if (over_ || leaves_.contains(leaf) || !in_work_.insert(leaf).second) {
    return -1;
  }
  if (!fd_) {
    CP_TRY(make(staging));
  }
  return fd_->get();
}

bool IncomingFile::fits(std::uint64_t offset, std::size_t bytes) const {
  if (is_stream_) {
    return offset % limits::leaf_bytes == 0 && offset < limits::file_bytes && bytes != 0 &&
           bytes <= limits::leaf_bytes;
  }
  return offset < entry_.size &&
         bytes == std::min<std::uint64_t>(limits::leaf_bytes, entry_.size - offset);
}

Result<IncomingFile::Outcome> IncomingFile::write(Staging& staging, std::uint64_t offset,
                                                  const Digest& leaf,
                                                  std::span<const std::byte> payload) {
  if (!fits(offset, payload.size())) {
    return fail(Errc::protocol, "a chunk that does not fit its file");
  }
  const std::uint64_t index = offset / limits::leaf_bytes;
  CP_TRY_ASSIGN(const int fd, begin(staging, index));
  if (fd < 0) {
    return Outcome::void_already;
  }
  // What was resumed may hold anything where no leaf is known.
  CP_TRY(is_resumed_ ? write_at(fd, offset, payload) : write_sparsely(fd, offset, payload));
  const std::scoped_lock lock(mutex_);
  in_work_.erase(index);
  leaves_.add(index, leaf);
  reaches_ = std::max(reaches_, offset + payload.size());
  ends_ = payload.size() == limits::leaf_bytes ? ends_ : offset + payload.size();
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
  over_ = end_ && has_all();
  return over_ ? Outcome::whole : Outcome::growing;
}

// Of a stream: as many leaves as it has, none beyond its end, and none but the last one short.
bool IncomingFile::has_all() const {
  const std::uint64_t size = told_size();
  const bool is_sound =
      !is_stream_ || (reaches_ == size && ends_ == (size % limits::leaf_bytes == 0 ? 0 : size));
  return is_sound && leaves_.leaves() == leaves_of(size);
}

bool IncomingFile::make_void() {
  const std::scoped_lock lock(mutex_);
  return !std::exchange(over_, true);
}

Result<void> IncomingFile::settle() {
  const std::scoped_lock lock(mutex_);
  if (leaves_.file_digest(told_size()) != end_->digest) {
    return fail(Errc::failed, "what arrived is not what was read");
  }
  // Zeros at its end were not written.
  if (is_stream_ && ::ftruncate(fd_->get(), static_cast<off_t>(told_size())) != 0) {
    return system_error(Errc::io);
  }
  CP_TRY(apply(fd_->get(), end_->metadata, entry_.extras.get(), preserve_));
  fd_.reset();
  return {};
}

Digest IncomingFile::digest() const {
  const std::scoped_lock lock(mutex_);
  return leaves_.file_digest(told_size());
}

std::uint64_t IncomingFile::size() const {
  const std::scoped_lock lock(mutex_);
  return told_size();
}

std::string IncomingFile::staged() const {
  const std::scoped_lock lock(mutex_);
  return std::to_string(staged_);
}

GrowingFile IncomingFile::growing() const {
  const std::scoped_lock lock(mutex_);
  return {.about = {.staged = staged_,
                    .stamp = entry_.stamp,
                    .size = entry_.size,
                    .is_fresh = entry_.is_fresh},
          .fd = fd_};
}

Metadata IncomingFile::settled_metadata() const {
  const std::scoped_lock lock(mutex_);
  return end_->metadata;
}

std::uint64_t IncomingFile::inode() const {
  const std::scoped_lock lock(mutex_);
  return inode_;
}

}  // namespace cp::transfer
