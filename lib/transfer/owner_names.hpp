// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/extras.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

/// Owners and groups by their names, as rsync maps them: what has the same name at both ends is the
/// same, whatever its number; a name that the other end does not know goes by its number, and so do
/// user and group 0. Each name is looked up once. Safe on any thread.
namespace cp::transfer {

/// What this machine calls users and groups.
class OwnerNames {
 public:
  /// Fills in the names of OWNER, as far as there are any.
  void add_to(Owner& owner);

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, std::string> users_;
  std::map<std::uint32_t, std::string> groups_;
};

/// What names from elsewhere mean on this machine.
class OwnerMap {
 public:
  /// EXTRAS with the numbers that its owner's names have here; EXTRAS itself when that is no
  /// change.
  std::shared_ptr<const Extras> mapped(const std::shared_ptr<const Extras>& extras);

 private:
  std::mutex mutex_;
  std::map<std::string, std::optional<std::uint32_t>> users_;
  std::map<std::string, std::optional<std::uint32_t>> groups_;
};

}  // namespace cp::transfer
