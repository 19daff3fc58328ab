// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace cp {

/// All of the file at PATH; not_found, denied, io, or bad_data past LIMIT bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit);

/// All of the file at PATH, which holds a secret or decides what runs: as read_file, and bad_config
/// when it is not a regular file of ours or root's, or others may write it (or, if SECRET, read
/// it).
Result<std::string> read_trusted_file(const std::string& path, std::size_t limit, bool secret);

/// Makes PATH and what is missing above it, each with MODE, each made durable in its parent
/// (SECURITY §7). No error when it is there already.
Result<void> make_directories(const std::string& path, mode_t mode);

/// Makes the names in the directory at PATH durable.
Result<void> sync_directory(const std::string& path);

/// The part of PATH before its last slash: "." when there is none, "/" for the root.
std::string parent_of(std::string_view path);
/// The part of PATH after its last slash, trailing slashes ignored.
std::string_view base_name(std::string_view path);
/// A and B with one slash between.
std::string path_join(std::string_view a, std::string_view b);

/// A file that appears under its name only when it is whole and durable: a temporary in the same
/// directory, fsync, rename, fsync of the directory (SECURITY §7). Dropped without `commit` it
/// leaves nothing behind, and neither does a process that is killed, where the file system has
/// files without a name (O_TMPFILE). Not thread-safe.
class AtomicFile {
 public:
  /// cannot_create when the directory does not take it.
  static Result<AtomicFile> create(const std::string& path, mode_t mode);
  /// The same for an output that the user names: a symbolic link is followed, a file that is
  /// replaced hands its mode and, where that is allowed, its owner on, and what is no regular file
  /// (a device, a FIFO) is written as it is. cannot_create for a directory, too.
  static Result<AtomicFile> create_output(const std::string& path, mode_t mode);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  int fd() const { return fd_.get(); }
  Result<void> write(std::string_view bytes);
  /// Puts the file in place, over what stood there. After an error nothing has changed, but for
  /// one: when the directory cannot be synced the file is there and may be gone after a power cut.
  Result<void> commit();
  /// As `commit`, but denied when PATH exists already.
  Result<void> commit_new();

 private:
  /// What the temporary file is: nothing, when the output is written as it is.
  enum class Temporary { none, nameless, named };

  AtomicFile(std::string path, std::string temporary, Temporary kind, UniqueFd fd);
  Result<void> name_temporary();
  Result<void> put_in_place(bool replace);
  Result<void> finish(bool replace);

  std::string path_;
  std::string temporary_;
  Temporary kind_;
  UniqueFd fd_;
};

/// Writes BYTES to PATH as AtomicFile does.
Result<void> write_file(const std::string& path, std::string_view bytes, mode_t mode);

/// Whether PATH lies on a file system that several hosts share (NFS, Lustre, GPFS, CIFS, …), by
/// statfs(2); false when nobody can tell.
bool is_on_network_file_system(const std::string& path);

}  // namespace cp
