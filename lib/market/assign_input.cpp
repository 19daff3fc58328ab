// SPDX-License-Identifier: Apache-2.0
#include "market/assign.hpp"
#include "market/resource_rows.hpp"
#include "model/document.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace cp::market {
namespace {

using model::Json;

// What says which one a resource is, and not what it is.
constexpr std::array<const char*, 9> kNames{
    "name", "id", "alias", "also_known_as", "seq", "proof", "issued", "valid_until", "nodes"};

constexpr double kMostPriority = 1e15;
constexpr double kLongest = 1e10;  ///< seconds
constexpr std::int64_t kMostMemberNodes = 1'000'000;
constexpr std::size_t kMostPolicies = 10'000;  ///< that are remembered

// The number of DOCUMENT at PATH; bad_data for one that is not from LEAST to MOST.
Result<std::optional<double>> bounded_number(const Json& document, std::string_view path,
                                             double least, double most, const std::string& who) {
  const Json* value = model::find(document, path);
  if (value == nullptr || value->is_null()) {
    return std::optional<double>{};
  }
  const auto number = model::number_at(document, path);
  if (!number || !(*number >= least && *number <= most)) {
    return fail(Errc::bad_data, "{}: {} has to be a number from {} to {}", who, path, least, most);
  }
  return number;
}

// The amounts of DOCUMENT at PATH; bad_data for one that is no whole number from 1 on.
Result<std::optional<std::int64_t>> whole_amount(const Json& document, std::string_view path,
                                                 const std::string& who) {
  const Json* value = model::find(document, path);
  if (value == nullptr || value->is_null()) {
    return std::optional<std::int64_t>{};
  }
  const auto number = model::number_at(document, path);
  if (!number || *number < 1 || *number > 9e15 || *number != std::floor(*number)) {
    return fail(Errc::bad_data, "{}: {} has to be a whole number from 1 on", who, path);
  }
  return std::optional(static_cast<std::int64_t>(*number));
}

// The text of DOCUMENT at PATH, "" where there is none; bad_data for anything but a text, which
// would be a wish that nobody hears.
Result<std::string> text_member(const Json& document, std::string_view path,
                                const std::string& who) {
  const Json* value = model::find(document, path);
  if (value == nullptr || value->is_null()) {
    return std::string();
  }
  const auto text = model::text_at(document, path);
  return text ? Result<std::string>(*text)
              : fail(Errc::bad_data, "{}: {} has to be a text", who, path);
}

Result<void> read_cards(const Json& document, const std::string& who, AssignDemand& demand) {
  const Json* gpu = model::find(document, "gpu");
  if (gpu == nullptr || gpu->is_null()) {
    return {};
  }
  if (!gpu->is_object()) {
    return fail(Errc::bad_data, "{}: gpu has to hold count, models, memory_bytes or vendor", who);
  }
  demand.wants_cards = true;
  CP_TRY_ASSIGN(demand.vendor, text_member(document, "gpu.vendor", who));
  CP_TRY_ASSIGN(demand.cards, whole_amount(document, "gpu.count", who));
  CP_TRY_ASSIGN(demand.card_memory_bytes, whole_amount(document, "gpu.memory_bytes", who));
  const Json* models = model::find(*gpu, "models");
  const bool has_models = models != nullptr && !models->is_null();
  if (has_models && !models->is_array()) {
    return fail(Errc::bad_data, "{}: gpu.models has to be a list of names", who);
  }
  for (const Json& name : has_models ? *models : Json::array()) {
    if (!name.is_string()) {
      return fail(Errc::bad_data, "{}: gpu.models has to be a list of names", who);
    }
    demand.models.push_back(model::AcceleratorName::recognise(name.get<std::string>()));
  }
  return {};
}

Result<void> read_price(const Json& document, const std::string& who, AssignDemand& demand) {
  const Json* price = model::find(document, "max_price");
  if (price == nullptr || price->is_null()) {
    return {};
  }
  const std::string amount = model::text_at(*price, "amount").value_or("");
  const auto decimal = Decimal::parse(amount);
  const std::string currency = model::text_at(*price, "currency").value_or("");
  const std::string per = model::text_at(*price, "per").value_or("");
  if (!decimal || !is_currency(currency) || (per != "hour" && per != "card-hour" && per != "job")) {
    return fail(Errc::bad_data, "{}: max_price has to have amount, currency and per", who);
  }
  if (per == "job" && !demand.duration_s) {
    return fail(Errc::bad_data, "{}: a price for the job needs duration_s", who);
  }
  demand.max_price = AssignDemand::MaxPrice{Money{*decimal, currency}, per};
  return {};
}

Result<void> read_condition(const Json& document, const std::string& who,
                            const std::string& currency, AssignDemand& demand) {
  CP_TRY_ASSIGN(demand.where, text_member(document, "where", who));
  if (demand.where.empty()) {
    return {};
  }
  auto condition = model::parse_condition(demand.where, {currency, true});
  if (!condition) {
    return fail(Errc::bad_data, "{}: {}", who, condition.error().message);
  }
  for (const model::Field* field : model::fields_of(*condition)) {
    if (field->scope == model::Scope::offer) {
      return fail(Errc::bad_data,
                  "{}: where names {}, which an assignment decides: use max_price for prices", who,
                  field->name);
    }
    if (field->scope == model::Scope::demand) {
      demand.condition_reads_demand = true;
      continue;
    }
    if (std::any_of(kNames.begin(), kNames.end(),
                    [&](std::string_view name) { return name == field->path; })) {
      return fail(Errc::bad_data, "{}: where names {}: leave other resources out of --resources",
                  who, field->name);
    }
  }
  demand.condition = std::make_shared<const model::Condition>(*std::move(condition));
  return {};
}

}  // namespace

