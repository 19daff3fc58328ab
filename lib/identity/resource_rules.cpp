// SPDX-License-Identifier: Apache-2.0
#include "identity/resource_rules.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "identity/identifier.hpp"
#include "identity/url_rules.hpp"
#include "model/document.hpp"
#include "model/expression.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace cp::identity {
namespace {

using model::Json;

bool is_text(const Json& value) { return value.is_string(); }
bool is_object(const Json& value) { return value.is_object(); }
bool is_flag(const Json& value) { return value.is_boolean(); }

bool is_word(const Json& value) {
  const auto is_word_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._+-").find(c) != std::string_view::npos;
  };
  return is_text(value) && !value.get_ref<const std::string&>().empty() &&
         std::ranges::all_of(value.get_ref<const std::string&>(), is_word_character);
}

bool is_count(const Json& value) {
  return value.is_number_unsigned() ||
         (value.is_number_integer() && value.get<std::int64_t>() >= 0);
}
bool is_amount(const Json& value) { return is_count(value) && value.get<double>() >= 1; }
bool is_quantity(const Json& value) { return value.is_number() && value.get<double>() >= 0; }
bool is_positive(const Json& value) { return value.is_number() && value.get<double>() > 0; }
bool is_latitude(const Json& value) {
  return value.is_number() && value.get<double>() >= -90 && value.get<double>() <= 90;
}
bool is_longitude(const Json& value) {
  return value.is_number() && value.get<double>() >= -180 && value.get<double>() <= 180;
}
bool is_time(const Json& value) {
  return is_text(value) && value.get_ref<const std::string&>().ends_with('Z') &&
         parse_time(value.get_ref<const std::string&>());
}
bool is_money(const Json& value) {
  const auto money = model::money_at(Json{{"money", value}}, "money");
  return money && !money->amount.is_negative();
}
bool is_code(const Json& value) {
  return is_text(value) && flaw_in(value.get_ref<const std::string&>()) == Flaw::none;
}
bool is_alias_text(const Json& value) {
  return is_text(value) && is_alias(value.get_ref<const std::string&>());
}
bool is_prefix_text(const Json& value) {
  return is_text(value) && is_prefix(value.get_ref<const std::string&>());
}
bool is_country(const Json& value) {
  return is_text(value) && value.size() == 1 && value.get_ref<const std::string&>().size() == 2 &&
         std::ranges::all_of(value.get_ref<const std::string&>(),
                             [](char c) { return c >= 'A' && c <= 'Z'; });
}
bool is_url(const Json& value) {
  if (!is_text(value)) {
    return false;
  }
  const auto& url = value.get_ref<const std::string&>();
  const auto colon = url.find(':');
  return colon != std::string::npos && colon > 0 && is_word(url.substr(0, colon)) &&
         std::ranges::none_of(url, [](char c) { return (c >= 0 && c <= ' ') || c == '\x7F'; });
}
bool is_expression(const Json& value) {
  return is_text(value) && !value.get_ref<const std::string&>().empty() &&
         value.get_ref<const std::string&>().size() <= limits::expression_bytes;
}

struct Rule {
  std::string_view path;  ///< "[]" stands for each element of an array
  bool (*holds)(const Json& value);
  std::string_view wanted;
};

