// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <cstddef>
#include <string>

namespace cp::market {

/// A directory of one process for what it brings from servers, which goes with it. What a process
/// that was killed has left goes with the next one that is made beside it, where the file system
/// has locks. Not thread-safe, but for `file`.
class DownloadDirectory {
 public:
  /// One below PARENT, which is made where it is missing; cannot_create when that takes none.
  static Result<DownloadDirectory> create(const std::string& parent);
  DownloadDirectory(DownloadDirectory&& other) noexcept;
  DownloadDirectory& operator=(DownloadDirectory&&) = delete;
  ~DownloadDirectory();

  /// The path of file NUMBER in it.
  std::string file(std::size_t number) const;

 private:
  DownloadDirectory(std::string path, UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;  ///< empty: handed on
  UniqueFd lock_;     ///< of the directory, held for as long as it is used
};

}  // namespace cp::market
