// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/source_file.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace cp::transfer {

class FileRing;

/// How the small files of a source are read.
enum class ReadWay {
  measured,  ///< by io_uring(7), where the kernel has it, unless nothing has to be waited for
  pread,     ///< one after the other
  io_uring,  ///< always by that, where the kernel has it
};

/// The way that CP_IO_URING in the environment asks for: "off", "always", or anything else.
ReadWay read_way_of_environment();

/// A file that is to be read whole.
struct WholeFile {
  const Entry* entry = nullptr;  ///< borrowed
  std::span<std::byte> out;      ///< exactly its size
  bool is_read = false;
  Result<void> result;  ///< once it was tried
};

/// Reads small files whole: one after the other while they lie in memory, and many at a time where
/// a disk or a network makes its caller wait. For one thread.
class SmallFiles {
 public:
  explicit SmallFiles(ReadWay way);
  ~SmallFiles();
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

  /// Reads FILES of SOURCE and sets the result of each: failed when it is not what it was when it
  /// was walked, or changes meanwhile, else as `open_as_walked` has it.
  void read(const Source& source, std::span<WholeFile> files);

  /// How many files came by io_uring so far.
  std::size_t by_ring() const { return by_ring_; }

 private:
  FileRing* ring_for(const Source& source, std::size_t files);

  const ReadWay way_;
  bool has_waited_ = true;    ///< for what was read last; who knows at the beginning
  bool has_no_ring_ = false;  ///< it cannot be had, or failed
  std::unique_ptr<FileRing> ring_;
  std::size_t by_ring_ = 0;
};

}  // namespace cp::transfer
