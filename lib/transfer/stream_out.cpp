// SPDX-License-Identifier: Apache-2.0
#include "transfer/stream_out.hpp"

#include "transfer/holes.hpp"
#include "transfer/limits.hpp"
#include "transfer/pack.hpp"
#include "transfer/path.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cp::transfer {
namespace {

constexpr auto kEntryPatience = std::chrono::seconds(60);
constexpr int kFullPipeMs = 100;

// A reader that does not read must not keep us from ending; the pipe itself stays as its owner has
// it.
UniqueFd unblocked(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) {
    return {};
  }
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  return UniqueFd(::open(self.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

Result<void> refuse(const char* what) { return fail(Errc::protocol, "the peer {}", what); }

}  // namespace

StreamOut::StreamOut(Settings settings, ReceiveEvents& events, Tally& tally)
    : settings_(std::move(settings)),
      events_(events),
      tally_(tally),
      own_(unblocked(settings_.fd)) {}

std::vector<Have> StreamOut::have() const { return {Have{.is_last = true}}; }

Result<void> StreamOut::keep(const Kept& /*kept*/) { return refuse("keeps what is not here"); }
Result<void> StreamOut::offer(const Offer& /*offer*/) {
  return refuse("offers files, and nobody asked");
}
Result<void> StreamOut::take(const Same& /*same*/) {
  return refuse("compared files, and nobody asked");
}
Result<void> StreamOut::take(const Present& /*present*/) {
  return refuse("tells what it keeps, and nobody asked");
}

Result<void> StreamOut::add(const Entry& entry) {
  CP_TRY(check_path(entry.path));
  if (entry.type != EntryType::file) {
    // So that a sender of a link learns of it, too.
    events_.item_failed({.path = entry.path,
                         .id = entry.id,
                         .error = {Errc::unavailable, "it is no file, and goes to no stream", {}}});
    const std::scoped_lock lock(mutex_);
    has_failed_ = true;
    return {};
  }
  const std::scoped_lock lock(mutex_);
  if (entry_ || entry.id != 1 || (entry.extras && entry.extras->is_stream)) {
    return refuse("announced a file that cannot be");
  }
  entry_ = entry;
  announced_.notify_all();
  return {};
}

void StreamOut::failed_at_source(std::uint64_t /*id*/) {
  const std::scoped_lock lock(mutex_);
  has_failed_ = true;
}

void StreamOut::interrupt() {
  interrupted_ = true;
  const std::scoped_lock lock(mutex_);
  announced_.notify_all();
}

Result<void> StreamOut::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (interrupted_) {
      return fail(Errc::timed_out, "interrupted");
    }
    const ssize_t count = ::write(fd(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd room{fd(), POLLOUT, 0};
      static_cast<void>(::poll(&room, 1, kFullPipeMs));
    } else if (errno != EINTR) {
      return fail(Errc::io, "cannot write to the stream: {}", errno_text(errno));
    }
  }
  return {};
}

Result<void> StreamOut::take(const ChunkHeader& header, std::span<const std::byte> payload) {
  const std::scoped_lock lock(writing_);
  return header.is_pack ? take_pack(payload) : take_chunk(header, payload);
}

Result<void> StreamOut::take_pack(std::span<const std::byte> payload) {
  CP_TRY_ASSIGN(const auto files, unpack(payload));
  if (files.size() != 1 || is_whole_ || written_ != 0) {
    return refuse("sent more than one file");
  }
  CP_TRY(check_path(files.front().path));
  path_ = files.front().path;
  content_ = file_digest(files.front().data);
  CP_TRY(write(files.front().data));
  written_ = files.front().data.size();
  tally_.bytes_placed += written_;
  is_whole_ = true;
  return {};
}

Result<void> StreamOut::take_chunk(const ChunkHeader& header, std::span<const std::byte> payload) {
  {
    std::unique_lock lock(mutex_);
    const bool is_known =
        announced_.wait_for(lock, kEntryPatience, [this] { return entry_ || interrupted_; });
    if (interrupted_) {
      return fail(Errc::timed_out, "interrupted");
    }
    if (!is_known || header.id != entry_->id) {
      return refuse("sent a chunk of a file that it did not announce");
    }
  }
  // Nobody changes the entry any more.
  const std::uint64_t size = entry_->size;
  if (header.offset >= size ||
      payload.size() != std::min<std::uint64_t>(limits::leaf_bytes, size - header.offset)) {
    return refuse("sent a chunk that does not fit its file");
  }
  CP_TRY(fill_holes(header.offset));
  if (header.offset != written_) {
    return refuse("sent chunks out of their order");
  }
  CP_TRY(write(payload));
  leaves_.add(written_ / limits::leaf_bytes, header.digest);
  written_ += payload.size();
  tally_.bytes_placed += payload.size();
  return {};
}

// Zeros from where we are up to OFFSET, as far as they were told.
Result<void> StreamOut::fill_holes(std::uint64_t offset) {
  if (!entry_->extras) {
    return {};
  }
  const std::vector<std::byte> zeros(limits::leaf_bytes);
  while (written_ < offset) {
    const std::uint64_t leaf = written_ / limits::leaf_bytes;
    if (behind_hole(entry_->extras->holes, leaf) == leaf) {
      return {};
    }
    const auto length = std::min<std::uint64_t>(limits::leaf_bytes, entry_->size - written_);
    CP_TRY(write(std::span(zeros).first(length)));
    leaves_.add(leaf, leaf_digest(std::span(zeros).first(length)));
    written_ += length;
    tally_.bytes_placed += length;
  }
  return {};
}

Result<void> StreamOut::end(const FileEnd& end) {
  const std::scoped_lock lock(mutex_);
  if (!entry_ || end.id != entry_->id) {
    return refuse("ended a file that it did not announce");
  }
  end_ = end;
  return {};
}

Result<void> StreamOut::check_whole() {
  if (!entry_ || !end_) {
    return refuse("ended before its file was whole");
  }
  CP_TRY(fill_holes(entry_->size));
  if (written_ != entry_->size || leaves_.leaves() != leaves_of(written_)) {
    return refuse("ended before its file was whole");
  }
  content_ = leaves_.file_digest(written_);
  path_ = entry_->path;
  if (content_ != end_->digest) {
    return fail(Errc::failed, "what arrived is not what was read");
  }
  is_whole_ = true;
  return {};
}

Result<FinalResult> StreamOut::finish() {
  const std::scoped_lock lock(writing_, mutex_);
  if (!is_whole_ && has_failed_) {
    return written_ == 0
               ? Result<FinalResult>(FinalResult{})
               : fail(Errc::failed, "the stream has got only the first {} bytes", written_);
  }
  if (!is_whole_) {
    CP_TRY(check_whole());
  }
  // Pipes and terminals know of no sync.
  if (settings_.syncs && ::fdatasync(settings_.fd) != 0 && errno != EINVAL && errno != EROFS) {
    return fail_errno(Errc::io, errno, "cannot sync the stream");
  }
  tally_.files_placed = 1;
  TreeDigest tree;
  tree.add(entry_digest(EntryType::file, path_, content_.bytes));
  return FinalResult{.files = 1, .bytes = written_, .digest = tree.value(), .deleted = 0};
}

}  // namespace cp::transfer
