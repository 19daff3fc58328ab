// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/context.hpp"
#include "market/cache.hpp"
#include "provider/catalog.hpp"

#include <memory>
#include <optional>

namespace cp::market {
class RegistrySource;
struct Sources;
}  // namespace cp::market

namespace cpfind {

/// Everything that this user can ask: the imported catalogs, and this machine's registry where
/// there is one.
class World {
 public:
  static cp::Result<World> open(const cp::cli::Context& context);
  World(World&&) noexcept;
  World& operator=(World&&) = delete;
  ~World();

  cp::market::Sources sources();
  cp::market::RegistrySource* registry() { return registry_.get(); }
  cp::market::Cache* cache() { return cache_ ? &*cache_ : nullptr; }

 private:
  World();

  std::optional<cp::market::Cache> cache_;
  std::unique_ptr<cp::provider::Catalog> machine_;
  std::unique_ptr<cp::market::RegistrySource> registry_;
};

}  // namespace cpfind
