// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "base/file.hpp"
#include "market/gathered_source.hpp"
#include "market/provider_source.hpp"
#include "market/registry_source.hpp"
#include "market/search.hpp"
#include "provider/local/catalog.hpp"

#include <unistd.h>

namespace cpfind {

World::World() = default;
World::World(World&&) noexcept = default;
World::~World() = default;

cp::Result<World> World::open(const cp::cli::Context& context) {
  CP_TRY_ASSIGN(const cp::Paths paths, context.paths());
  World world;
  CP_TRY_ASSIGN(world.cache_, cp::market::Cache::open_to_read(paths.cache));
  if (cp::market::RegistrySource::exists(paths.state, context.clock())) {
    world.machine_ = cp::provider::make_local_catalog({}, context.clock());
    world.registry_ =
        std::make_unique<cp::market::RegistrySource>(paths.state, context.clock(), *world.machine_);
  }
  CP_TRY(world.follow(paths.state, context.clock()));
  CP_TRY(world.add(paths, context.clock()));
  return world;
}

cp::Result<void> World::follow(const std::string& state, const cp::Clock& clock) {
  if (::access(cp::path_join(state, "resolver.db").c_str(), F_OK) != 0) {
    return {};
  }
  CP_TRY_ASSIGN(gathered_, cp::identity::Gathered::open(state, clock));
  CP_TRY_ASSIGN(auto feeds, gathered_->feeds());
  for (auto& feed : feeds) {
    followed_.push_back(
        std::make_unique<cp::market::GatheredSource>(std::move(feed), *gathered_, clock));
  }
  return {};
}

cp::Result<void> World::add(const cp::Paths& paths, const cp::Clock& clock) {
  CP_TRY_ASSIGN(auto all, cp::market::SourceList(paths.state).read());
  for (auto& one : all) {
    if (one.is_catalog()) {
      catalogs_.push_back(std::move(one));
    } else {
      providers_.push_back(std::make_unique<cp::market::ProviderSource>(
          std::move(one), cp::market::ProviderSource::Options{paths.cache, {}, false}, clock));
    }
  }
  return {};
}

cp::market::Sources World::sources() {
  cp::market::Sources sources;
  sources.cache = cache();
  if (registry_) {
    sources.live.push_back(registry_.get());
  }
  for (const auto& source : followed_) {
    sources.live.push_back(source.get());
  }
  for (const auto& source : providers_) {
    sources.live.push_back(source.get());
  }
  sources.catalogs = catalogs_;
  return sources;
}

}  // namespace cpfind
