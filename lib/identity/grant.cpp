// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "base/units.hpp"
#include "identity/identifier.hpp"
#include "identity/token.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace cp::identity {
namespace {

using model::Json;

constexpr std::size_t kMaxTargets = 64;

struct Operation {
  std::string_view op;
  std::array<std::string_view, 4> limits;
};
constexpr std::array<Operation, 5> kOperations{{
    {"read", {"path", "bytes"}},
    {"write", {"path", "bytes"}},
    {"run", {"targets", "cards", "cost"}},
    {"register", {"prefix", "quota", "bytes", "per_hour"}},
    {"state", {"prefix", "targets", "per_hour"}},
}};

tl::unexpected<Error> bad_grant(std::string_view name, std::string_view wanted) {
  return fail(Errc::bad_data, "{} of a grant is no {}", name, wanted);
}

Result<std::uint64_t> read_count(const Json& value, std::string_view name) {
  if (!value.is_number_unsigned()) {
    return bad_grant(name, "number from 0 on");
  }
  return value.get<std::uint64_t>();
}

Result<void> add_targets(const Json& value, Grant& grant) {
  if (!value.is_array() || value.empty() || value.size() > kMaxTargets) {
    return bad_grant("targets", "list of codes");
  }
  for (const Json& target : value) {
    const auto id = Identifier::parse(target.is_string() ? target.get<std::string>() : "");
    if (!id) {
      return bad_grant("targets", "list of codes");
    }
    grant.targets.push_back(id->text());
  }
  return {};
}

Result<void> add_limit(const std::string& name, const Json& value, Grant& grant) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (name == "path") {
    const bool leads_up =
        std::ranges::any_of(text::split(text, '/'), [](auto part) { return part == ".."; });
    if (!text.starts_with('/') || leads_up) {
      return bad_grant(name, "absolute path without ..");
    }
    grant.path = text;
  } else if (name == "prefix") {
    if (!is_prefix(text)) {
      return bad_grant(name, "prefix");
    }
    grant.prefix = text;
  } else if (name == "targets") {
    return add_targets(value, grant);
  } else if (name == "cost") {
    const Json whole{{"cost", value}};
    grant.cost = model::money_at(whole, "cost");
    if (!grant.cost) {
      return bad_grant(name, "money");
    }
  } else {
    CP_TRY_ASSIGN((name == "bytes"      ? grant.bytes
                   : name == "cards"    ? grant.cards
                   : name == "per_hour" ? grant.per_hour
                                        : grant.quota),
                  read_count(value, name));
  }
  return {};
}

// "path=/x" of a grant as people write it, in the form of the document.
Result<Json> value_of(std::string_view name, std::string_view text) {
  if (name == "bytes") {
    CP_TRY_ASSIGN(const std::uint64_t bytes, units::parse_bytes(text));
    return Json(bytes);
  }
  if (name == "cards" || name == "quota" || name == "per_hour") {
    const auto count = text::to_uint(text);
    return count ? Result<Json>(*count) : bad_grant(name, "number");
  }
  if (name == "cost") {
    CP_TRY_ASSIGN(const Money money, Money::parse(text));
    return model::to_json(money);
  }
  return Json(std::string(text));
}

}  // namespace

Result<Grant> read_grant(const Json& object) {
  const auto op = model::text_at(object, "op");
  const auto known = std::ranges::find(kOperations, op.value_or(""), &Operation::op);
  if (known == kOperations.end()) {
    return fail(Errc::bad_data, "'{}' is none of read, write, run, register, state",
                op.value_or(""));
  }
  Grant grant{*op, {}, {}, {}, {}, {}, {}, {}, {}};
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (member.key() == "op") {
      continue;
    }
    if (std::ranges::find(known->limits, member.key()) == known->limits.end()) {
      return fail(Errc::bad_data, "a grant to {} has no '{}'", *op, member.key());
    }
    CP_TRY(add_limit(member.key(), *member, grant));
  }
  return grant;
}

Json to_json(const Grant& grant) {
  Json object{{"op", grant.op}};
  const auto put = [&object](const char* name, const auto& value) {
    if (value) {
      object[name] = *value;
    }
  };
  put("path", grant.path);
  put("bytes", grant.bytes);
  if (!grant.targets.empty()) {
    object["targets"] = grant.targets;
  }
  put("cards", grant.cards);
  if (grant.cost) {
    object["cost"] = model::to_json(*grant.cost);
  }
  put("prefix", grant.prefix);
  put("quota", grant.quota);
  put("per_hour", grant.per_hour);
  return object;
}

namespace {

Result<Grant> grant_in(std::string_view text) {
  const auto cut = text::cut(text, ':');
  Json object{{"op", std::string(cut ? cut->before : text)}};
  for (const std::string_view part : text::split(cut ? cut->after : "", ',')) {
    const auto pair = text::cut(part, '=');
    if (part.empty() && !cut) {
      break;
    }
    if (!pair) {
      return fail(Errc::usage, "'{}' in a grant is no NAME=VALUE", part);
    }
    const std::string name(pair->before == "target" ? "targets" : pair->before);
    CP_TRY_ASSIGN(Json value, value_of(name, pair->after));
    if (name == "targets") {
      object[name].push_back(std::move(value));
    } else if (object.contains(name)) {
      return fail(Errc::usage, "'{}' stands twice in a grant", name);
    } else {
      object[name] = std::move(value);
    }
  }
  return read_grant(object);
}

}  // namespace

Result<Grant> parse_grant(std::string_view text) {
  auto grant = grant_in(text);
  return grant ? std::move(grant) : fail(Errc::usage, "{}", grant.error().message);
}

}  // namespace cp::identity
