// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cp::transfer {

/// The command that began a transfer, so that it can be given again.
struct CommandLine {
  std::string directory;               ///< where it was given
  std::vector<std::string> arguments;  ///< without the name of the program
};

/// Whoever runs a transfer here writes its record down, so that its user finds it again: one file
/// each in a directory of the user, for a week. Losing it costs nothing but that.
class Catalog {
 public:
  /// DIRECTORY is made, with mode 0700, when something is written.
  explicit Catalog(std::string directory) : directory_(std::move(directory)) {}

  /// A transfer that this process runs. It counts as killed when this is gone without `end`.
  class Running {
   public:
    Running(UniqueFd fd, CommandLine command, std::string id)
        : fd_(std::move(fd)), command_(std::move(command)), id_(std::move(id)) {}
    /// Of the unfinished transfer that it goes on with; "" when there is none.
    const std::string& id() const { return id_; }
    /// What is known of it now; the last one is the end.
    void write(model::Json record) const;

   private:
    UniqueFd fd_;  ///< locked
    CommandLine command_;
    std::string id_;
  };

  /// Begins the entry of the transfer with KEY (32 hexadecimal digits); nullopt when another
  /// process runs it, or nothing can be written.
  std::optional<Running> begin(const std::string& key, CommandLine command) const;

  /// The records, the oldest first: each with `command` and `resumable`. Those that nobody has
  /// touched for a week are removed.
  std::vector<model::Json> list() const;

  /// Removes the entry of the transfer ID, which does not run.
  void forget(const std::string& id) const;

 private:
  std::string directory_;
};

}  // namespace cp::transfer
