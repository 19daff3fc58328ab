// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/authority.hpp"
#include "identity/foreign_code.hpp"
#include "identity/identifier.hpp"
#include "identity/ledger.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

/// The registry's file in STATE_DIRECTORY.
std::string registry_path(const std::string& state_directory);
/// Opens or makes the registry's database, which falls back to reading; errors as
/// store::Database::open.
Result<store::Database> open_registry_database(const std::string& state_directory);

/// A row of the records: what was registered last for an identifier.
struct StoredRecord {
  std::string serial;
  std::int64_t seq = 0;
  std::string text;  ///< cp.resource/1 on one line
};

/// What one authority keeps: identifiers, records and aliases, and the ledger that tells how they
/// came about. Borrows database and authority. What writes runs inside the caller's transaction and
/// is durable when that is committed.
class RegistryStore {
 public:
  RegistryStore(store::Database& database, const Authority& authority)
      : database_(database), authority_(authority) {}

  Ledger ledger() const { return {database_, authority_.row, authority_.prefix}; }

  /// usage when COUNT serials of LENGTH characters are more than there can be, failed when they are
  /// more than are free.
  Result<void> check_room(std::uint64_t count, std::size_t length) const;
  /// COUNT random serials of LENGTH characters that nobody ever had, entered in the ledger at NOW.
  /// failed when free ones of that length are too few.
  Result<std::vector<std::string>> allocate(std::size_t count, std::size_t length, UnixTime now,
                                            Random& random) const;
  /// The same for the COUNT serials that follow the last one that was allocated so.
  Result<std::vector<std::string>> allocate_next(std::size_t count, std::size_t length,
                                                 UnixTime now) const;
  Result<bool> is_allocated(std::string_view serial) const;
  /// As `is_allocated`, for many serials.
  class Allocations {
   public:
    Result<bool> contain(std::string_view serial);

   private:
    friend class RegistryStore;
    Allocations(store::Statement row, std::int64_t authority)
        : row_(std::move(row)), authority_(authority) {}
    store::Statement row_;
    std::int64_t authority_;
  };
  Result<Allocations> allocations() const;
  Result<std::int64_t> count_allocated() const;

  Result<std::optional<StoredRecord>> find(std::string_view serial) const;
  Result<std::optional<std::string>> serial_of_alias(std::string_view alias) const;
  /// Of the records here that claim to be CODE.
  Result<std::vector<std::string>> serials_known_as(const ForeignCode& code) const;
  Result<std::vector<std::string>> aliases(std::string_view beginning) const;
  /// Every record in the order of the serials.
  Result<void> for_each(const std::function<Result<void>(const StoredRecord&)>& each) const;

  /// Gives ID these ALIASES and no others; denied when one names another resource that has not
  /// ended. One that has ended keeps its aliases until somebody else wants them.
  Result<void> claim_aliases(const Identifier& id, std::span<const std::string> aliases) const;
  Result<void> put(const StoredRecord& record) const;

 private:
  Result<bool> has_ended(std::string_view serial) const;
  Result<std::string> last_counted(std::size_t length) const;
  class Taking;
  Result<void> take_leftovers(Taking& taking, std::size_t length, Random& random) const;
  Result<void> enter(std::span<const std::string> serials, UnixTime now) const;

  store::Database& database_;
  const Authority& authority_;
};

}  // namespace cp::identity
