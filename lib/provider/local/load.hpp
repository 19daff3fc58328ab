// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cp::provider::local {

/// Threads that run or want to run just now, this one not counted; nullopt when /proc below ROOT
/// does not say. The middle one of a few looks within a millisecond.
std::optional<int> read_runnable(const std::string& root);

struct Memory {
  std::optional<std::uint64_t> total_bytes;
  std::optional<std::uint64_t> available_bytes;
};
/// The machine's memory, or what our control group may take of it when that is less.
Memory read_memory(const std::string& root);

}  // namespace cp::provider::local
