// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "cli/flag_table.hpp"
#include "cli/toml_file.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unistd.h>

namespace cp::cli {
namespace {

constexpr const char* kSystemFile = "/etc/cptools/config.toml";

std::string text_of(const model::Json& value) {
  return value.is_string() ? value.get<std::string>() : model::to_line(value);
}

}  // namespace

Result<Settings> Settings::load(const std::string& user_file, bool is_named) {
  Settings settings;
  CP_TRY(settings.add_file(kSystemFile, false));
  CP_TRY(settings.add_file(user_file, is_named));
  return settings;
}

// Of two files, the later one wins.
Result<void> Settings::add_file(const std::string& path, bool must_exist) {
  if (!must_exist && ::access(path.c_str(), F_OK) != 0) {
    return {};
  }
  CP_TRY_ASSIGN(const std::string source, read_trusted_file(path, limits::config_bytes, false));
  const auto add_table = [&](const auto& self, const model::Json& table,
                             const std::string& prefix) -> void {
    for (auto member = table.begin(); member != table.end(); ++member) {
      const std::string key = prefix + member.key();
      if (member->is_object()) {
        self(self, *member, key + ".");
      } else {
        values_[key] = Value{text_of(*member), path};
      }
    }
  };
  CP_TRY_ASSIGN(const model::Json table, parse_toml(source, path));
  add_table(add_table, table, "");
  return {};
}

const Settings::Value* Settings::find(std::string_view key) const {
  const auto entry = values_.find(key);
  return entry == values_.end() ? nullptr : &entry->second;
}

std::map<std::string, Settings::Value, std::less<>> Settings::unknown(
    const std::vector<std::string>& known) const {
  std::map<std::string, Value, std::less<>> out;
  for (const auto& [key, value] : values_) {
    if (std::ranges::find(known, key) == known.end()) {
      out.emplace(key, value);
    }
  }
  return out;
}

}  // namespace cp::cli
