// SPDX-License-Identifier: Apache-2.0
#include "market/resource_rows.hpp"

#include "base/text.hpp"
#include "identity/identifier.hpp"
#include "market/amounts.hpp"
#include "market/network_rates.hpp"
#include "model/accelerators.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <optional>

namespace cp::market {
namespace {

using model::Json;

class Reader {
 public:
  explicit Reader(Json& resource) : resource_(resource) {}

  ResourceRows read() {
    Row row = common();
    std::vector<Row> with_accelerator = accelerators(row);
    std::vector<Row> all;
    for (const Row& one : with_accelerator) {
      prices(one, all);
    }
    for (Row& one : all) {
      one.has_siblings = with_accelerator.size() > 1;
    }
    const bool is_rejected = std::any_of(faults_.begin(), faults_.end(), [](const auto& fault) {
      return rules()[static_cast<std::size_t>(fault.first)].remedy == Remedy::rejected;
    });
    return {is_rejected ? std::vector<Row>{} : std::move(all), std::move(faults_)};
  }

 private:
  void found(Fault fault, std::string detail) { faults_.emplace_back(fault, std::move(detail)); }
  void wrong(std::string_view path, std::string_view what) {
    found(Fault::malformed_document, fmt::format("{} {}", path, what));
  }

  // The member at PATH of OBJECT; nullptr where it is unknown.
  static Json* member(Json& object, std::string_view path) {
    return const_cast<Json*>(model::find(object, path));
  }

  std::string text(Json& object, std::string_view path) {
    const Json* value = member(object, path);
    if (value == nullptr) {
      return {};
    }
    if (!value->is_string()) {
      wrong(path, "is no text");
      return {};
    }
    auto text = value->get<std::string>();
    if (text.find('\0') != std::string::npos) {
      wrong(path, "holds a NUL");
    }
    return text;
  }

  // A number of at least LEAST; what stands for "unknown" is made null.
  std::optional<double> number(Json& object, std::string_view path, double least) {
    Json* value = member(object, path);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (!value->is_number()) {
      wrong(path, "is no number");
      return std::nullopt;
    }
    const double amount = value->get<double>();
    if (is_sentinel(amount) || amount == -1 || (amount == 0 && least > 0)) {
      found(Fault::sentinel_number, fmt::format("{} {}", path, value->dump()));
      *value = nullptr;
      return std::nullopt;
    }
    if (amount < least || amount > 1e18) {
      wrong(path, "is out of range");
      return std::nullopt;
    }
    return amount;
  }

  std::optional<std::int64_t> count(Json& object, std::string_view path, double least = 1) {
    const auto amount = number(object, path, least);
    if (!amount) {
      return std::nullopt;
    }
    if (*amount != std::floor(*amount)) {
      wrong(path, "is no whole number");
      return std::nullopt;
    }
    return static_cast<std::int64_t>(*amount);
  }

  // The array at PATH; nullptr when it is not known or none.
  Json* array(Json& object, std::string_view path) {
    Json* value = member(object, path);
    if (value != nullptr && !value->is_array()) {
      wrong(path, "is no list");
      return nullptr;
    }
    return value;
  }

  Row common() {
    Row row;
    for (const std::string_view path : {"provider", "place", "node", "node.cpu", "limits"}) {
      if (const Json* value = member(resource_, path); value != nullptr && !value->is_object()) {
        wrong(path, "is no object");
      }
    }
    row.name = text(resource_, "name");
    row.kind = text(resource_, "kind");
    row.provider = text(resource_, "provider.name");
    if (row.provider.empty()) {
      row.provider = text(resource_, "provider.prefix");
    }
    row.resource = text(resource_, "id");
    if (!row.resource.empty() && identity::flaw_in(row.resource) != identity::Flaw::none) {
      wrong("id", identity::sentence_of(identity::flaw_in(row.resource)));
    }
    place(row);
    machine(row);
    network(row);
    row.walltime_s = number(resource_, "limits.walltime_s", 0);
    row.nodes_per_job = count(resource_, "limits.nodes_per_job");
    row.has_policy = !text(resource_, "policy").empty();
    return row;
  }

  void place(Row& row) {
    row.country = text(resource_, "place.country");
    row.region = text(resource_, "place.region");
    row.zone = text(resource_, "place.zone");
    row.city = text(resource_, "place.city");
    row.latitude = number(resource_, "place.lat", -90);
    row.longitude = number(resource_, "place.lon", -180);
  }

  void machine(Row& row) {
    row.nodes = count(resource_, "nodes");
    row.arch = text(resource_, "node.cpu.arch");
    row.cpu_vendor = text(resource_, "node.cpu.vendor");
    row.cpu_model = text(resource_, "node.cpu.model");
    row.cores = count(resource_, "node.cpu.cores");
    row.threads = count(resource_, "node.cpu.threads");
    row.memory_bytes = count(resource_, "node.memory_bytes");
    row.disk_bytes = count(resource_, "node.disk_bytes", 0);
  }

  void network(Row& row) {
    Json* networks = array(resource_, "node.network");
    if (networks == nullptr) {
      return;
    }
    NetworkRates rates;
    for (Json& one : *networks) {
      rates.add(number(one, "rate_bps", 0), model::bool_at(one, "rdma"));
    }
    rates.tell(row);
  }

