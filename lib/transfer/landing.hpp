// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transfer/confined.hpp"
#include "transfer/transfer.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace cp::transfer {

/// What is coming, as far as it decides where it lands.
struct Incoming {
  std::size_t sources = 1;
  std::string name;           ///< of the only source; "" when its contents come
  bool is_directory = false;  ///< the only source is a directory
  Placement placement = Placement::inside;
};

/// Where a transfer lands: a directory that nothing leads out of.
struct Landing {
  Confined root;
  bool root_is_new = false;  ///< made for this transfer, so that its metadata may be set
  /// The one file of this path in the transfer takes that name instead; empty: none does.
  std::string renamed_from;
  std::string renamed_to;

  /// Where PATH of the transfer stands below the root.
  std::string_view place(std::string_view path) const {
    return !renamed_from.empty() && path == renamed_from ? std::string_view(renamed_to) : path;
  }
};

/// A tree in which somebody names a destination.
class Ground {
 public:
  virtual ~Ground() = default;
  virtual bool is_directory(const std::string& path) const = 0;
  /// Whether a directory may be made at PATH, which is none; else why not: cannot_create, denied.
  virtual Result<void> check_free(const std::string& path) const = 0;
  /// The directory at PATH, after making what is missing; whether that was anything is in MADE.
  /// cannot_create, denied.
  virtual Result<Landing> enter(const std::string& path) const = 0;
  /// The directory at PATH as it stands. not_found, denied.
  virtual Result<Confined> look_into(const std::string& path) const = 0;
};

/// This machine, for paths that its user writes: links are followed.
class OpenGround final : public Ground {
 public:
  bool is_directory(const std::string& path) const override;
  Result<void> check_free(const std::string& path) const override;
  Result<Landing> enter(const std::string& path) const override;
  Result<Confined> look_into(const std::string& path) const override;
};

/// The tree below ROOT, for paths from a peer: none leads out, and no link is followed. Borrows
/// ROOT.
class ConfinedGround final : public Ground {
 public:
  explicit ConfinedGround(const Confined& root) : root_(root) {}
  bool is_directory(const std::string& path) const override;
  Result<void> check_free(const std::string& path) const override;
  Result<Landing> enter(const std::string& path) const override;
  Result<Confined> look_into(const std::string& path) const override;

 private:
  const Confined& root_;
};

/// Where INCOMING lands when the user wrote DESTINATION (Placement says how); makes directories
/// that are missing. cannot_create when a file stands where a directory belongs, or the other way
/// round.
Result<Landing> land(const Ground& ground, const std::string& destination,
                     const Incoming& incoming);

/// The path that land() would take as root, and the new name or "", without making anything.
struct Plan {
  std::string root;
  std::string renamed_to;
};
Result<Plan> plan_landing(const Ground& ground, const std::string& destination,
                          const Incoming& incoming);

}  // namespace cp::transfer
