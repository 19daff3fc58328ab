// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/small_files.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace cp::transfer {

/// Opens and reads many files at a time by io_uring(7). Whatever comes out otherwise than it should
/// (an error, a short read, a file that is another now) is left to whoever reads one after the
/// other, and then finds out why. For one thread.
class FileRing {
 public:
  /// Files that are under way at once.
  static constexpr std::size_t depth = 32;

  /// nullptr where there is none: the kernel lacks it or what we need of it (before 5.6), an
  /// administrator forbids it (kernel.io_uring_disabled, seccomp), or a limit (RLIMIT_MEMLOCK).
  static std::unique_ptr<FileRing> make();
  ~FileRing();
  FileRing(const FileRing&) = delete;
  FileRing& operator=(const FileRing&) = delete;

  /// Reads FILES of SOURCE, whose root is confined by openat2(2), marks those that went well, and
  /// returns how many. Nothing of them is under way any more when it returns.
  std::size_t read(const Source& source, std::span<WholeFile> files);

  /// It failed, and is of no more use.
  bool is_broken() const { return is_broken_; }

 private:
  struct Ring;
  struct Place;

  explicit FileRing(std::unique_ptr<Ring> ring);
  void open(const Source& source, WholeFile& file, Place& place);
  bool go_on(Place& place, int result);
  void wait();

  std::unique_ptr<Ring> ring_;
  bool is_broken_ = false;
};

}  // namespace cp::transfer