  std::vector<Row> accelerators(const Row& common) {
    Json* all = array(resource_, "node.accelerators");
    Row row = common;
    if (all == nullptr || all->empty()) {
      row.accelerators = all == nullptr ? Accelerators::unknown : Accelerators::none;
      return {row};
    }
    std::vector<Row> rows;
    for (Json& one : *all) {
      rows.push_back(with_accelerator(common, one));
    }
    return rows;
  }

  Row with_accelerator(Row row, Json& one) {
    row.accelerators = Accelerators::some;
    row.gpu_native = text(one, "native_name");
    const std::string model = text(one, "model");
    const auto name = model::AcceleratorName::recognise(model.empty() ? row.gpu_native : model);
    row.gpu_model = name.text();
    row.gpu_vendor = text(one, "vendor");
    if (row.gpu_vendor.empty()) {
      row.gpu_vendor = name.vendor();
    }
    if (const auto cards = count(one, "count")) {
      row.gpu_count = static_cast<double>(*cards);
    }
    if (const auto share = number(one, "share", 0); share && *share > 0 && *share < 1) {
      row.gpu_count = *share;
    }
    row.gpu_memory_bytes = count(one, "memory_bytes");
    return row;
  }

  void prices(const Row& row, std::vector<Row>& out) {
    Json* all = array(resource_, "prices");
    if (all == nullptr || all->empty()) {
      out.push_back(row);
      return;
    }
    std::vector<Row> spots;
    const std::size_t first = out.size();
    for (Json& one : *all) {
      Row priced = row;
      if (!price(one, priced)) {
        continue;
      }
      (priced.terms == "spot" ? spots : out).push_back(std::move(priced));
    }
    for (Row& spot : spots) {
      add_spot(std::move(spot), first, out);
    }
  }

  // A spot price belongs to the row of the same unit and currency; where there is none it gets one.
  static void add_spot(Row spot, std::size_t first, std::vector<Row>& out) {
    spot.spot = spot.price;
    spot.price.reset();
    for (std::size_t i = first; i < out.size(); ++i) {
      if (out[i].unit == spot.unit && out[i].currency == spot.currency && !out[i].spot) {
        out[i].spot = spot.spot;
        return;
      }
    }
    spot.terms.clear();
    out.push_back(std::move(spot));
  }

  bool price(Json& one, Row& row) {
    const auto unit = billing_unit(text(one, "unit"));
    const std::string amount = text(one, "price.amount");
    row.currency = text(one, "price.currency");
    row.terms = text(one, "terms");
    row.price_as_of = text(one, "as_of");
    if (!unit || !is_currency(row.currency)) {
      found(Fault::bad_price, unit ? "no currency" : "no unit");
      return false;
    }
    row.unit = *unit;
    row.quantum_s = static_cast<std::int64_t>(number(one, "quantum_s", 0).value_or(0));
    row.minimum_s = static_cast<std::int64_t>(number(one, "minimum_s", 0).value_or(0));
    const Price price = parse_price(amount);
    return take(price, amount, row);
  }

  bool take(const Price& price, const std::string& amount, Row& row) {
    switch (price.flaw) {
      case Price::Flaw::not_a_price:
      case Price::Flaw::negative:
        found(Fault::bad_price, amount);
        return false;
      case Price::Flaw::zero:
        // A site may give its machines away: only catalogs write 0 for "unknown".
        row.price = 0;
        return true;
      case Price::Flaw::sentinel:
        found(Fault::sentinel_price, amount);
        return true;
      case Price::Flaw::rounded:
        found(Fault::price_places, amount);
        break;
      case Price::Flaw::none:
        break;
    }
    row.price = price.nanos;
    return true;
  }

  Json& resource_;
  std::vector<std::pair<Fault, std::string>> faults_;
};

void copy(const Json& from, Json& to, std::string_view path) {
  if (const Json* value = model::find(from, path); value != nullptr) {
    to[std::string(path)] = *value;
  }
}

}  // namespace

ResourceRows rows_of(Json& resource) { return Reader(resource).read(); }

Json resource_of_offer(const Json& offer) {
  Json resource{{"schema", "cp.resource/1"}};
  for (const std::string_view path : {"name", "place", "node"}) {
    copy(offer, resource, path);
  }
  if (const auto provider = model::text_at(offer, "provider")) {
    resource["provider"] = {{"name", *provider}};
  }
  const auto card_hour = model::money_at(offer, "price.card_hour");
  const auto hour = model::money_at(offer, "price.hour");
  const auto nodes = model::int_at(offer, "units.nodes").value_or(1);
  if (!card_hour && (!hour || nodes < 1)) {
    return resource;
  }
  Json price{
      {"unit", card_hour ? "card-hour" : "node-hour"},
      {"price", model::to_json(card_hour ? *card_hour
                                         : Money{hour->amount.times(1, nodes), hour->currency})}};
  for (const std::string_view member : {"terms", "as_of"}) {
    if (const auto text = model::text_at(offer, fmt::format("price.{}", member))) {
      price[std::string(member)] = *text;
    }
  }
  resource["prices"] = Json::array({std::move(price)});
  return resource;
}

}  // namespace cp::market