// As lib/model/schema/cp.resource-1.json has it; a test holds the two together.
constexpr Rule kRules[] = {
    {"kind", is_word, "a word"},
    {"id", is_code, "an identifier"},
    {"seq", is_count, "a whole number"},
    {"issued", is_time, "a time in UTC (RFC 3339)"},
    {"valid_until", is_time, "a time in UTC (RFC 3339)"},
    {"name", is_text, "a text"},
    {"alias[]", is_alias_text, "an alias (@label/name)"},
    {"also_known_as[]", is_object, "an object"},
    {"also_known_as[].scheme", is_word, "a word"},
    {"also_known_as[].id", is_text, "a text"},
    {"part_of", is_code, "an identifier"},
    {"provider", is_object, "an object"},
    {"provider.prefix", is_prefix_text, "a prefix"},
    {"provider.name", is_text, "a text"},
    {"place", is_object, "an object"},
    {"place.country", is_country, "two letters of ISO 3166-1"},
    {"place.region", is_text, "a text"},
    {"place.city", is_text, "a text"},
    {"place.zone", is_text, "a text"},
    {"place.lat", is_latitude, "degrees from -90 to 90"},
    {"place.lon", is_longitude, "degrees from -180 to 180"},
    {"nodes", is_amount, "a whole number from 1 on"},
    {"node", is_object, "an object"},
    {"node.cpu", is_object, "an object"},
    {"node.cpu.vendor", is_text, "a text"},
    {"node.cpu.model", is_text, "a text"},
    {"node.cpu.arch", is_text, "a text"},
    {"node.cpu.sockets", is_amount, "a whole number from 1 on"},
    {"node.cpu.cores", is_amount, "a whole number from 1 on"},
    {"node.cpu.threads", is_amount, "a whole number from 1 on"},
    {"node.cpu.clock_hz", is_positive, "a number above 0"},
    {"node.memory_bytes", is_amount, "a whole number from 1 on"},
    {"node.disk_bytes", is_count, "a whole number"},
    {"node.accelerators[]", is_object, "an object"},
    {"node.accelerators[].vendor", is_text, "a text"},
    {"node.accelerators[].model", is_text, "a text"},
    {"node.accelerators[].native_name", is_text, "a text"},
    {"node.accelerators[].count", is_amount, "a whole number from 1 on"},
    {"node.accelerators[].memory_bytes", is_amount, "a whole number from 1 on"},
    {"node.accelerators[].link", is_object, "an object"},
    {"node.accelerators[].link.type", is_word, "a word"},
    {"node.accelerators[].link.rate_bps", is_quantity, "a number from 0 on"},
    {"node.network[]", is_object, "an object"},
    {"node.network[].type", is_word, "a word"},
    {"node.network[].rate_bps", is_quantity, "a number from 0 on"},
    {"node.network[].rdma", is_flag, "true or false"},
    {"node.network[].count", is_amount, "a whole number from 1 on"},
    {"performance[]", is_object, "an object"},
    {"performance[].what", is_word, "a word"},
    {"performance[].format", is_word, "a word"},
    {"performance[].sparse", is_flag, "true or false"},
    {"performance[].basis", is_word, "a word"},
    {"performance[].per", is_word, "a word"},
    {"performance[].value", is_positive, "a number above 0"},
    {"performance[].source", is_text, "a text"},
    {"performance[].benchmark", is_text, "a text"},
    {"performance[].as_of", is_time, "a time in UTC (RFC 3339)"},
    {"prices[]", is_object, "an object"},
    {"prices[].terms", is_word, "a word"},
    {"prices[].unit", is_word, "a word"},
    {"prices[].price", is_money, R"(money: {"amount":"14.50","currency":"CNY"})"},
    {"prices[].quantum_s", is_quantity, "seconds"},
    {"prices[].minimum_s", is_quantity, "seconds"},
    {"prices[].as_of", is_time, "a time in UTC (RFC 3339)"},
    {"egress_per_gb", is_money, R"(money: {"amount":"0.10","currency":"CNY"})"},
    {"limits", is_object, "an object"},
    {"limits.walltime_s", is_quantity, "seconds"},
    {"limits.nodes_per_job", is_amount, "a whole number from 1 on"},
    {"access[]", is_object, "an object"},
    {"access[].role", is_word, "a word"},
    {"access[].url", is_url, "a URL"},
    {"access[].workdir", is_text, "a text"},
    {"access[].mounted_at", is_text, "a text"},
    {"access[].native", is_object, "an object"},
    {"policy", is_expression, "a condition of at most 4 KiB"},
    {"software[]", is_text, "a text"},
    {"ended", is_object, "an object"},
    {"ended.how", is_word, "a word"},
    {"ended.at", is_time, "a time in UTC (RFC 3339)"},
    {"ended.why", is_text, "a text"},
    {"ended.successor", is_code, "an identifier"},
};

