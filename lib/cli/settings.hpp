// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <map>
#include <string>
#include <vector>

namespace cp::cli {

/// What the configuration files say: the user's, then the system's. A key that is in neither is
/// absent; the environment and the flags come on top elsewhere.
class Settings {
 public:
  struct Value {
    std::string text;
    std::string origin;  ///< the file
  };

  /// Reads USER_FILE (it must exist when it IS_NAMED by a flag) and /etc/cptools/config.toml.
  /// bad_config for malformed TOML, with its place, and for a file that others may write.
  static Result<Settings> load(const std::string& user_file, bool is_named);

  const Value* find(std::string_view key) const;
  /// Keys in the files that are not among KNOWN, with their origin.
  std::map<std::string, Value, std::less<>> unknown(const std::vector<std::string>& known) const;

 private:
  Result<void> add_file(const std::string& path, bool must_exist);

  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace cp::cli
