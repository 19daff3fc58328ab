// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/context.hpp"
#include "market/cache.hpp"
#include "provider/catalog.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace cp::identity {
class Gathered;
}  // namespace cp::identity

namespace cp::market {
class GatheredSource;
class RegistrySource;
struct Sources;
}  // namespace cp::market

namespace cpfind {

/// Everything that this user can ask: the imported catalogs, this machine's registry where there is
/// one, and the registries that `cpid sync` follows.
class World {
 public:
  static cp::Result<World> open(const cp::cli::Context& context);
  World(World&&) noexcept;
  World& operator=(World&&) = delete;
  ~World();

  cp::market::Sources sources();
  cp::market::RegistrySource* registry() { return registry_.get(); }
  std::span<const std::unique_ptr<cp::market::GatheredSource>> followed() const {
    return followed_;
  }
  cp::market::Cache* cache() { return cache_ ? &*cache_ : nullptr; }

 private:
  World();
  cp::Result<void> follow(const std::string& state, const cp::Clock& clock);

  std::optional<cp::market::Cache> cache_;
  std::unique_ptr<cp::provider::Catalog> machine_;
  std::unique_ptr<cp::market::RegistrySource> registry_;
  std::unique_ptr<cp::identity::Gathered> gathered_;
  std::vector<std::unique_ptr<cp::market::GatheredSource>> followed_;
};

}  // namespace cpfind
