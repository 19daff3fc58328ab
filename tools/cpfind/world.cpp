// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "market/registry_source.hpp"
#include "market/search.hpp"
#include "provider/local/catalog.hpp"

namespace cpfind {

World::World() = default;
World::World(World&&) noexcept = default;
World::~World() = default;

cp::Result<World> World::open(const cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  World world;
  CP_TRY_ASSIGN(world.cache_, cp::market::Cache::open_to_read(paths.cache));
  if (cp::market::RegistrySource::exists(paths.state)) {
    world.machine_ = cp::provider::make_local_catalog({}, context.clock());
    world.registry_ =
        std::make_unique<cp::market::RegistrySource>(paths.state, context.clock(), *world.machine_);
  }
  return world;
}

cp::market::Sources World::sources() {
  cp::market::Sources sources;
  sources.cache = cache();
  if (registry_) {
    sources.live.push_back(registry_.get());
  }
  return sources;
}

}  // namespace cpfind
