// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/frame.hpp"
#include "transfer/small_files.hpp"
#include "transfer/work.hpp"

#include <optional>
#include <span>

namespace cp::transfer {

/// Is told what reading the sources brings beside the bytes. Safe on any thread.
class ReadEvents {
 public:
  virtual ~ReadEvents() = default;
  /// The last leaf of a file was read.
  virtual Result<void> file_ended(const SourceFile& file, const FileEnd& end) = 0;
  /// A file failed at its source; with an id it had been announced.
  virtual Result<void> source_failed(const Source& source, const Entry& entry,
                                     const Error& error) = 0;
};

/// Reads WORK into SLOT (of limits::chunk_bytes) and returns the header of the chunk, hashed, but
/// without its sequence; small files by SMALL. nullopt when there is nothing to send: the file was
/// given up or failed. An error is one of EVENTS and ends the transfer.
Result<std::optional<ChunkHeader>> read_chunk(const Work& work, std::span<std::byte> slot,
                                              SmallFiles& small, ReadEvents& events);

}  // namespace cp::transfer
