// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/json_fwd.hpp"
#include "provider/slurm/cluster.hpp"
#include "provider/table.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cp::provider::slurm {

/// Where the Slurm of URL is asked; usage when it names none.
Result<std::optional<net::SshHost>> host_of(const ProviderUrl& url);

/// The Catalog of a Slurm cluster: the one of this machine ("slurm:"), or the one whose commands
/// ssh reaches ("slurm+ssh://[user@]host"). A resource for each partition, and for each kind of
/// node where a partition has several; its launch access says in `native` how to ask for it:
/// partition, gres, features, cpus, memory_mib and cards of a node.
Result<std::unique_ptr<Catalog>> make_catalog(const ProviderUrl& url,
                                              const CatalogSettings& settings);

/// The resources of CLUSTER, which URL reaches, as `Catalog::describe` has them.
std::vector<model::Json> resources_of(const Cluster& cluster, const std::string& url,
                                      const std::string& workdir);

/// How RECORD's resource is in CLUSTER at NOW, as `Catalog::state` has it. not_found when there is
/// no such partition or no such node any more.
Result<model::Json> state_of(const Cluster& cluster, const model::Json& record,
                             const std::string& url, UnixTime now);

}  // namespace cp::provider::slurm
