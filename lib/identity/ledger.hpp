// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "model/json_fwd.hpp"
#include "store/database.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cp::identity {

/// The append-only ledger of one authority: entries in canonical JSON, numbered from 1, each with
/// the hash SHA-256(hash of the one before || entry); before the first stand 32 zero bytes. Borrows
/// its database.
class Ledger {
 public:
  /// The ledger of the authority with row id AUTHORITY and PREFIX.
  Ledger(store::Database& database, std::int64_t authority, std::string prefix);

  /// Appends ENTRY, to which "seq", "at" and "prefix" are added, and gives its sequence number.
  /// Must run inside a transaction; the entry is durable when that is committed.
  Result<std::int64_t> append(model::Json entry, UnixTime at);

  struct End {
    std::int64_t seq = 0;
    std::string hash;  ///< 32 bytes
  };
  /// The newest entry's number and hash.
  Result<End> end() const;

  /// Calls VISIT with every entry in order after checking its number and hash; bad_data where the
  /// chain is broken.
  Result<End> verify(const std::function<Result<void>(const model::Json& entry)>& visit) const;

 private:
  store::Database& database_;
  std::int64_t authority_;
  std::string prefix_;
};

}  // namespace cp::identity
