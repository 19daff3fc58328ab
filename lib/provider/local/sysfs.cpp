// SPDX-License-Identifier: Apache-2.0
#include "provider/local/sysfs.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace cp::provider::local {
namespace {

// Larger than any file of /proc and /sys that is read here, on a machine of 10,000 CPUs.
constexpr std::size_t kMaxFile = 32U << 20U;
constexpr int kMaxCpu = 1 << 20;

}  // namespace

std::optional<std::string> read_word(const std::string& path) {
  const auto bytes = read_file(path, kMaxFile);
  if (!bytes) {
    return std::nullopt;
  }
  const std::string_view word = text::trim(*bytes);
  return word.empty() ? std::nullopt : std::optional(std::string(word));
}

std::optional<std::int64_t> read_integer(const std::string& path) {
  const auto word = read_word(path);
  return word ? text::to_int(*word) : std::nullopt;
}

std::optional<std::uint32_t> read_hex(const std::string& path) {
  const auto word = read_word(path);
  if (!word || !word->starts_with("0x")) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  const char* const end = word->data() + word->size();
  const auto [at, error] = std::from_chars(word->data() + 2, end, value, 16);
  return error == std::errc{} && at == end ? std::optional(value) : std::nullopt;
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    if (std::string name = entry->path().filename(); !name.starts_with('.')) {
      names.push_back(std::move(name));
    }
    entry.increment(error);
  }
  std::ranges::sort(names);
  return names;
}

std::set<int> parse_cpu_list(std::string_view text) {
  std::set<int> cpus;
  for (const std::string_view part : text::split(text::trim(text), ',')) {
    const auto cut = text::cut(part, '-');
    const auto first = text::to_int(cut ? cut->before : part);
    const auto last = cut ? text::to_int(cut->after) : first;
    if (!first || !last || *first < 0 || *last >= kMaxCpu) {
      return {};
    }
    for (std::int64_t cpu = *first; cpu <= *last; ++cpu) {
      cpus.insert(static_cast<int>(cpu));
    }
  }
  return cpus;
}

std::optional<std::string> field_in(std::string_view text, std::string_view key) {
  for (const std::string_view line : text::split(text, '\n')) {
    const auto cut = text::cut(line, ':');
    if (cut && text::trim(cut->before) == key) {
      return std::string(text::trim(cut->after));
    }
  }
  return std::nullopt;
}

}  // namespace cp::provider::local
