// SPDX-License-Identifier: Apache-2.0
#include "market/registry_source.hpp"

#include "base/file.hpp"
#include "identity/gathered.hpp"
#include "identity/registry.hpp"
#include "identity/resolved.hpp"
#include "market/launching.hpp"
#include "model/json.hpp"
#include "provider/provider.hpp"

#include <algorithm>
#include <unistd.h>

namespace cp::market {
namespace {

using model::Json;

bool is_this_machine(const std::string& url) { return url == "local" || url.starts_with("local:"); }

LiveResource resource_of(const identity::Resolved& resolved) {
  LiveResource resource;
  resource.record = resolved.record;
  resource.trust = resolved.trust;
  resource.anchor = resolved.anchor;
  const std::string url = launch_url(resolved.record);
  // What acts on this machine is taken from its own authority alone (SECURITY §3).
  resource.is_runnable = resolved.trust == "verified" && !url.empty() &&
                         (resolved.own_authority || !provider::acts_on_this_machine(url));
  return resource;
}

}  // namespace

bool RegistrySource::exists(const std::string& state_directory, const Clock& clock) {
  if (::access(path_join(state_directory, "identity.db").c_str(), F_OK) != 0) {
    return false;
  }
  // Whoever has only pinned anchors has a store, and no registry.
  const auto registry = identity::Registry::open(state_directory, clock);
  return registry || registry.error().code != Errc::not_found;
}

RegistrySource::RegistrySource(std::string state_directory, const Clock& clock,
                               provider::Catalog& machine)
    : state_directory_(std::move(state_directory)), clock_(clock), machine_(machine) {}

// What `cpid publish` has said of the others, however old it is.
Result<void> RegistrySource::add_published(Perception& perception,
                                           const std::vector<std::size_t>& here) const {
  if (perception.resources.size() == here.size()) {
    return {};
  }
  CP_TRY_ASSIGN(const auto gathered, identity::Gathered::open(state_directory_, clock_));
  for (std::size_t index = 0; index < perception.resources.size(); ++index) {
    LiveResource& resource = perception.resources[index];
    if (resource.trust == "verified" && std::ranges::find(here, index) == here.end()) {
      CP_TRY_ASSIGN(
          resource.state,
          gathered->state(model::text_at(resource.record, "id").value_or(""), resource.anchor));
    }
  }
  return {};
}

Result<Perception> RegistrySource::perceive(std::stop_token stop) {
  CP_TRY_ASSIGN(const auto registry, identity::Registry::open(state_directory_, clock_));
  Perception perception;
  std::vector<std::size_t> here;
  CP_TRY(registry.for_each([&](const identity::Resolved& resolved) -> Result<void> {
    LiveResource resource = resource_of(resolved);
    if (resource.is_runnable && is_this_machine(launch_url(resource.record))) {
      here.push_back(perception.resources.size());
    }
    perception.resources.push_back(std::move(resource));
    return {};
  }));
  CP_TRY(add_published(perception, here));
  if (here.empty()) {
    return perception;
  }
  auto state = machine_.state(Json::object(), std::move(stop));
  if (!state) {
    perception.problem = state.error().message;
    return perception;
  }
  for (const std::size_t index : here) {
    perception.resources[index].state = *state;
  }
  return perception;
}

}  // namespace cp::market
