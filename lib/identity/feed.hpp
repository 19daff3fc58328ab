// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/registry_view.hpp"
#include "net/http_message.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace cp::identity {

/// The ledger's entries after SINCE, LIMIT at most, as cp.entry/1 one a line: what was entered, its
/// hash and the one before, so that the chain can be followed, and the document that it is about
/// while that is still the newest version; a root's own delegations keep theirs. Closed by the
/// newest head. Borrows VIEW.
class LedgerFeed final : public net::HttpBody {
 public:
  LedgerFeed(RegistryView& view, std::int64_t since, std::int64_t limit)
      : view_(view), last_(since), left_(limit) {}

  Result<std::string> next() override;

 private:
  Result<std::string> hash_before();
  Result<std::string> line(std::string_view entry, std::string_view hash);

  RegistryView& view_;
  std::int64_t last_;
  std::int64_t left_;
  std::optional<std::string> previous_;  // the hash of the entry numbered last_
  bool is_closed_ = false;
};

}  // namespace cp::identity
