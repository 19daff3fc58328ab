// SPDX-License-Identifier: Apache-2.0
#include "provider/slurm/request.hpp"

#include "model/accelerators.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

namespace cp::provider::slurm {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::size_t kMostName = 40;
constexpr std::string_view kOwn = "slurm.";

std::int64_t mebibytes(std::int64_t bytes) { return bytes / kMiB + (bytes % kMiB == 0 ? 0 : 1); }

bool is_one_of(const model::AcceleratorName& card, const std::vector<std::string>& models) {
  return std::ranges::any_of(models, [&](const std::string& wanted) {
    const auto name = model::AcceleratorName::recognise(wanted);
    return std::ranges::includes(name.members(), card.members()) && name.is_in_table() &&
                   card.is_in_table()
               ? true
               : name.text() == card.text();
  });
}

// What nobody knows of a card does not speak against it, but a model that was asked for has to be
// told.
bool suits(const Gres& gres, const model::JobResources& wanted) {
  const auto card = model::AcceleratorName::recognise(gres.type);
  const auto memory = card.memory_bytes();
  const bool is_too_small = memory && wanted.gpu_memory_bytes &&
                            static_cast<std::int64_t>(*memory) < *wanted.gpu_memory_bytes;
  const bool is_of_another =
      !wanted.gpu_vendor.empty() && !card.vendor().empty() && card.vendor() != wanted.gpu_vendor;
  return gres.count >= wanted.gpus && !is_too_small && !is_of_another &&
         (wanted.gpu_models.empty() || is_one_of(card, wanted.gpu_models));
}

const Gres* cards_for(const NodeType& type, const model::JobResources& wanted) {
  const auto found =
      std::ranges::find_if(type.gpus, [&](const Gres& gres) { return suits(gres, wanted); });
  return found == type.gpus.end() ? nullptr : &*found;
}

bool can_give(const Node& node, const model::JobResources& wanted) {
  const NodeType& type = node.type;
  return type.cpus >= wanted.cores_per_node() &&
         (type.memory_mib <= 1 || type.memory_mib >= mebibytes(wanted.memory_bytes.value_or(0))) &&
         (wanted.gpus == 0 || cards_for(type, wanted) != nullptr);
}

std::string cards_option(const Cluster* cluster, const model::JobResources& wanted) {
  if (cluster != nullptr) {
    for (const Node& node : cluster->nodes) {
      const Gres* const gres = cards_for(node.type, wanted);
      if (gres != nullptr && !gres->type.empty()) {
        return fmt::format("--gres={}:{}:{}", gres->name, gres->type, wanted.gpus);
      }
    }
  }
  return fmt::format("--gres=gpu:{}", wanted.gpus);
}

bool is_option_name(std::string_view name) {
  return !name.empty() && name[0] != '-' && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::string job_name(const Task& task) {
  std::string name;
  for (const char c : task.name.substr(0, kMostName)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-';
    name += is_plain ? c : '_';
  }
  return name + "." + task.token;
}

bool needs_cluster(const model::JobResources& wanted) {
  return wanted.gpus > 0 && (!wanted.gpu_models.empty() || !wanted.gpu_vendor.empty() ||
                             wanted.gpu_memory_bytes.has_value());
}

Result<void> admits(const Cluster& cluster, const model::JobResources& wanted) {
  std::int64_t most = 0;
  for (const Partition& partition : cluster.partitions) {
    const auto nodes = std::ranges::count_if(cluster.nodes, [&](const Node& node) {
      return std::ranges::find(node.partitions, partition.name) != node.partitions.end() &&
             can_give(node, wanted);
    });
    most = std::max(
        most, std::min<std::int64_t>(nodes, partition.most_nodes.value_or(std::int64_t{nodes})));
  }
  if (most == 0) {
    return fail(Errc::failed, "no node of {} has what the job wants", cluster.name);
  }
  if (most < wanted.nodes) {
    return fail(Errc::failed, "{} has {} nodes with what the job wants, and it wants {}",
                cluster.name, most, wanted.nodes);
  }
  return {};
}

Result<std::vector<std::string>> options_of(const Task& task, const Cluster* cluster) {
  const model::JobResources& wanted = task.resources;
  std::vector<std::string> out{"--parsable",
                               "--no-requeue",
                               "--export=ALL",
                               "--job-name=" + job_name(task),
                               fmt::format("--nodes={}", wanted.nodes),
                               fmt::format("--ntasks-per-node={}", wanted.processes_per_node)};
  if (wanted.cores_per_process) {
    out.push_back(fmt::format("--cpus-per-task={}", *wanted.cores_per_process));
  }
  if (wanted.memory_bytes) {
    out.push_back(fmt::format("--mem={}M", mebibytes(*wanted.memory_bytes)));
  }
  if (wanted.gpus > 0) {
    out.push_back(cards_option(cluster, wanted));
  }
  if (task.time_limit) {
    // The wrapper keeps it to the second; Slurm, which counts minutes, only if the wrapper is gone.
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*task.time_limit + task.grace);
    out.push_back(fmt::format("--time={}", minutes.count() + 1));
  }
  if (!task.queue.empty()) {
    out.push_back("--partition=" + task.queue);
  }
  if (!task.account.empty()) {
    out.push_back("--account=" + task.account);
  }
  for (const auto& [name, value] : task.custom) {
    if (!name.starts_with(kOwn)) {
      continue;
    }
    const std::string option = name.substr(kOwn.size());
    if (!is_option_name(option)) {
      return fail(Errc::usage, "{} is no option of sbatch", name);
    }
    out.push_back("--" + option + (value.empty() ? "" : "=" + value));
  }
  return out;
}

}  // namespace cp::provider::slurm
