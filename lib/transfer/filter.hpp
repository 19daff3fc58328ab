// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cp::transfer {

/// Which things of a tree travel, by rsync's include and exclude patterns (rsync(1), "PATTERN
/// MATCHING RULES"): of the rules in their order the first that matches decides, and what none
/// matches travels. What is in an excluded directory is not looked at.
class Filter {
 public:
  /// RULE is "+ PATTERN" (include) or "- PATTERN" (exclude). usage for anything else.
  Result<void> add(std::string_view rule);

  /// Whether PATH of a transfer is left out.
  bool excludes(std::string_view path, bool is_directory) const;

  /// The rules as they were added.
  const std::vector<std::string>& rules() const { return texts_; }

 private:
  struct Rule {
    bool includes = false;
    bool is_anchored = false;         ///< begins at the root of the transfer
    bool is_for_directories = false;  ///< ended in "/"
    bool takes_contents = false;      ///< ended in "/***": the directory and all in it
    bool is_for_names = false;        ///< judges the last part of a path alone
    bool is_literal = false;          ///< has no wildcard, so a backslash is one
    std::string pattern;
  };
  static bool fits(const Rule& rule, std::string_view part, bool is_directory);
  static bool matches(const Rule& rule, std::string_view path, bool is_directory);

  std::vector<std::string> texts_;
  std::vector<Rule> rules_;
};

/// Whether PATTERN matches all of TEXT: "?" is a byte and "*" any number of them, but for "/"; "**"
/// any number whatsoever; "[a-z]", "[!a-z]" and "[[:digit:]]" one of a set, never "/"; a backslash
/// takes the next byte as it is. Time is at most the product of both lengths for each "**".
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace cp::transfer
