// SPDX-License-Identifier: Apache-2.0
#include "transfer/small_files.hpp"

#include "transfer/file_ring.hpp"
#include "transfer/walk_effort.hpp"

#include <cstdlib>
#include <string_view>

namespace cp::transfer {
namespace {

// Fewer are not worth a ring.
constexpr std::size_t kFewFiles = 16;

Result<void> read_whole(const Source& source, const Entry& entry, std::span<std::byte> out) {
  CP_TRY_ASSIGN(const UniqueFd fd, open_as_walked(source, entry));
  CP_TRY_ASSIGN(const std::size_t have, read_at(fd.get(), 0, out));
  if (have != out.size()) {
    return fail(Errc::failed, "it changed while it was read");
  }
  CP_TRY(check_told_size(fd.get(), entry));
  return check_unchanged(fd.get(), entry);
}

// Files that lie in memory take 14 % longer by io_uring than by pread, those on a disk a third of
// the time (4,000 of 4 to 16 KiB, nothing else done with them), most of which is work: so less has
// to be waited to stay with it than to come back to it.
bool did_wait(const WalkEffort::Spent& spent, bool by_ring) {
  return spent.waits > 0 && spent.elapsed * 10 > spent.working * (by_ring ? 11 : 15);
}

}  // namespace

ReadWay read_way_of_environment() {
  const char* const value = std::getenv("CP_IO_URING");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view way = value == nullptr ? "" : value;
  return way == "off" ? ReadWay::pread : way == "always" ? ReadWay::io_uring : ReadWay::measured;
}

SmallFiles::SmallFiles(ReadWay way) : way_(way) {}

SmallFiles::~SmallFiles() = default;

// nullptr when one after the other is better, or all that there is.
FileRing* SmallFiles::ring_for(const Source& source, std::size_t files) {
  const bool is_wanted =
      way_ == ReadWay::io_uring || (way_ == ReadWay::measured && has_waited_ && files >= kFewFiles);
  if (!is_wanted || has_no_ring_ || source.root.method() != Confined::Method::openat2) {
    return nullptr;
  }
  if (!ring_) {
    ring_ = FileRing::make();
    has_no_ring_ = !ring_;
  }
  return ring_.get();
}

void SmallFiles::read(const Source& source, std::span<WholeFile> files) {
  const ThreadMeter meter;
  FileRing* const ring = ring_for(source, files.size());
  if (ring != nullptr) {
    by_ring_ += ring->read(source, files);
    if (ring->is_broken()) {
      has_no_ring_ = true;
      ring_ = nullptr;
    }
  }
  for (WholeFile& file : files) {
    if (!file.is_read) {
      file.result = read_whole(source, *file.entry, file.out);
      file.is_read = file.result.has_value();
    }
  }
  has_waited_ = did_wait(meter.spent(), ring != nullptr);
}

}  // namespace cp::transfer
