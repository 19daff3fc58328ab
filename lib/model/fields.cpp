// SPDX-License-Identifier: Apache-2.0
#include "model/fields.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace cp::model {
namespace {

constexpr std::array kFields{
    Field{"id", Kind::text, Scope::resource, "id", "the resource's identifier"},
    Field{"name", Kind::text, Scope::resource, "name",
          "its name, for an instance type the provider's"},
    Field{"kind", Kind::text, Scope::resource, "kind",
          "node, partition, cluster, instance-type, …"},
    Field{"provider", Kind::text, Scope::resource, "provider.name|provider.prefix",
          "who provides it"},
    Field{"country", Kind::text, Scope::resource, "place.country",
          "ISO 3166-1 code of the country"},
    Field{"region", Kind::text, Scope::resource, "place.region", "the provider's region"},
    Field{"zone", Kind::text, Scope::resource, "place.zone", "the provider's zone in the region"},
    Field{"city", Kind::text, Scope::resource, "place.city", "the city"},
    Field{"nodes", Kind::number, Scope::resource, "nodes", "nodes of this type there"},
    Field{"cpus", Kind::number, Scope::resource, "node.cpu.cores|node.cpu.threads",
          "what is scheduled as a CPU: a vCPU (thread) of an instance type, else a core"},
    Field{"cores", Kind::number, Scope::resource, "node.cpu.cores", "cores of a node"},
    Field{"threads", Kind::number, Scope::resource, "node.cpu.threads",
          "hardware threads of a node"},
    Field{"arch", Kind::text, Scope::resource, "node.cpu.arch", "x86_64, aarch64, …"},
    Field{"cpu.vendor", Kind::text, Scope::resource, "node.cpu.vendor", "who makes the CPU"},
    Field{"cpu.model", Kind::text, Scope::resource, "node.cpu.model", "the CPU's name"},
    Field{"memory", Kind::bytes, Scope::resource, "node.memory_bytes", "memory of a node"},
    Field{"disk", Kind::bytes, Scope::resource, "node.disk_bytes", "local disk of a node"},
    Field{"gpu.vendor", Kind::text, Scope::resource, "node.accelerators[].vendor",
          "who makes the accelerator; known with its model"},
    Field{"gpu.model", Kind::model, Scope::resource, "node.accelerators[].model",
          "the accelerator; a family's name (H100) means its members"},
    Field{"gpu.count", Kind::number, Scope::resource, "node.accelerators[].count",
          "accelerators in a node"},
    Field{"gpu.memory", Kind::bytes, Scope::resource, "node.accelerators[].memory_bytes",
          "memory of one accelerator"},
    Field{"gpu.flops_fp64", Kind::flops, Scope::resource, "node.accelerators[].model",
          "peak rate of one accelerator in fp64 (vector units), by the table of accelerators"},
    Field{"gpu.flops_fp32", Kind::flops, Scope::resource, "node.accelerators[].model",
          "the same in fp32 (vector units)"},
    Field{"gpu.flops_tf32", Kind::flops, Scope::resource, "node.accelerators[].model",
          "the same in tf32, without sparsity"},
    Field{"gpu.flops_fp16", Kind::flops, Scope::resource, "node.accelerators[].model",
          "the same in fp16, without sparsity"},
    Field{"gpu.flops_bf16", Kind::flops, Scope::resource, "node.accelerators[].model",
          "the same in bf16, without sparsity"},
    Field{"gpu.flops_fp8", Kind::flops, Scope::resource, "node.accelerators[].model",
          "the same in fp8, without sparsity"},
    Field{"gpu.flops_int8", Kind::flops, Scope::resource, "node.accelerators[].model",
          "integer operations in int8, without sparsity"},
    Field{"network", Kind::rate, Scope::resource, "node.network[].rate_bps",
          "the node's fastest network"},
    Field{"rdma", Kind::rate, Scope::resource, "node.network[rdma].rate_bps",
          "the node's fastest network with RDMA; 0 when it has none"},
    Field{"limit.walltime", Kind::duration, Scope::resource, "limits.walltime_s",
          "the longest job"},
    Field{"limit.nodes", Kind::number, Scope::resource, "limits.nodes_per_job",
          "the most nodes for one job"},
    Field{"price.hour", Kind::money, Scope::offer, "price.hour",
          "what the demand's share costs an hour"},
    Field{"price.card_hour", Kind::money, Scope::offer, "price.card_hour",
          "what one accelerator costs an hour"},
    Field{"price.job", Kind::money, Scope::offer, "price.job",
          "what the whole job costs; needs --hours"},
    Field{"price.terms", Kind::text, Scope::offer, "price.terms",
          "on-demand, spot, reserved, internal"},
    Field{"availability", Kind::text, Scope::offer, "availability.verdict",
          "free, queued, busy, none"},
    Field{"free.cards", Kind::number, Scope::offer, "availability.cards_free",
          "accelerators that are free now"},
    Field{"free.cpus", Kind::number, Scope::offer, "availability.cores_free",
          "CPUs that are free now"},
    Field{"free.memory", Kind::bytes, Scope::offer, "availability.memory_free_bytes",
          "memory that is free now"},
    Field{"wait", Kind::duration, Scope::offer, "availability.wait_s", "the expected wait"},
    Field{"source", Kind::text, Scope::offer, "source.name", "where the offer comes from"},
    Field{"trust", Kind::text, Scope::offer, "source.trust", "verified, unsigned, failed"},
    Field{"runnable", Kind::boolean, Scope::offer, "runnable", "whether cprun can launch on it"},
    Field{"demand.nodes", Kind::number, Scope::demand, "nodes", "nodes that are asked for"},
    Field{"demand.cpus", Kind::number, Scope::demand, "cores", "CPUs asked for in each node"},
    Field{"demand.memory", Kind::bytes, Scope::demand, "memory_bytes",
          "memory asked for in each node"},
    Field{"demand.disk", Kind::bytes, Scope::demand, "disk_bytes", "disk asked for in each node"},
    Field{"demand.gpus", Kind::number, Scope::demand, "gpu.count",
          "accelerators asked for in each node"},
    Field{"demand.duration", Kind::duration, Scope::demand, "duration_s", "how long it runs"},
};

}  // namespace

std::span<const Field> fields() { return kFields; }

const Field* find_field(std::string_view name) {
  const auto* const found = std::find_if(kFields.begin(), kFields.end(), [&](const Field& field) {
    return text::equal_ignoring_case(field.name, name);
  });
  return found == kFields.end() ? nullptr : found;
}

Result<const Field*> require_field(std::string_view name) {
  if (const Field* field = find_field(name); field != nullptr) {
    return field;
  }
  std::vector<std::string_view> names;
  for (const Field& field : kFields) {
    names.push_back(field.name);
  }
  const auto near = text::near_match(name, names);
  return with_hint(
      fail(Errc::usage, "there is no field '{}'", name),
      near ? fmt::format("did you mean {}?", *near) : "'cpfind fields' lists what there is");
}

std::string_view unit_of(Kind kind) {
  switch (kind) {
    case Kind::bytes:
      return "bytes";
    case Kind::rate:
      return "bit/s";
    case Kind::duration:
      return "s";
    case Kind::money:
      return "money";
    case Kind::flops:
      return "TFLOP/s";
    case Kind::boolean:
      return "true, false";
    case Kind::text:
    case Kind::model:
      return "text";
    case Kind::number:
      break;
  }
  return "";
}

}  // namespace cp::model
