// SPDX-License-Identifier: Apache-2.0
#include "market/demand.hpp"

#include "base/text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::market {
namespace {

using model::Json;

// The clauses of a condition, joined by "and".
class Clauses {
 public:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    text_ += text_.empty() ? "" : " and ";
    text_ += fmt::format(format, std::forward<Args>(args)...);
  }
  void add_span(std::string_view field, const Span& span) {
    if (span.low) {
      add("{} >= {}", field, *span.low);
    }
    if (span.high) {
      add("{} <= {}", field, *span.high);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string one_of(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    all.push_back(model::quoted(name));
  }
  return "[" + text::join(all, ", ") + "]";
}

void add_regions(const std::vector<std::string>& patterns, Clauses& clauses) {
  std::vector<std::string> all;
  for (const std::string& pattern : patterns) {
    all.push_back("region like " + model::quoted(pattern));
  }
  if (!all.empty()) {
    clauses.add("({})", text::join(all, " or "));
  }
}

void add_amounts(const DemandFlags& flags, Clauses& clauses) {
  // An instance type can be had as often as one pays for it.
  if (flags.nodes > 1) {
    clauses.add("(kind = \"instance-type\" or nodes >= {})", flags.nodes);
  }
  if (const auto& gpu = flags.gpu) {
    if (!gpu->vendor.empty()) {
      clauses.add("gpu.vendor = {}", model::quoted(gpu->vendor));
    }
    if (!gpu->names.empty()) {
      clauses.add("gpu.model in {}", one_of(gpu->names));
    }
    clauses.add_span("gpu.count", gpu->count);
    clauses.add_span("gpu.memory", gpu->memory_bytes);
  }
  clauses.add_span("cpus", flags.cpus);
  clauses.add_span("memory", flags.memory_bytes);
  clauses.add_span("disk", flags.disk_bytes);
}

Result<void> add_price(const DemandFlags& flags, Clauses& clauses) {
  if (!flags.max_price) {
    return {};
  }
  const auto& [money, per] = *flags.max_price;
  const std::string_view field = per == "job"         ? "price.job"
                                 : per == "card-hour" ? "price.card_hour"
                                 : per == "hour"      ? "price.hour"
                                                      : "";
  if (field.empty()) {
    return with_hint(fail(Errc::usage, "a price is not for each {}", per),
                     "write /hour, /card-hour or /job");
  }
  if (per == "job" && !flags.duration_s) {
    return with_hint(fail(Errc::usage, "a price for the job needs its duration"), "say --hours N");
  }
  clauses.add("{} <= {}{}", field, money.amount.to_string(), money.currency);
  return {};
}

// What cp.demand has no member for goes into its expression.
std::string where_of(const DemandFlags& flags) {
  Clauses clauses;
  add_regions(flags.regions, clauses);
  for (const auto& [field, span] :
       {std::pair{"cpus", &flags.cpus}, std::pair{"memory", &flags.memory_bytes},
        std::pair{"disk", &flags.disk_bytes}}) {
    clauses.add_span(field, {std::nullopt, span->high});
  }
  if (flags.gpu) {
    clauses.add_span("gpu.count", {std::nullopt, flags.gpu->count.high});
    clauses.add_span("gpu.memory", {std::nullopt, flags.gpu->memory_bytes.high});
  }
  for (const std::string& where : flags.where) {
    clauses.add("({})", where);
  }
  return flags.where.size() == 1 && clauses.text() == "(" + flags.where.front() + ")"
             ? flags.where.front()
             : clauses.text();
}

Json gpus_of(const GpuWish& wish) {
  Json gpus = Json::object();
  if (!wish.vendor.empty()) {
    gpus["vendor"] = wish.vendor;
  }
  if (!wish.names.empty()) {
    gpus["models"] = wish.names;
  }
  if (wish.count.low) {
    gpus["count"] = *wish.count.low;
  }
  if (wish.memory_bytes.low) {
    gpus["memory_bytes"] = *wish.memory_bytes.low;
  }
  return gpus;
}

Json document_of(const DemandFlags& flags) {
  Json document{{"schema", "cp.demand/1"}, {"nodes", flags.nodes}};
  for (const auto& [name, span] :
       {std::pair{"cores", &flags.cpus}, std::pair{"memory_bytes", &flags.memory_bytes},
        std::pair{"disk_bytes", &flags.disk_bytes}}) {
    if (span->low) {
      document[name] = *span->low;
    }
  }
  if (flags.gpu) {
    document["gpu"] = gpus_of(*flags.gpu);
  }
  if (flags.duration_s) {
    document["duration_s"] = *flags.duration_s;
  }
  if (std::string where = where_of(flags); !where.empty()) {
    document["where"] = std::move(where);
  }
  if (flags.max_price) {
    document["max_price"] = model::to_json(flags.max_price->money);
    document["max_price"]["per"] = flags.max_price->per;
  }
  return document;
}

// Each expression is read alone first, so that its columns are those that the user wrote, and so
// that none can close a parenthesis of ours.
Result<void> check_each(const DemandFlags& flags, const model::ParseOptions& options) {
  for (const std::string& where : flags.where) {
    if (auto condition = model::parse_condition(where, options); !condition) {
      Error error = std::move(condition).error();
      error.message = "--where: " + error.message;
      return tl::unexpected<Error>(std::move(error));
    }
  }
  return {};
}

}  // namespace

Result<Demand> Demand::from_flags(const DemandFlags& flags) {
  model::ParseOptions options;
  options.currency = flags.currency;
  options.knows_duration = flags.duration_s.has_value();
  CP_TRY(check_each(flags, options));
  Clauses clauses;
  add_amounts(flags, clauses);
  add_regions(flags.regions, clauses);
  CP_TRY(add_price(flags, clauses));
  for (const std::string& where : flags.where) {
    clauses.add("({})", where);
  }
  Demand demand;
  demand.text_ = clauses.text();
  if (!demand.text_.empty()) {
    CP_TRY_ASSIGN(demand.condition_, model::parse_condition(demand.text_, options));
  }
  demand.document_ = std::make_shared<const Json>(document_of(flags));
  demand.nodes_ = flags.nodes;
  demand.cards_ = flags.gpu ? flags.gpu->count.low : std::nullopt;
  demand.cpus_ = flags.cpus.low;
  demand.memory_bytes_ = flags.memory_bytes.low;
  demand.duration_s_ = flags.duration_s;
  return demand;
}

}  // namespace cp::market
