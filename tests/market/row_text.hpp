// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "market/row.hpp"

#include <fmt/core.h>

#include <optional>
#include <string>

/// All that ROW says, as one text; two rows are the same when their texts are.
template <class Text>
std::string text_of_row(const cp::market::BasicRow<Text>& row) {
  std::string all;
  const auto add = [&](const auto& value) { all += fmt::format("{}|", value); };
  const auto add_known = [&](const auto& value) {
    all += value ? fmt::format("{}|", *value) : std::string("?|");
  };
  for (const Text* text :
       {&row.name, &row.kind, &row.provider, &row.resource, &row.country, &row.region, &row.zone,
        &row.city, &row.arch, &row.cpu_vendor, &row.cpu_model, &row.gpu_vendor, &row.gpu_model,
        &row.gpu_native, &row.terms, &row.currency, &row.price_as_of}) {
    add(std::string_view(*text));
  }
  for (const auto* number : {&row.latitude, &row.longitude, &row.gpu_count, &row.network_bps,
                             &row.rdma_bps, &row.walltime_s}) {
    add_known(*number);
  }
  for (const auto* number :
       {&row.nodes, &row.cores, &row.threads, &row.memory_bytes, &row.disk_bytes,
        &row.gpu_memory_bytes, &row.nodes_per_job, &row.price, &row.spot}) {
    add_known(*number);
  }
  add(static_cast<int>(row.accelerators));
  add(static_cast<int>(row.unit));
  add(row.quantum_s);
  add(row.minimum_s);
  add(row.has_policy);
  add(row.has_siblings);
  return all;
}
