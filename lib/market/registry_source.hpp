// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "market/live_source.hpp"
#include "provider/catalog.hpp"

#include <string>
#include <vector>

namespace cp::market {

/// This machine's registry as the source "registry:local": its verified records, and for those that
/// stand for this machine (launch access "local:") how it is now; for others what was published.
class RegistrySource final : public LiveSource {
 public:
  /// Whether there is a registry in STATE_DIRECTORY, whole or not.
  static bool exists(const std::string& state_directory, const Clock& clock);

  /// Borrows CLOCK and MACHINE, the catalog of this machine.
  RegistrySource(std::string state_directory, const Clock& clock, provider::Catalog& machine);

  const std::string& name() const override { return name_; }
  Result<Perception> perceive(std::stop_token stop) override;

 private:
  Result<void> add_published(Perception& perception, const std::vector<std::size_t>& here) const;

  std::string name_ = "registry:local";
  std::string state_directory_;
  const Clock& clock_;
  provider::Catalog& machine_;
};

}  // namespace cp::market
