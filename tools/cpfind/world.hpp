// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/context.hpp"
#include "market/cache.hpp"
#include "market/source_list.hpp"
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
class ProviderSource;
class RegistrySource;
struct Sources;
}  // namespace cp::market

namespace cpfind {

/// Everything that this user can ask: the imported catalogs, this machine's registry where there is
/// one, the registries that `cpid sync` follows, and the sources that he has added.
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
  /// The providers and catalogs that the user has added.
  std::span<const std::unique_ptr<cp::market::ProviderSource>> providers() const {
    return providers_;
  }
  std::span<const cp::market::SourceSettings> catalogs() const { return catalogs_; }
  cp::market::Cache* cache() { return cache_ ? &*cache_ : nullptr; }

 private:
  World();
  cp::Result<void> add(const cp::Paths& paths, const cp::Clock& clock);
  cp::Result<void> follow(const std::string& state, const cp::Clock& clock);

  std::optional<cp::market::Cache> cache_;
  std::unique_ptr<cp::provider::Catalog> machine_;
  std::unique_ptr<cp::market::RegistrySource> registry_;
  std::unique_ptr<cp::identity::Gathered> gathered_;
  std::vector<std::unique_ptr<cp::market::GatheredSource>> followed_;
  std::vector<std::unique_ptr<cp::market::ProviderSource>> providers_;
  std::vector<cp::market::SourceSettings> catalogs_;
};

}  // namespace cpfind
