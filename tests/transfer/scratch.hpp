// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace cp::transfer {

/// An empty directory for one test case; gone with everything in it at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return path_ + "/" + std::string(name); }
  /// Makes the directory NAME (and those above it) and returns its path.
  std::string make_directory(std::string_view name) const;
  /// Writes the file NAME, and makes the directories above it.
  void write(std::string_view name, std::string_view bytes) const;
  /// What is in the file NAME; aborts the test case when it is not there.
  std::string read(std::string_view name) const;
  bool has(std::string_view name) const;

 private:
  std::string path_;
};

}  // namespace cp::transfer
