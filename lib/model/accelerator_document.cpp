// SPDX-License-Identifier: Apache-2.0
#include "model/accelerator_document.hpp"

#include <nlohmann/json.hpp>

namespace cp::model {
namespace {

void add_source(Json& json, const AcceleratorSource& source) {
  json["source"] = source.title;
  json["source_url"] = source.address;
  if (!source.via.empty()) {
    json["source_via"] = source.via;
  }
  json["as_of"] = std::string(source.as_of) + "T00:00:00Z";
}

// What is known by one number: with its source in an object of its own.
Json evidence(const AcceleratorFigure& figure) {
  Json json = Json::object();
  add_source(json, *figure.source);
  return json;
}

Json performance(const AcceleratorFigure& figure) {
  Json json{{"what", figure.what}, {"basis", "nominal"}, {"per", "accelerator"}};
  if (figure.what == "flops") {
    json["format"] = figure.format;
    json["sparse"] = false;
    if (figure.is_matrix) {
      json["engine"] = "matrix";
    }
  }
  json["value"] = figure.value;
  add_source(json, *figure.source);
  return json;
}

Json performances(const Accelerator& accelerator) {
  Json list = Json::array();
  for (const AcceleratorFigure& figure : accelerator.figures) {
    if (figure.what == "flops" || figure.what == "memory_bandwidth") {
      list.push_back(performance(figure));
    }
  }
  return list;
}

Json interconnect(const Accelerator& accelerator) {
  Json json{{"type", accelerator.interconnect}};
  if (const AcceleratorFigure* rate = accelerator.figure("interconnect")) {
    json["rate_bps"] = rate->value;
    add_source(json, *rate->source);
  }
  return json;
}

template <class Words>
Json list_of(const Words& words) {
  Json list = Json::array();
  for (const std::string_view word : words) {
    list.push_back(word);
  }
  return list;
}

}  // namespace

Json to_json(const Accelerator& accelerator) {
  Json json{{"schema", "cp.accelerator/1"},
            {"vendor", accelerator.vendor},
            {"model", accelerator.name},
            {"form_factor", accelerator.form_factor}};
  const auto families = families_of(accelerator);
  if (!families.empty()) {
    json["family"] = families.front();
    json["families"] = list_of(families);
  }
  json["aliases"] = list_of(accelerator.aliases);
  if (const AcceleratorFigure* year = accelerator.figure("year")) {
    json["year"] = year->value;
    json["year_source"] = evidence(*year);
  }
  if (const AcceleratorFigure* memory = accelerator.figure("memory_bytes")) {
    json["memory_bytes"] = memory->value;
    add_source(json, *memory->source);
  }
  if (Json list = performances(accelerator); !list.empty()) {
    json["performance"] = std::move(list);
  }
  if (!accelerator.interconnect.empty()) {
    json["interconnect"] = interconnect(accelerator);
  }
  if (!accelerator.note.empty()) {
    json["note"] = accelerator.note;
  }
  return json;
}

Json as_resource(const Accelerator& accelerator) {
  Json one{{"vendor", accelerator.vendor}, {"model", accelerator.name}, {"count", 1}};
  if (accelerator.memory_bytes) {
    one["memory_bytes"] = *accelerator.memory_bytes;
  }
  return Json{{"schema", "cp.resource/1"}, {"node", {{"accelerators", Json::array({one})}}}};
}

}  // namespace cp::model
