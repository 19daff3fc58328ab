// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Small readers of /proc and /sys. What is not there, or is not what it should be, is unknown:
/// nullopt or empty, never an error.
namespace cp::provider::local {

/// The file at PATH without blanks around it.
std::optional<std::string> read_word(const std::string& path);
std::optional<std::int64_t> read_integer(const std::string& path);
/// A number written "0x10de".
std::optional<std::uint32_t> read_hex(const std::string& path);
/// The names in the directory at PATH, sorted, without those that begin with a dot.
std::vector<std::string> names_in(const std::string& path);
/// The numbers in a list such as "0-3,8,10-11".
std::set<int> parse_cpu_list(std::string_view text);
/// The value behind "KEY" and a colon in TEXT, the first that occurs ("model name : Xeon").
std::optional<std::string> field_in(std::string_view text, std::string_view key);

}  // namespace cp::provider::local
