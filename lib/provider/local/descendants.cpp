// SPDX-License-Identifier: Apache-2.0
#include "provider/local/descendants.hpp"

#include "base/directory.hpp"
#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <signal.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <unordered_map>

namespace cp::provider::local {
namespace {

constexpr std::size_t kEnvironmentBytes = 16U << 20U;

/// The parent of PID, 0 when it is gone or a zombie.
pid_t parent_of_process(const std::string& pid) {
  const auto stat = read_file("/proc/" + pid + "/stat", 4096);
  // The command, in parentheses, may hold anything; proc(5) counts on from behind its last one.
  const auto rest = stat ? text::cut_last(*stat, ')') : std::nullopt;
  if (!rest) {
    return 0;
  }
  const auto fields = text::split(text::trim(rest->after), ' ');
  const auto parent = fields.size() > 1 ? text::to_int(fields[1]) : std::nullopt;
  return parent && fields[0] != "Z" ? static_cast<pid_t>(*parent) : 0;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> found;
  const Directory directory(::opendir("/proc"));
  while (const dirent* const entry = directory ? ::readdir(directory.get()) : nullptr) {
    if (const auto pid = text::to_int(entry->d_name)) {
      found.push_back(static_cast<pid_t>(*pid));
    }
  }
  return found;
}

std::unordered_multimap<pid_t, pid_t> children_of_all() {
  std::unordered_multimap<pid_t, pid_t> children;
  for (const pid_t pid : all_processes()) {
    children.emplace(parent_of_process(std::to_string(pid)), pid);
  }
  return children;
}

bool has_variable(pid_t pid, std::string_view variable) {
  const auto environment = read_file(fmt::format("/proc/{}/environ", pid), kEnvironmentBytes);
  if (!environment) {
    return false;
  }
  const auto entries = text::split(*environment, '\0');
  return std::ranges::find(entries, variable) != entries.end();
}

}  // namespace

std::vector<pid_t> descendants() {
  const auto children = children_of_all();
  std::vector<pid_t> found{::getpid()};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    std::for_each(first, last, [&](const auto& pair) { found.push_back(pair.second); });
  }
  found.erase(found.begin());
  return found;
}

void signal_descendants(int signal_number) {
  for (const pid_t pid : descendants()) {
    ::kill(pid, signal_number);
  }
}

std::vector<pid_t> processes_with(std::string_view variable) {
  auto found = all_processes();
  std::erase_if(found,
                [&](pid_t pid) { return pid == ::getpid() || !has_variable(pid, variable); });
  return found;
}

}  // namespace cp::provider::local
