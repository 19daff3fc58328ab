// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "identity/gathered.hpp"
#include "market/live_source.hpp"

#include <string>

namespace cp::market {

/// The records of one registry that `cpid sync` follows, as the source "registry:PREFIX": each
/// verified anew, with the state that was published here, however old that is. It is stale when the
/// feed could not be followed to its end the last time. Nobody is asked.
class GatheredSource final : public LiveSource {
 public:
  /// Borrows GATHERED and CLOCK.
  GatheredSource(identity::ResolverStore::Feed feed, identity::Gathered& gathered,
                 const Clock& clock);

  const std::string& name() const override { return name_; }
  const std::string& url() const { return feed_.url; }
  Result<Perception> perceive(std::stop_token stop) override;

 private:
  identity::ResolverStore::Feed feed_;
  std::string name_;
  identity::Gathered& gathered_;
  const Clock& clock_;
};

}  // namespace cp::market
