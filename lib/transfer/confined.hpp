// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace cp::transfer {

/// A directory that nothing leads out of (SECURITY §10): every path is taken relative to it, and no
/// symbolic link on the way is followed, whatever other processes do to the tree meanwhile. By
/// openat2(2) with RESOLVE_BENEATH where the kernel has it, else component by component. Paths are
/// as `check_path` allows them; the empty one is the directory itself. Safe on any thread.
class Confined {
 public:
  enum class Method { openat2, components };

  /// The directory at PATH, which is the user's own word and may hold links. not_found, denied.
  static Result<Confined> open(const std::string& path);
  static Result<Confined> open(const std::string& path, Method method);
  /// Takes over DIRECTORY.
  Confined(UniqueFd directory, Method method) : fd_(std::move(directory)), method_(method) {}

  int fd() const { return fd_.get(); }
  Method method() const { return method_; }

  /// Opens what PATH names with FLAGS of open(2) and O_NOFOLLOW; denied "… is a symbolic link" when
  /// a part of it is one, cannot_create when a part is no directory.
  Result<UniqueFd> open_beneath(std::string_view path, int flags) const;

  /// Opens the directory at PATH after making what is missing of it with MODE; how many of its last
  /// parts were made is in MADE.
  struct Opened {
    UniqueFd fd;
    int made = 0;
  };
  Result<Opened> make_directories(std::string_view path, mode_t mode) const;

  /// A Confined of the directory at PATH.
  Result<Confined> enter(std::string_view path) const;

 private:
  Result<UniqueFd> open_by_components(std::string_view path, int flags) const;

  UniqueFd fd_;
  Method method_;
};

/// The best method that this kernel lets us use.
Confined::Method confinement_method();

}  // namespace cp::transfer
