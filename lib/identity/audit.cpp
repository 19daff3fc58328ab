// SPDX-License-Identifier: Apache-2.0
#include "identity/audit.hpp"

#include "identity/canonical.hpp"
#include "identity/sha256.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <map>

namespace cp::identity {
namespace {

using model::Json;

// What the ledger says, collected entry by entry and compared with the tables.
class Auditor {
 public:
  Auditor(const RegistryStore& store, RegistryStore::Allocations allocations)
      : store_(store), allocations_(std::move(allocations)) {}

  Result<void> visit(const Json& entry) {
    ++audit_.entries;
    if (model::find(entry, "record") != nullptr) {
      records_[model::text_at(entry, "id").value_or("")] =
          model::text_at(entry, "record").value_or("");
    }
    return for_each_serial(entry, [this](const std::string& serial) -> Result<void> {
      ++audit_.codes;
      CP_TRY_ASSIGN(const bool there, allocations_.contain(serial));
      if (!there) {
        return fail(Errc::bad_data, "the serial {} is in the ledger, but not allocated", serial);
      }
      return {};
    });
  }

  Result<void> compare_counts() const {
    CP_TRY_ASSIGN(const std::int64_t allocated, store_.count_allocated());
    if (allocated != audit_.codes) {
      return fail(Errc::bad_data, "{} identifiers are allocated, and {} are in the ledger",
                  allocated, audit_.codes);
    }
    return {};
  }

  Result<void> compare_record(const StoredRecord& stored) const {
    CP_TRY_ASSIGN(const Json record, model::parse_json(stored.text, {"a record"}));
    CP_TRY_ASSIGN(const std::string form, canonical(record));
    const std::string id = model::text_at(record, "id").value_or("");
    const auto entered = records_.find(id);
    if (entered == records_.end() || entered->second != sha256_text(sha256({form}))) {
      return fail(Errc::bad_data, "the record of {} is not the one in the ledger", id);
    }
    return {};
  }

  Registry::Audit finish(const Ledger::End& end) {
    audit_.hash = sha256_text(end.hash);
    return audit_;
  }

 private:
  const RegistryStore& store_;
  RegistryStore::Allocations allocations_;
  Registry::Audit audit_;
  std::map<std::string, std::string> records_;  // id to the hash of its newest record
};

}  // namespace

Result<void> for_each_serial(const Json& entry,
                             const std::function<Result<void>(const std::string&)>& visit) {
  const Json* serials = model::find(entry, "serials");
  if (model::text_at(entry, "op") != "mint" || serials == nullptr) {
    return {};
  }
  for (const Json& serial : *serials) {
    if (!serial.is_string()) {
      return fail(Errc::bad_data, "an entry of the ledger holds a serial that is no text");
    }
    CP_TRY(visit(serial.get_ref<const std::string&>()));
  }
  return {};
}

Result<Registry::Audit> audit_store(const RegistryStore& store) {
  CP_TRY_ASSIGN(auto allocations, store.allocations());
  Auditor auditor(store, std::move(allocations));
  CP_TRY_ASSIGN(const Ledger::End end,
                store.ledger().verify([&](const Json& entry) { return auditor.visit(entry); }));
  CP_TRY(auditor.compare_counts());
  CP_TRY(
      store.for_each([&](const StoredRecord& record) { return auditor.compare_record(record); }));
  return auditor.finish(end);
}

}  // namespace cp::identity
