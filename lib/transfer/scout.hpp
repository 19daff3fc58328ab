// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/owner_names.hpp"
#include "transfer/walk.hpp"

#include <memory>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace cp::transfer {

/// What a look at one name of a source gave.
struct Sight {
  enum class Kind {
    found,
    not_movable,  ///< the entry has the path alone
    too_old,      ///< the same
    left_out,     ///< the same
  };
  Kind kind = Kind::found;
  bool is_entered = false;  ///< a directory whose contents are looked at, too
  Entry entry;
  std::unique_ptr<const Error> why;  ///< of what is not movable
};

/// Looks at what stands in a source, one name at a time. Safe on any thread.
class Scout {
 public:
  /// Borrows both.
  Scout(const Source& source, const WalkOptions& options) : source_(source), options_(options) {}

  /// What NAME in the open directory AT is, which is PATH of the source; with "" the directory
  /// itself.
  Sight look(int at, const std::string& name, const std::string& path);
  /// What PATH of the source is, opened anew.
  Sight look_beneath(const std::string& path);

  /// Directories of another file system than DEVICE are not entered, if OPTIONS say so. Before
  /// other threads look.
  void stay_on(dev_t device) { device_ = device; }

 private:
  Result<void> read_extras(int at, const std::string& name, const struct stat& status,
                           Entry& entry);
  bool is_excluded(const std::string& path, const struct stat& status) const;
  bool is_too_old(const struct stat& status) const;
  Result<void> describe(int at, const std::string& name, const struct stat& status, Sight& sight);
  Result<void> describe_directory(const struct stat& status, Sight& sight) const;
  Result<void> describe_file(const struct stat& status, Entry& entry) const;

  const Source& source_;
  const WalkOptions& options_;
  OwnerNames names_;
  std::optional<dev_t> device_;
};

/// That PATH cannot be moved.
Sight not_movable(std::string path, const Error& why);

}  // namespace cp::transfer
