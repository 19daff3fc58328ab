// SPDX-License-Identifier: Apache-2.0
#include "cli/toml_file.hpp"

#include "base/time.hpp"

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <sstream>

namespace cp::cli {
namespace {

using model::Json;

Json to_json(const toml::node& node);

Json to_json(const toml::table& table) {
  Json object = Json::object();
  for (const auto& [name, member] : table) {
    object[std::string(name.str())] = to_json(member);
  }
  return object;
}

Json to_json(const toml::array& array) {
  Json list = Json::array();
  for (const toml::node& element : array) {
    list.push_back(to_json(element));
  }
  return list;
}

template <class DateOrTime>
Json as_text(const DateOrTime& value) {
  std::ostringstream out;
  out << value;
  const auto time = parse_time(out.str());
  return time ? format_time(*time) : out.str();
}

Json to_json(const toml::node& node) {
  return node.visit([](const auto& value) -> Json {
    using Node = std::decay_t<decltype(value)>;
    if constexpr (toml::is_table<Node> || toml::is_array<Node>) {
      return to_json(value);
    } else if constexpr (toml::is_date<Node> || toml::is_time<Node> || toml::is_date_time<Node>) {
      return as_text(value.get());
    } else {
      return value.get();
    }
  });
}

}  // namespace

Result<Json> parse_toml(std::string_view source, const std::string& name) {
  try {
    return to_json(toml::parse(source, name));
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return fail(Errc::bad_config, "{}:{}:{}: {}", name, at.line, at.column, error.description());
  }
}

}  // namespace cp::cli
