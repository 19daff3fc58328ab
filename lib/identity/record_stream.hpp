// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/record_scan.hpp"
#include "model/expression.hpp"
#include "net/http_message.hpp"

#include <cstdint>
#include <string>

namespace cp::identity {

/// The records that fulfil a condition, one a line, LIMIT at most; those that have ended or expired
/// are left out. Empty lines stand where it had to look long. Borrows VIEW.
class RecordSearch final : public net::HttpBody {
 public:
  RecordSearch(RegistryView& view, model::Condition condition, std::int64_t limit);
  Result<std::string> next() override;

 private:
  Result<bool> fits(const StoredDocument& record) const;

  RegistryView& view_;
  model::Condition condition_;
  RecordScan scan_;
  std::int64_t left_;
};

/// All that a registry has, one document a line: the delegations from the anchor down to its own,
/// those of all below that it knows, every record, and last the head. Borrows VIEW.
class RegistryDump final : public net::HttpBody {
 public:
  explicit RegistryDump(RegistryView& view) : view_(view), scan_(view) {}
  Result<std::string> next() override;

 private:
  Result<std::string> delegations();

  RegistryView& view_;
  RecordScan scan_;
  bool has_begun_ = false;
  bool is_closed_ = false;
};

}  // namespace cp::identity