Result<AssignDemand> assign_demand(Json document, std::size_t number, const std::string& currency) {
  const std::string who = fmt::format("demand {}", number);
  if (!model::is_a(document, "cp.demand")) {
    return fail(Errc::bad_data, "{}: this is no cp.demand/1", who);
  }
  AssignDemand demand;
  CP_TRY_ASSIGN(demand.name, text_member(document, "name", who));
  CP_TRY_ASSIGN(demand.owner, text_member(document, "owner", who));
  const Json* trust = model::find(document, "trust");
  if (trust != nullptr && !trust->empty()) {
    return fail(Errc::bad_data,
                "{}: trust is not judged here: leave resources that it does not allow out of "
                "--resources",
                who);
  }
  CP_TRY_ASSIGN(const auto priority,
                bounded_number(document, "priority", -kMostPriority, kMostPriority, who));
  demand.priority = static_cast<std::int64_t>(priority.value_or(0));
  CP_TRY_ASSIGN(const auto nodes, whole_amount(document, "nodes", who));
  demand.nodes = nodes.value_or(1);
  CP_TRY_ASSIGN(demand.cpus, whole_amount(document, "cores", who));
  CP_TRY_ASSIGN(demand.memory_bytes, whole_amount(document, "memory_bytes", who));
  CP_TRY_ASSIGN(demand.disk_bytes, whole_amount(document, "disk_bytes", who));
  CP_TRY_ASSIGN(demand.fabric_bps, bounded_number(document, "fabric_bps", 0, kMostPriority, who));
  CP_TRY_ASSIGN(demand.duration_s, bounded_number(document, "duration_s", 0, kLongest, who));
  CP_TRY(read_cards(document, who, demand));
  CP_TRY(read_price(document, who, demand));
  CP_TRY(read_condition(document, who, currency, demand));
  demand.document = std::move(document);
  return demand;
}

Pools::Pools(const std::vector<AssignDemand>& demands) {
  for (const AssignDemand& demand : demands) {
    if (!demand.condition) {
      continue;
    }
    for (const model::Field* field : model::fields_of(*demand.condition)) {
      tells_provider_ = tells_provider_ || field->path.starts_with("provider");
      tells_place_ = tells_place_ || field->path.starts_with("place");
    }
  }
}

// What of kNames POLICY reads, which makes resources differ that it judges by them.
const std::vector<std::string>& Pools::names_read_by(const std::string& policy) {
  if (names_of_policy_.size() == kMostPolicies) {
    names_of_policy_.clear();
  }
  const auto [known, is_new] = names_of_policy_.try_emplace(policy);
  const auto condition = is_new && !policy.empty()
                             ? model::parse_condition(policy)
                             : tl::unexpected<Error>(Error{Errc::usage, {}, {}});
  if (condition) {
    for (const model::Field* field : model::fields_of(*condition)) {
      if (field->scope == model::Scope::resource) {
        known->second.emplace_back(field->path.substr(0, field->path.find('.')));
      }
    }
  }
  return known->second;
}

Result<bool> Pools::add(Json resource) {
  const bool is_offer = model::is_a(resource, "cp.offer");
  if (!is_offer && !model::is_a(resource, "cp.resource")) {
    return fail(Errc::bad_data, "this is neither a cp.resource/1 nor a cp.offer/1");
  }
  const std::string verdict = model::text_at(resource, "availability.verdict").value_or("");
  Pool::Member member{
      .name = model::text_at(resource, "name").value_or(""),
      .provider = model::text_at(resource, "provider.name").value_or(""),
      .resource = model::text_at(resource, is_offer ? "resource" : "id").value_or(""),
      .nodes = 1};
  Json bare = is_offer ? resource_of_offer(resource) : std::move(resource);
  ResourceRows read = rows_of(bare);
  if (read.rows.empty()) {
    return false;
  }
  member.nodes = std::min(read.rows.front().nodes.value_or(1), kMostMemberNodes);
  if (verdict == "busy" || verdict == "none") {
    member.nodes = 0;
  }
  const bool has_policy = bare.contains("policy");
  const std::vector<std::string>& read_by_policy =
      names_read_by(model::text_at(bare, "policy").value_or(""));
  for (const char* name : kNames) {
    if (std::ranges::find(read_by_policy, name) == read_by_policy.end()) {
      bare.erase(name);
    }
  }
  if (!has_policy) {
    bare.erase(tells_provider_ ? "" : "provider");
    bare.erase(tells_place_ ? "" : "place");
  }
  const auto [known, is_new] = known_.try_emplace(bare.dump(), pools_.size());
  if (is_new) {
    pools_.push_back({std::move(bare), std::move(read.rows), {}, 0});
  }
  Pool& pool = pools_[known->second];
  pool.nodes += member.nodes;
  pool.members.push_back(std::move(member));
  ++resources_;
  return true;
}

}  // namespace cp::market
