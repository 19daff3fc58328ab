// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace cp::transfer {

/// The directory `.cpxfer/ID` below the root of a destination, mode 0700, in which files of one
/// transfer grow until they are whole. (Where `.cpxfer` belongs to another user it is
/// `.cpxfer-ID`.) It is locked while its transfer lives; whoever comes next removes what a killed
/// one left. The journal of a transfer has its place here, too. Safe on any thread after opening.
class Staging {
 public:
  /// Borrows ROOT. cannot_create, denied.
  static Result<std::unique_ptr<Staging>> open(const Confined& root, const std::string& id);
  /// Removes it and everything in it.
  ~Staging();
  /// What `open` made; use that.
  Staging(const Confined& root, UniqueFd shared, UniqueFd fd, std::string name)
      : root_(root), shared_(std::move(shared)), fd_(std::move(fd)), name_(std::move(name)) {}
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  int fd() const { return fd_.get(); }
  /// A name in it that nobody has used.
  std::string next_name();

 private:
  const Confined& root_;
  UniqueFd shared_;  ///< `.cpxfer`, when it is ours
  UniqueFd fd_;
  std::string name_;  ///< in shared_, else in the root
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace cp::transfer
