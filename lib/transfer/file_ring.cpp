// SPDX-License-Identifier: Apache-2.0
#include "transfer/file_ring.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <liburing.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <utility>

namespace cp::transfer {
namespace {

// The kernel may lack memory for a moment.
constexpr int kTries = 1000;

bool is_file(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

bool is_passing(int error) { return error == -EINTR || error == -EAGAIN || error == -EBUSY; }

}  // namespace

/// A file that is under way. What the kernel reads and writes meanwhile stays where it is.
struct FileRing::Place {
  WholeFile* file = nullptr;
  UniqueFd fd;  ///< once it is open
  open_how how{};
};

struct FileRing::Ring {
  io_uring ring{};
  bool is_set_up = false;
  std::array<Place, depth> places;
  std::size_t under_way = 0;

  Ring() = default;
  ~Ring() {
    if (is_set_up) {
      io_uring_queue_exit(&ring);
    }
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  bool set_up() {
    is_set_up = io_uring_queue_init(depth, &ring, 0) == 0;
    return is_set_up;
  }
  bool can_open_and_read() {
    const std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe(
        io_uring_get_probe_ring(&ring), io_uring_free_probe);
    return probe && io_uring_opcode_supported(probe.get(), IORING_OP_OPENAT2) != 0 &&
           io_uring_opcode_supported(probe.get(), IORING_OP_READ) != 0;
  }
  // There is one for each place.
  io_uring_sqe* entry_for(const Place& place) {
    io_uring_sqe* const entry = io_uring_get_sqe(&ring);
    entry->user_data = static_cast<std::uint64_t>(&place - places.data());
    return entry;
  }
};

std::unique_ptr<FileRing> FileRing::make() {
  auto ring = std::make_unique<Ring>();
  if (!ring->set_up() || !ring->can_open_and_read()) {
    return nullptr;
  }
  return std::unique_ptr<FileRing>(new FileRing(std::move(ring)));
}

FileRing::FileRing(std::unique_ptr<Ring> ring) : ring_(std::move(ring)) {}

FileRing::~FileRing() = default;

// As Confined::open_beneath does for open_as_walked.
void FileRing::open(const Source& source, WholeFile& file, Place& place) {
  place.file = &file;
  place.how = {};
  place.how.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
  place.how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  io_uring_sqe* const entry = ring_->entry_for(place);
  const std::uint64_t which = entry->user_data;
  io_uring_prep_openat2(entry, source.root.fd(), file.entry->path.c_str(), &place.how);
  entry->user_data = which;
  ++ring_->under_way;
}

// RESULT came of what was under way for PLACE. False when nothing more is.
bool FileRing::go_on(Place& place, int result) {
  WholeFile& file = *place.file;
  --ring_->under_way;
  if (place.fd) {
    const UniqueFd fd = std::move(place.fd);
    file.is_read = result >= 0 && static_cast<std::size_t>(result) == file.out.size() &&
                   check_told_size(fd.get(), *file.entry) && check_unchanged(fd.get(), *file.entry);
    return false;
  }
  UniqueFd fd(std::max(result, -1));
  if (!fd || is_broken_ || !is_file(fd.get())) {
    return false;
  }
  place.fd = std::move(fd);
  io_uring_sqe* const entry = ring_->entry_for(place);
  const std::uint64_t which = entry->user_data;
  io_uring_prep_read(entry, place.fd.get(), file.out.data(), static_cast<unsigned>(file.out.size()),
                     0);
  entry->user_data = which;
  ++ring_->under_way;
  return true;
}

// Hands over what was begun and waits until some of it has come about. What cannot be handed over
// breaks the ring: it is forgotten, the rest is waited for.
void FileRing::wait() {
  io_uring& ring = ring_->ring;
  int submitted = -EAGAIN;
  for (int i = 0; i < kTries && !is_broken_ && submitted < 0; ++i) {
    submitted = io_uring_submit_and_wait(&ring, 1);
    if (submitted < 0 && (!is_passing(submitted) || io_uring_cq_ready(&ring) != 0)) {
      break;
    }
  }
  if (submitted >= 0 || io_uring_cq_ready(&ring) != 0) {
    return;
  }
  if (!is_broken_) {
    is_broken_ = true;
    ring_->under_way -= io_uring_sq_ready(&ring);
  }
  io_uring_cqe* done = nullptr;
  int waited = -EINTR;
  while (ring_->under_way != 0 && is_passing(waited)) {
    waited = io_uring_wait_cqe(&ring, &done);
  }
  if (waited < 0 && ring_->under_way != 0) {
    std::abort();  // the kernel may write to memory that is not ours any more
  }
}

std::size_t FileRing::read(const Source& source, std::span<WholeFile> files) {
  std::size_t next = 0;
  std::size_t read = 0;
  for (Place& place : ring_->places) {
    if (next < files.size()) {
      open(source, files[next++], place);
    }
  }
  while (ring_->under_way != 0) {
    wait();
    io_uring_cqe* done = nullptr;
    while (ring_->under_way != 0 && io_uring_peek_cqe(&ring_->ring, &done) == 0) {
      Place& place = ring_->places[done->user_data];
      const int result = done->res;
      io_uring_cqe_seen(&ring_->ring, done);
      if (go_on(place, result)) {
        continue;
      }
      read += place.file->is_read ? 1 : 0;
      if (next < files.size() && !is_broken_) {
        open(source, files[next++], place);
      }
    }
  }
  for (Place& place : ring_->places) {
    place = {};
  }
  return read;
}

}  // namespace cp::transfer
