// SPDX-License-Identifier: Apache-2.0
#include "market/field_column.hpp"

#include "model/accelerators.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace cp::market {
namespace {

constexpr std::array kFieldColumns{
    FieldColumn{"id", OfferColumn::resource, "resource"},
    FieldColumn{"name", OfferColumn::name, "name"},
    FieldColumn{"kind", OfferColumn::kind, "kind"},
    FieldColumn{"provider", OfferColumn::provider, "provider"},
    FieldColumn{"country", OfferColumn::country, "country"},
    FieldColumn{"region", OfferColumn::region, "region"},
    FieldColumn{"zone", OfferColumn::zone, "zone"},
    FieldColumn{"city", OfferColumn::city, "city"},
    FieldColumn{"nodes", OfferColumn::nodes, "nodes"},
    FieldColumn{"cpus", OfferColumn::cpus, "cpus"},
    FieldColumn{"cores", OfferColumn::cores, "cores"},
    FieldColumn{"threads", OfferColumn::threads, "threads"},
    FieldColumn{"arch", OfferColumn::arch, "arch"},
    FieldColumn{"cpu.vendor", OfferColumn::cpu_vendor, "cpu_vendor"},
    FieldColumn{"cpu.model", OfferColumn::cpu_model, "cpu_model"},
    FieldColumn{"memory", OfferColumn::memory, "memory"},
    FieldColumn{"disk", OfferColumn::disk, "disk"},
    FieldColumn{"gpu.vendor", OfferColumn::gpu_vendor, "gpu_vendor"},
    FieldColumn{"gpu.model", OfferColumn::gpu_model, "nullif(gpu_model,'')"},
    FieldColumn{"gpu.count", OfferColumn::gpu_count, "gpu_count"},
    FieldColumn{"gpu.memory", OfferColumn::gpu_memory, "gpu_memory"},
    FieldColumn{"network", OfferColumn::network, "network"},
    FieldColumn{"rdma", OfferColumn::rdma, "rdma"},
    FieldColumn{"limit.walltime", OfferColumn::walltime, "walltime"},
    FieldColumn{"limit.nodes", OfferColumn::nodes_per_job, "nodes_per_job"},
};

}  // namespace

const FieldColumn* column_of_field(const model::Field& field) {
  const auto* const found = std::ranges::find(kFieldColumns, field.name, &FieldColumn::field);
  return found == kFieldColumns.end() ? nullptr : found;
}

Result<std::vector<double>> flops_by_code(const Snapshot& snapshot, std::string_view format) {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  CP_TRY_ASSIGN(const Texts names, snapshot.texts(OfferColumn::gpu_model));
  std::vector<double> rates(kFirstCode, unknown);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto name = model::AcceleratorName::recognise(names[i]);
    rates.push_back(name.tera_flops(format).value_or(unknown));
  }
  return rates;
}

}  // namespace cp::market
