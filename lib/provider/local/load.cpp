// SPDX-License-Identifier: Apache-2.0
#include "provider/local/load.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "provider/local/sysfs.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace cp::provider::local {
namespace {

constexpr int kLooks = 5;
constexpr std::chrono::microseconds kBetweenLooks{200};

// "0.20 0.18 0.12 1/80 11206": the fourth field's first number counts the runnable ones, us too.
std::optional<int> look_at_run_queue(const std::string& root) {
  const auto line = read_word(path_join(root, "proc/loadavg"));
  const auto fields = text::split(line ? *line : std::string_view(), ' ');
  const auto cut = fields.size() > 3 ? text::cut(fields[3], '/') : std::nullopt;
  const auto runnable = cut ? text::to_int(cut->before) : std::nullopt;
  return runnable ? std::optional(static_cast<int>(std::max<std::int64_t>(*runnable - 1, 0)))
                  : std::nullopt;
}

// "MemTotal:       24684092 kB"
std::optional<std::uint64_t> kilobytes_in(const std::string& meminfo, std::string_view key) {
  const auto value = field_in(meminfo, key);
  const auto cut = value ? text::cut(*value, ' ') : std::nullopt;
  const auto number = cut && cut->after == "kB" ? text::to_uint(cut->before) : std::nullopt;
  return number ? std::optional(*number * 1024) : std::nullopt;
}

// The limit and use of the control group (version 2) that we are in.
struct GroupMemory {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> used;
};

GroupMemory read_group(const std::string& root) {
  const auto text = read_word(path_join(root, "proc/self/cgroup"));
  for (const std::string_view line : text::split(text ? *text : std::string_view(), '\n')) {
    if (line.starts_with("0::/")) {
      const std::string folder = path_join(root, "sys/fs/cgroup" + std::string(line.substr(3)));
      return {read_integer(path_join(folder, "memory.max")),
              read_integer(path_join(folder, "memory.current"))};
    }
  }
  return {};
}

}  // namespace

std::optional<int> read_runnable(const std::string& root) {
  std::vector<int> looks;
  for (int i = 0; i < kLooks; ++i) {
    if (i > 0) {
      std::this_thread::sleep_for(kBetweenLooks);
    }
    const auto runnable = look_at_run_queue(root);
    if (!runnable) {
      return std::nullopt;
    }
    looks.push_back(*runnable);
  }
  std::ranges::nth_element(looks, looks.begin() + kLooks / 2);
  return looks[kLooks / 2];
}

Memory read_memory(const std::string& root) {
  const auto meminfo = read_word(path_join(root, "proc/meminfo")).value_or("");
  Memory memory{kilobytes_in(meminfo, "MemTotal"), kilobytes_in(meminfo, "MemAvailable")};
  const GroupMemory group = read_group(root);
  if (group.limit && *group.limit > 0 && memory.total_bytes) {
    const auto limit = static_cast<std::uint64_t>(*group.limit);
    memory.total_bytes = std::min(*memory.total_bytes, limit);
    const auto used = static_cast<std::uint64_t>(std::max<std::int64_t>(group.used.value_or(0), 0));
    const std::uint64_t left = limit > used ? limit - used : 0;
    memory.available_bytes = std::min(memory.available_bytes.value_or(left), left);
  }
  return memory;
}

}  // namespace cp::provider::local