// Members that must be there when their parent is.
struct Need {
  std::string_view parent;
  std::string_view member;
};
constexpr Need kNeeds[] = {
    {"", "kind"},
    {"also_known_as[]", "scheme"},
    {"also_known_as[]", "id"},
    {"node.accelerators[]", "count"},
    {"node.network[]", "type"},
    {"performance[]", "what"},
    {"performance[]", "basis"},
    {"performance[]", "value"},
    {"prices[]", "unit"},
    {"prices[]", "price"},
    {"access[]", "role"},
    {"access[]", "url"},
    {"ended", "how"},
    {"ended", "at"},
};

// Each of them is looked up and kept by itself.
struct Most {
  std::string_view list;
  std::size_t entries;
};
constexpr Most kMost[] = {{"alias", kMostAliases}, {"also_known_as", kMostForeignCodes}};

// Calls VISIT(value, place) for what stands at PATH below VALUE; PLACE names it with indices.
template <class Visit>
Result<void> walk(const Json& value, std::string_view path, const std::string& place,
                  const Visit& visit) {
  if (path.starts_with("[]")) {
    if (!value.is_array()) {
      return fail(Errc::bad_data, "{} is no array", place);
    }
    path.remove_prefix(path.size() > 2 ? 3 : 2);
    for (std::size_t i = 0; i < value.size(); ++i) {
      CP_TRY(walk(value[i], path, fmt::format("{}[{}]", place, i), visit));
    }
    return {};
  }
  if (path.empty()) {
    return visit(value, place);
  }
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  const std::string name(path.substr(0, end));
  const auto member = value.is_object() ? value.find(name) : value.end();
  if (member == value.end() || member->is_null()) {
    return {};
  }
  path.remove_prefix(end);
  path.remove_prefix(path.starts_with('.') ? 1 : 0);
  return walk(*member, path, place.empty() ? name : place + "." + name, visit);
}

Result<void> check_rule(const Json& record, const Rule& rule) {
  return walk(record, rule.path, "",
              [&rule](const Json& value, const std::string& place) -> Result<void> {
                if (!rule.holds(value)) {
                  return fail(Errc::bad_data, "{} is not {}", place, rule.wanted);
                }
                return {};
              });
}

Result<void> check_most(const Json& record, const Most& most) {
  const Json* list = model::find(record, most.list);
  if (list != nullptr && list->is_array() && list->size() > most.entries) {
    return fail(Errc::bad_data, "{} has {} entries, and at most {} are taken", most.list,
                list->size(), most.entries);
  }
  return {};
}

Result<void> check_need(const Json& record, const Need& need) {
  return walk(record, need.parent, "",
              [&need](const Json& value, const std::string& place) -> Result<void> {
                if (model::find(value, need.member) == nullptr) {
                  return fail(Errc::bad_data, "{}{}{} is missing", place, place.empty() ? "" : ".",
                              need.member);
                }
                return {};
              });
}

// One signature, or those of both owners of what went from one to the other.
Result<void> check_proof(const Json& record, const Json& proof) {
  constexpr std::size_t kMostSignatures = 2;
  if (proof.is_array() && (proof.empty() || proof.size() > kMostSignatures)) {
    return fail(Errc::bad_data, "proof has {} signatures, not 1 or {}", proof.size(),
                kMostSignatures);
  }
  for (const char* member : {"jws", "key"}) {
    CP_TRY(check_need(record, {proof.is_array() ? "proof[]" : "proof", member}));
  }
  return {};
}

