// SPDX-License-Identifier: Apache-2.0
#include "identity/authority.hpp"

#include "base/file.hpp"
#include "identity/proof.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unistd.h>

namespace cp::identity {
namespace {

using model::Json;

Json key_entry(const PublicKey& key) {
  Json entry = key.jwk();
  entry["for"] = Json::array({"delegate", "record", "state", "head", "token"});
  return entry;
}

Result<Json> self_signed_delegation(std::string_view prefix, std::string_view name,
                                    const PrivateKey& key, UnixTime now) {
  Json delegation{{"schema", "cp.delegation/1"}, {"prefix", prefix}};
  if (!name.empty()) {
    delegation["name"] = model::text_value(name);
  }
  delegation["level"] = prefix == "0" ? "private" : "root";
  delegation["seq"] = 1;
  delegation["keys"] = Json::array({key_entry(key.public_key())});
  delegation["may_delegate"] = false;
  delegation["not_before"] = format_time(std::chrono::floor<std::chrono::seconds>(now));
  return sign_document(std::move(delegation), key);
}

Result<void> store_authority(store::Database& database, const Authority& authority,
                             const PublicKey& key, UnixTime now) {
  CP_TRY_ASSIGN(auto insert,
                database.prepare("INSERT INTO authority (prefix, thumbprint, delegation, key_file) "
                                 "VALUES (?1, ?2, ?3, ?4)"));
  insert.bind(1, authority.prefix).bind(2, authority.thumbprint);
  insert.bind(3, authority.delegation).bind(4, authority.key_file);
  CP_TRY(insert.run());
  CP_TRY_ASSIGN(auto pin, database.prepare("INSERT INTO anchor (prefix, thumbprint, x, pinned_at) "
                                           "VALUES (?1, ?2, ?3, ?4)"));
  pin.bind(1, authority.prefix).bind(2, authority.thumbprint).bind(3, key.x());
  return pin.bind(4, format_time(now)).run();
}

bool may_sign(const Json& key, std::string_view what, UnixTime now) {
  const Json* uses = model::find(key, "for");
  const auto not_after = model::time_at(key, "not_after");
  return uses != nullptr && uses->is_array() && std::ranges::find(*uses, what) != uses->end() &&
         (model::find(key, "not_after") == nullptr || (not_after && *not_after > now));
}

Result<std::optional<PublicKey>> pinned_key(store::Database& database, const Authority& authority) {
  CP_TRY_ASSIGN(auto row, database.prepare("SELECT x FROM anchor WHERE prefix = ?1 "
                                           "AND thumbprint = ?2"));
  row.bind(1, authority.prefix).bind(2, authority.thumbprint);
  CP_TRY_ASSIGN(const bool found, row.step());
  if (!found) {
    return std::nullopt;
  }
  CP_TRY_ASSIGN(PublicKey key, PublicKey::from_x(row.text(0)));
  return key;
}

}  // namespace

std::string key_directory(const std::string& state_directory) {
  return path_join(state_directory, "keys");
}

Result<Authority> create_authority(store::Database& database, const std::string& state_directory,
                                   std::string_view prefix, std::string_view name, UnixTime now,
                                   Random& random) {
  const PrivateKey key = PrivateKey::generate(random);
  Authority authority{0, std::string(prefix), key.public_key().thumbprint(), {}, {}};
  authority.key_file = authority.thumbprint + ".pem";
  CP_TRY_ASSIGN(const Json delegation, self_signed_delegation(prefix, name, key, now));
  authority.delegation = model::to_line(delegation);
  CP_TRY(make_directories(key_directory(state_directory), 0700));
  CP_TRY(key.save_new(path_join(key_directory(state_directory), authority.key_file)));
  CP_TRY(store_authority(database, authority, key.public_key(), now));
  authority.row = database.last_insert_id();
  return authority;
}

Result<std::optional<Authority>> load_authority(store::Database& database) {
  CP_TRY_ASSIGN(auto row, database.prepare("SELECT id, prefix, thumbprint, delegation, key_file "
                                           "FROM authority ORDER BY id LIMIT 1"));
  CP_TRY_ASSIGN(const bool found, row.step());
  if (!found) {
    return std::nullopt;
  }
  return Authority{row.integer(0), std::string(row.text(1)), std::string(row.text(2)),
                   std::string(row.text(3)), std::string(row.text(4))};
}

Result<RecordKeys> verify_authority(store::Database& database, const Authority& authority,
                                    UnixTime now) {
  CP_TRY_ASSIGN(const auto anchor, pinned_key(database, authority));
  if (!anchor) {
    return fail(Errc::denied, "no trust anchor is pinned for prefix {}", authority.prefix);
  }
  const auto find_anchor = [&anchor](std::string_view kid) {
    return kid == anchor->thumbprint() ? anchor : std::nullopt;
  };
  CP_TRY_ASSIGN(const Json delegation,
                model::parse_json(authority.delegation, {"the authority's delegation"}));
  if (const auto signer = verify_document(delegation, find_anchor); !signer) {
    return fail(Errc::denied, "the delegation of prefix {} does not hold: {}", authority.prefix,
                signer.error().message);
  }
  const auto not_after = model::time_at(delegation, "not_after");
  if (model::text_at(delegation, "prefix") != authority.prefix ||
      (not_after && *not_after <= now)) {
    return fail(Errc::denied, "the delegation of prefix {} is for another prefix or has expired",
                authority.prefix);
  }
  RecordKeys verified{anchor->thumbprint(), {}};
  for (const Json& key : delegation["keys"]) {
    if (may_sign(key, "record", now)) {
      CP_TRY_ASSIGN(PublicKey public_key, PublicKey::from_jwk(key));
      verified.keys.push_back(std::move(public_key));
    }
  }
  return verified;
}

}  // namespace cp::identity
