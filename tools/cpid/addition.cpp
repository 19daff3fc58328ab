// SPDX-License-Identifier: Apache-2.0
#include "addition.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/money.hpp"
#include "cli/toml_file.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cpid {
namespace {

using cp::Errc;
using cp::Result;
using cp::model::Json;

// "14.50 CNY" is {"amount":"14.50","currency":"CNY"}.
Result<void> spell_money_out(Json& owner, const char* name) {
  const auto member = owner.is_object() ? owner.find(name) : owner.end();
  if (member == owner.end() || !member->is_string()) {
    return {};
  }
  const auto money = cp::Money::parse(member->get<std::string>());
  if (!money) {
    return cp::fail(Errc::bad_data, "{}: {}", name, money.error().message);
  }
  *member = cp::model::to_json(*money);
  return {};
}

Result<void> spell_prices_out(Json& addition, cp::UnixTime now) {
  CP_TRY(spell_money_out(addition, "egress_per_gb"));
  const auto prices = addition.find("prices");
  if (prices == addition.end() || !prices->is_array()) {
    return {};
  }
  for (Json& price : *prices) {
    CP_TRY(spell_money_out(price, "price"));
    if (price.is_object() && !price.contains("as_of")) {
      price["as_of"] = cp::format_time(std::chrono::floor<std::chrono::seconds>(now));
    }
  }
  return {};
}

// The short forms in ADDITION, and in its tables for single partitions, as cp.resource has them.
Result<void> spell_out(Json& addition, cp::UnixTime now) {
  if (const auto alias = cp::model::text_at(addition, "alias")) {
    addition["alias"] = Json::array({*alias});
  }
  CP_TRY(spell_prices_out(addition, now));
  const auto partitions = addition.find("partition");
  if (partitions == addition.end() || !partitions->is_object()) {
    return {};
  }
  for (Json& partition : *partitions) {
    if (partition.is_object()) {
      CP_TRY(spell_out(partition, now));
    }
  }
  return {};
}

}  // namespace

Result<Json> read_addition(const std::string& path, cp::UnixTime now) {
  CP_TRY_ASSIGN(const std::string source, cp::read_file(path, cp::limits::config_bytes));
  auto addition = cp::cli::parse_toml(source, path);
  if (!addition) {
    return cp::fail(Errc::bad_data, "{}", addition.error().message);
  }
  if (const auto spelled = spell_out(*addition, now); !spelled) {
    return cp::fail(Errc::bad_data, "{}: {}", path, spelled.error().message);
  }
  return addition;
}

void merge(Json& record, const Json& addition) {
  for (auto member = addition.begin(); member != addition.end(); ++member) {
    if (member->is_object() && record.contains(member.key()) && record[member.key()].is_object()) {
      merge(record[member.key()], *member);
    } else {
      record[member.key()] = *member;
    }
  }
}

void set_workdir(Json& record, const std::string& workdir) {
  const auto access = record.find("access");
  if (access == record.end() || !access->is_array()) {
    return;
  }
  for (Json& entry : *access) {
    if (cp::model::text_at(entry, "role") == "launch") {
      entry["workdir"] = cp::model::text_value(workdir);
    }
  }
}

}  // namespace cpid
