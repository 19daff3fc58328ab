// SPDX-License-Identifier: Apache-2.0
#include "market/subject.hpp"

#include "model/json.hpp"

#include <cmath>
#include <utility>

namespace cp::market {
namespace {

using model::Json;

void put(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) {
    object[name] = text;
  }
}

template <class T>
void put(Json& object, const char* name, const std::optional<T>& value) {
  if (value) {
    object[name] = *value;
  }
}

void put_whole(Json& object, const char* name, const std::optional<double>& value) {
  if (value) {
    object[name] = static_cast<std::int64_t>(*value);
  }
}

void put_object(Json& object, const char* name, Json value) {
  if (!value.empty()) {
    object[name] = std::move(value);
  }
}

Json place_of(const Row& row) {
  Json place = Json::object();
  put(place, "country", row.country);
  put(place, "region", row.region);
  put(place, "city", row.city);
  put(place, "zone", row.zone);
  put(place, "lat", row.latitude);
  put(place, "lon", row.longitude);
  return place;
}

Json cpu_of(const Row& row) {
  Json cpu = Json::object();
  put(cpu, "vendor", row.cpu_vendor);
  put(cpu, "model", row.cpu_model);
  put(cpu, "arch", row.arch);
  put(cpu, "cores", row.cores);
  put(cpu, "threads", row.threads);
  return cpu;
}

Json accelerator_of(const Row& row) {
  Json accelerator = Json::object();
  put(accelerator, "vendor", row.gpu_vendor);
  put(accelerator, "model", row.gpu_model);
  put(accelerator, "native_name", row.gpu_native);
  if (row.gpu_count) {
    // A share of a card is one piece of that size.
    accelerator["count"] = *row.gpu_count < 1 ? 1 : static_cast<std::int64_t>(*row.gpu_count);
    if (*row.gpu_count < 1) {
      accelerator["share"] = *row.gpu_count;
    }
  }
  put(accelerator, "memory_bytes", row.gpu_memory_bytes);
  return accelerator;
}

Json node_of(const Row& row) {
  Json node = Json::object();
  put_object(node, "cpu", cpu_of(row));
  put(node, "memory_bytes", row.memory_bytes);
  put(node, "disk_bytes", row.disk_bytes);
  if (row.accelerators == Accelerators::none) {
    node["accelerators"] = Json::array();
  } else if (row.accelerators == Accelerators::some) {
    node["accelerators"] = Json::array({accelerator_of(row)});
  }
  if (row.network_bps) {
    Json network{{"type", "ethernet"}};
    put_whole(network, "rate_bps", row.network_bps);
    node["network"] = Json::array({std::move(network)});
  }
  return node;
}

// Of several accelerators the subject is about one.
void show_accelerator(const Row& row, Json& view) {
  const bool is_listed = model::find(view, "node.accelerators") != nullptr;
  if (row.accelerators == Accelerators::none ||
      (row.accelerators == Accelerators::unknown && !is_listed)) {
    return;
  }
  view["node"]["accelerators"] = Json::array({accelerator_of(row)});
}

Json view_of(const Subject& subject) {
  Json view = subject.resource;
  show_accelerator(subject.row, view);
  if (Json price = price_of(subject.quote, subject.row.price_as_of); !price.is_null()) {
    view["price"] = std::move(price);
  } else if (!subject.quote.terms.empty()) {
    view["price"] = {{"terms", subject.quote.terms}};
  }
  view["availability"] = to_json(subject.availability);
  if (subject.availability.verdict == "unknown") {
    view["availability"].erase("verdict");
  }
  view["source"] = {{"name", subject.provenance.source}, {"trust", subject.provenance.trust}};
  view["runnable"] = subject.provenance.is_runnable;
  return view;
}

}  // namespace

Json resource_of(const Row& row) {
  Json resource{{"schema", "cp.resource/1"}};
  put(resource, "name", row.name);
  put(resource, "kind", row.kind);
  if (!row.provider.empty()) {
    resource["provider"] = {{"name", row.provider}};
  }
  put_object(resource, "place", place_of(row));
  put(resource, "nodes", row.nodes);
  put_object(resource, "node", node_of(row));
  return resource;
}

Subject make_subject(Row row, Json resource, Provenance provenance, Availability availability,
                     const Demand& demand, Terms terms) {
  Subject subject;
  subject.row = std::move(row);
  subject.resource = resource.is_null() ? resource_of(subject.row) : std::move(resource);
  subject.provenance = std::move(provenance);
  subject.availability = std::move(availability);
  subject.quote = quote(subject.row, demand, terms);
  subject.view = view_of(subject);
  return subject;
}

model::Truth accepts(const Subject& subject, const Demand& demand) {
  const auto policy = model::text_at(subject.resource, "policy");
  if (!policy || policy->empty()) {
    return model::Truth::yes;
  }
  const auto condition = model::parse_condition(*policy);
  return condition ? model::evaluate(*condition, subject.view, demand.document())
                   : model::Truth::unknown;
}

model::Truth matches(const Subject& subject, const Demand& demand) {
  return model::both(model::evaluate(demand.condition(), subject.view, demand.document()),
                     accepts(subject, demand));
}

}  // namespace cp::market