// DESIGN §4: a figure says its number format, and dense or sparse; a measured one by what and when.
Result<void> check_figure(const Json& figure, const std::string& place) {
  const bool flops = model::text_at(figure, "what") == "flops";
  const bool measured = model::text_at(figure, "basis") == "measured";
  for (const auto& [needed, member] :
       {std::pair{flops, "format"}, std::pair{flops, "sparse"}, std::pair{measured, "benchmark"},
        std::pair{measured, "as_of"}}) {
    if (needed && model::find(figure, member) == nullptr) {
      return fail(Errc::bad_data, "{}.{} is missing", place, member);
    }
  }
  return {};
}

// What a release does not know it cannot follow, and it must not take for a resource that is there.
bool is_end(std::string_view how) {
  return how == "tombstone" || how == "revoked" || how == "moved" || how == "merged";
}

Result<void> check_unit(const Json& price, const std::string& place) {
  const std::string unit = model::text_at(price, "unit").value_or("");
  if (unit != "node-hour" && unit != "card-hour" && unit != "core-hour") {
    return with_hint(fail(Errc::bad_data, "{}.unit is '{}', and nobody bills by that", place, unit),
                     "node-hour, card-hour or core-hour");
  }
  return {};
}

Result<void> check_access(const Json& access, const std::string& place) {
  const auto checked = check_url(model::text_at(access, "url").value_or(""),
                                 model::text_at(access, "role") == "launch");
  if (!checked) {
    return with_hint(fail(Errc::bad_data, "{}.url: {}", place, checked.error().message),
                     checked.error().hint);
  }
  return {};
}

Result<void> check_policy(const Json& record) {
  const auto policy = model::text_at(record, "policy");
  if (!policy) {
    return {};
  }
  if (const auto condition = model::parse_condition(*policy); !condition) {
    return with_hint(fail(Errc::bad_data, "policy: {}", condition.error().message),
                     condition.error().hint);
  }
  return {};
}

}  // namespace

Result<void> check_end(const Json& record) {
  const Json* end = model::find(record, "ended");
  if (end == nullptr) {
    return {};
  }
  if (!end->is_object()) {
    return fail(Errc::bad_data, "ended is not an object");
  }
  const std::string how = model::text_at(*end, "how").value_or("");
  if (!is_end(how)) {
    return fail(Errc::bad_data, "ended.how is '{}', not tombstone, revoked, moved or merged", how);
  }
  const Json* at = model::find(*end, "at");
  if (at != nullptr && !is_time(*at)) {
    return fail(Errc::bad_data, "ended.at is not a time in UTC (RFC 3339)");
  }
  const bool has_successor = how == "moved" || how == "merged";
  const Json* successor = model::find(*end, "successor");
  if (has_successor != (successor != nullptr)) {
    return fail(Errc::bad_data, "ended.successor {}, and ended.how is {}",
                has_successor ? "is missing" : "stands there", how);
  }
  if (successor != nullptr && !is_code(*successor)) {
    return fail(Errc::bad_data, "ended.successor is not an identifier");
  }
  return {};
}

Result<void> check_usable(const Json& record) {
  CP_TRY(walk(record, "prices[]", "", check_unit));
  CP_TRY(walk(record, "access[]", "", check_access));
  return check_policy(record);
}

Result<void> check_resource(const Json& record) {
  if (!record.is_object()) {
    return fail(Errc::bad_data, "a cp.resource/1 is wanted, and this is no object");
  }
  CP_TRY(model::require(record, "cp.resource"));
  for (const Most& most : kMost) {
    CP_TRY(check_most(record, most));
  }
  for (const Rule& rule : kRules) {
    CP_TRY(check_rule(record, rule));
  }
  for (const Need& need : kNeeds) {
    CP_TRY(check_need(record, need));
  }
  // What a signature must cover.
  if (const Json* proof = model::find(record, "proof")) {
    CP_TRY(check_proof(record, *proof));
    for (const std::string_view member : {"id", "seq", "issued", "valid_until"}) {
      CP_TRY(check_need(record, {"", member}));
    }
  }
  CP_TRY(check_end(record));
  return walk(record, "performance[]", "", check_figure);
}

}  // namespace cp::identity
