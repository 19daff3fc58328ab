// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "market/live_source.hpp"
#include "market/source_list.hpp"
#include "net/ssh.hpp"

#include <memory>
#include <optional>
#include <string>

namespace cp::market {

/// A provider that the user has added as a source: asked through its Catalog role, and its last
/// answer remembered in the cache directory. One that is younger than the source's age limit
/// counts as it is; where the provider does not answer, an older one counts as stale.
class ProviderSource final : public LiveSource {
 public:
  struct Options {
    std::string cache_directory;
    net::SshSettings ssh;
    bool must_ask = false;  ///< whatever is remembered
  };
  /// Borrows CLOCK.
  ProviderSource(SourceSettings settings, Options options, const Clock& clock);

  const std::string& name() const override { return settings_.name; }
  std::optional<std::chrono::milliseconds> deadline() const override { return settings_.deadline; }
  const SourceSettings& settings() const { return settings_; }
  Result<Perception> perceive(std::stop_token stop) override;

  /// Its last answer; nullopt when there is none. Nobody is asked.
  std::optional<Perception> recall() const;
  /// Forgets what is remembered of the source called NAME.
  static void forget(const std::string& cache_directory, std::string_view name);

 private:
  Result<Perception> ask(std::stop_token stop) const;
  Result<void> remember(const Perception& perception) const;

  SourceSettings settings_;
  Options options_;
  const Clock& clock_;
};

}  // namespace cp::market
