// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/paths.hpp"
#include "base/time.hpp"
#include "identity/resolves.hpp"
#include "net/allow_net.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

class Registry;

/// What the configuration says of KEY, "" when nothing.
using Setting = std::function<std::string(std::string_view key)>;

/// Whom to ask, and how.
struct ResolverSettings {
  std::vector<std::string> registries;  ///< base URLs that the user has named
  std::string authorities;              ///< a file of certificates instead of the system's; or ""
  net::AllowNet allow_net;              ///< where referrals may lead
  std::string token;                    ///< opens the door of the one registry in `registries`
  bool is_offline = false;              ///< nobody is asked
  /// Each authority of the chain must have shown a head that was issued so long ago at most; of
  /// records of this machine's own authority none is asked for.
  std::optional<std::chrono::nanoseconds> max_head_age;
  std::chrono::milliseconds patience{5'000};  ///< for each question

  /// Reads the token in FILE; usage when `registries` is not one alone, since whoever is shown a
  /// token can use it; else errors as read_token_file.
  Result<void> take_token(const std::string& file);
};

/// The settings in registry.urls, registry.ca, registry.token (a file) and registry.allow_net
/// (lists in commas); bad_config for what is no URL or network, and as take_token.
Result<ResolverSettings> read_resolver_settings(const Setting& setting);

/// Finds what a name stands for: in this machine's registry, among what was fetched or synced
/// before, and by asking registries: those that the delegations name, the longest prefix first, and
/// those that the user named, along referrals (RFC 9224 is their shape). Hops, bytes and time are
/// bounded, nobody is asked twice for one name. Every document is verified by the one Judge against
/// pinned anchors and remembered, so that replay and equivocation show; a registry whose head is
/// too old or goes back is refused. What was found counts for as long as the registry said, what
/// was not for a shorter time; when nobody answers, an older answer does, and says its age. For one
/// thread.
class Resolver final : public Resolves {
 public:
  /// Opens the stores in STATE_DIRECTORY. not_found, with the hint to run `cpid init`, when there
  /// is no authority here and nobody to ask.
  static Result<std::unique_ptr<Resolver>> open(const std::string& state_directory,
                                                const Clock& clock, ResolverSettings settings,
                                                std::stop_token stop = {});
  /// The same with the settings that SETTING gives and the state directory of PATHS, which is made
  /// when there is somebody to ask.
  static Result<std::unique_ptr<Resolver>> open_configured(const Paths& paths, const Clock& clock,
                                                           const Setting& setting);
  ~Resolver() override;

  /// As Resolves::resolve; NAME may also be a foreign code, "SCHEME:ID", as in also_known_as.
  /// unavailable or timed_out when nobody could be asked; denied when two claim a name.
  Result<Resolved> resolve(std::string_view name) const override;

 private:
  struct State;
  explicit Resolver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cp::identity
