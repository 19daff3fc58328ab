// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cp::market {

/// A source that the user has added: where it is, and how far it is waited for and believed.
struct SourceSettings {
  std::string name;
  std::string url;  ///< "file:/path", "https://…", or the URL of a provider ("exec:vast", "slurm:")
  std::string format = "auto";  ///< of a catalog, with what it does not say itself
  std::string provider, currency;
  std::chrono::milliseconds deadline = std::chrono::seconds(10);  ///< for one answer of it
  std::chrono::seconds max_age = std::chrono::hours(24 * 7);      ///< older, it is called stale
  bool is_trusted = false;  ///< the user vouches for what it says
  std::string added_at;

  /// Whether it is a catalog, which is read when it is refreshed; else a provider, which is asked.
  bool is_catalog() const;
  /// The path of a catalog in a file; nullopt for any other.
  std::optional<std::string> path() const;
};

/// The settings of SOURCE as a cp.source/1, and back. bad_data for what is none.
model::Json to_json(const SourceSettings& source);
Result<SourceSettings> settings_of(const model::Json& json);

/// What is wrong with SETTINGS: usage for a name that is not 1 to 64 of A-Z a-z 0-9 . _ - after a
/// letter or digit, for a URL that names nothing that can be asked, a format, currency or limit
/// that is none.
Result<void> check(const SourceSettings& settings);

/// The name for the source at URL where the user gives none: "vast" for exec:vast, "azure" for
/// …/azure/vms.csv, the host for slurm+ssh://host.
std::string source_name_of(std::string_view url);

/// The sources that the user has added, in sources.ndjson of the state directory. Several processes
/// may change it; none sees half a change.
class SourceList {
 public:
  explicit SourceList(std::string state_directory);

  /// All, by name. bad_config when the file is not ours, others may write it, or it is damaged.
  Result<std::vector<SourceSettings>> read() const;
  /// Adds SETTINGS, which `check` has passed; usage when the name is taken.
  Result<void> add(const SourceSettings& settings) const;
  /// Whether there was a source called NAME, which there is no more.
  Result<bool> remove(std::string_view name) const;

 private:
  Result<void> change(
      const std::function<Result<void>(std::vector<SourceSettings>& all)>& edit) const;

  std::string directory_;
  std::string path_;
};

}  // namespace cp::market
