// SPDX-License-Identifier: Apache-2.0
#include "identity/authority.hpp"

#include "base/file.hpp"
#include "identity/canonical.hpp"
#include "identity/delegation.hpp"
#include "identity/identifier.hpp"
#include "identity/judge.hpp"
#include "identity/proof.hpp"
#include "identity/sha256.hpp"
#include "identity/trust_store.hpp"
#include "identity/url_rules.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <unistd.h>

namespace cp::identity {
namespace {

using model::Json;

std::string usual_level(const Founding& founding) {
  if (!founding.level.empty()) {
    return founding.level;
  }
  const auto dots = std::ranges::count(founding.prefix, '.');
  return founding.prefix == "0" ? "private"
         : dots == 0            ? "national"
         : dots == 1            ? "regional"
                                : "enterprise";
}

Json key_entry(const PublicKey& key, std::initializer_list<std::string_view> uses) {
  Json entry = key.jwk();
  entry["for"] = uses;
  return entry;
}

// The delegation that says what FOUNDING wants, with KEYS, unsigned.
Json plain_delegation(const Founding& founding, const Json& keys, UnixTime now) {
  Json delegation{{"schema", "cp.delegation/1"}, {"prefix", founding.prefix}};
  if (founding.parent) {
    delegation["parent"] = *founding.parent;
  }
  if (!founding.name.empty()) {
    delegation["name"] = model::text_value(founding.name);
  }
  delegation["level"] = usual_level(founding);
  delegation["seq"] = 1;
  delegation["keys"] = keys;
  delegation["may_delegate"] = founding.prefix != "0" && !founding.parent;
  if (!founding.registries.empty()) {
    delegation["registries"] = founding.registries;
  }
  delegation["not_before"] = format_time(std::chrono::floor<std::chrono::seconds>(now));
  if (founding.not_after) {
    delegation["not_after"] = format_time(*founding.not_after);
  }
  return delegation;
}

Result<void> check_founding(const Founding& founding) {
  if (!is_prefix(founding.prefix)) {
    return fail(Errc::usage, "{} is no prefix: decimal numbers with dots between", founding.prefix);
  }
  if (founding.parent && *founding.parent != parent_of_prefix(founding.prefix)) {
    return fail(Errc::usage, "{} is not just above {}", *founding.parent, founding.prefix);
  }
  return check_registry_urls(founding.registries);
}

Result<PublicKey> make_key(const std::string& state_directory, const Founding& founding,
                           Random& random, std::optional<PrivateKey>& kept) {
  PrivateKey key = PrivateKey::generate(random);
  CP_TRY(make_directories(key_directory(state_directory), 0700));
  PublicKey public_key = key.public_key();
  CP_TRY(key.save_new(key_file(state_directory, public_key.thumbprint()), founding.passphrase));
  if (!kept) {
    kept = std::move(key);
  }
  return public_key;
}

// Makes the keys and gives the delegation that the first of them has signed.
Result<Json> with_new_keys(const std::string& state_directory, const Founding& founding,
                           UnixTime now, Random& random) {
  std::optional<PrivateKey> first;
  Json keys = Json::array();
  CP_TRY_ASSIGN(const PublicKey main, make_key(state_directory, founding, random, first));
  if (founding.prefix == "0") {
    keys.push_back(key_entry(main, {"delegate", "record", "state", "head", "token"}));
  } else {
    keys.push_back(key_entry(main, {"delegate", "record"}));
    CP_TRY_ASSIGN(const PublicKey live, make_key(state_directory, founding, random, first));
    keys.push_back(key_entry(live, {"state", "head", "token"}));
  }
  const Json delegation = plain_delegation(founding, keys, now);
  CP_TRY(check_delegation_size(delegation));
  return sign_document(delegation, *first);
}

Result<Json> with_given_keys(const Founding& founding, UnixTime now) {
  Json keys = Json::array();
  for (Json key : founding.keys) {
    key.erase("schema");
    key.erase("thumbprint");
    keys.push_back(std::move(key));
  }
  Json delegation = plain_delegation(founding, keys, now);
  if (const auto sound = read_delegation(delegation); !sound) {
    return fail(Errc::bad_data, "the keys: {}", sound.error().message);
  }
  CP_TRY(check_delegation_size(delegation));
  return delegation;
}

Result<void> insert_authority(store::Database& database, Authority& authority) {
  // The column key_file is of the first release; files are named by their keys.
  CP_TRY_ASSIGN(auto insert,
                database.prepare("INSERT INTO authority (prefix, thumbprint, delegation, key_file, "
                                 "accepted) VALUES (?1, ?2, ?3, '', ?4)"));
  insert.bind(1, authority.prefix).bind(2, authority.thumbprint).bind(3, authority.delegation);
  CP_TRY(insert.bind(4, std::int64_t{authority.accepted ? 1 : 0}).run());
  authority.row = database.last_insert_id();
  return {};
}

// Whether the authority itself, or one above it, has declared THUMBPRINT void.
Result<bool> is_revoked(store::Database& database, const Authority& authority,
                        std::string_view thumbprint) {
  CP_TRY_ASSIGN(auto row, database.prepare(
                              "SELECT 1 FROM revocation WHERE authority = ?1 AND what = 'key' "
                              "AND name = ?2 UNION ALL SELECT 1 FROM revoked WHERE what = 'key' "
                              "AND name = ?2 AND substr(?3, 1, length(prefix) + 1) = prefix || '.' "
                              "AND anchor IN (SELECT thumbprint FROM anchor) LIMIT 1"));
  row.bind(1, authority.row).bind(2, thumbprint).bind(3, authority.prefix);
  return row.step();
}

}  // namespace

std::string key_directory(const std::string& state_directory) {
  return path_join(state_directory, "keys");
}

std::string key_file(const std::string& state_directory, std::string_view thumbprint) {
  return path_join(key_directory(state_directory), std::string(thumbprint) + ".pem");
}

Result<std::string> digest_of(const Json& document) {
  CP_TRY_ASSIGN(const std::string form, canonical(document));
  return sha256_text(sha256({form}));
}

Result<Authority> found_authority(store::Database& database, const std::string& state_directory,
                                  const Founding& founding, UnixTime now, Random& random) {
  CP_TRY(check_founding(founding));
  CP_TRY_ASSIGN(const Json document, founding.keys.empty()
                                         ? with_new_keys(state_directory, founding, now, random)
                                         : with_given_keys(founding, now));
  CP_TRY_ASSIGN(const Delegation delegation, read_delegation(document));
  const PublicKey& first = delegation.keys.front().key;
  Authority authority{0, founding.prefix, first.thumbprint(), model::to_line(document),
                      founding.keys.empty() && !founding.parent};
  CP_TRY(insert_authority(database, authority));
  if (authority.accepted) {
    TrustStore trust(database);
    CP_TRY(trust.pin(authority.prefix, first, now));
    CP_TRY(trust.keep(first.thumbprint(),
                      {"cp.delegation", authority.prefix, "", 1, authority.delegation}, now));
  }
  return authority;
}

Result<std::optional<Authority>> load_authority(store::Database& database) {
  CP_TRY_ASSIGN(auto row, database.prepare("SELECT id, prefix, thumbprint, delegation, accepted "
                                           "FROM authority ORDER BY id LIMIT 1"));
  CP_TRY_ASSIGN(const bool found, row.step());
  if (!found) {
    return std::nullopt;
  }
  return Authority{row.integer(0), std::string(row.text(1)), std::string(row.text(2)),
                   std::string(row.text(3)), row.integer(4) != 0};
}

Result<void> update_authority(store::Database& database, const Authority& authority) {
  CP_TRY_ASSIGN(auto row, database.prepare("UPDATE authority SET delegation = ?2, accepted = ?3, "
                                           "thumbprint = ?4 WHERE id = ?1"));
  row.bind(1, authority.row).bind(2, authority.delegation);
  return row.bind(3, std::int64_t{authority.accepted ? 1 : 0}).bind(4, authority.thumbprint).run();
}

Result<PrivateKey> signing_key(store::Database& database, const std::string& state_directory,
                               const Authority& authority, std::string_view use, UnixTime now,
                               const Passphrase& passphrase) {
  CP_TRY_ASSIGN(const Json document,
                model::parse_json(authority.delegation, {"the authority's delegation"}));
  CP_TRY_ASSIGN(const Delegation delegation, read_delegation(document));
  std::string missing;
  for (auto key = delegation.keys.rbegin(); key != delegation.keys.rend(); ++key) {
    const std::string& thumbprint = key->key.thumbprint();
    CP_TRY_ASSIGN(const bool is_void, is_revoked(database, authority, thumbprint));
    if (!key->may(use, now) || is_void) {
      continue;
    }
    const std::string file = key_file(state_directory, thumbprint);
    if (::access(file.c_str(), F_OK) == 0) {
      return PrivateKey::load(file, passphrase);
    }
    missing = file;
  }
  return missing.empty()
             ? fail(Errc::denied, "prefix {} has no key that may sign as {} now", authority.prefix,
                    use)
             : with_hint(fail(Errc::not_found, "the key that may sign as {} is not here: {}", use,
                              missing),
                         "sign where it is, with cpid sign --key");
}

Result<void> require_accepted(const Authority& authority) {
  if (authority.accepted) {
    return {};
  }
  return with_hint(
      fail(Errc::denied, "nobody has given prefix {} to the authority here yet", authority.prefix),
      "cpid accept takes what the parent has signed");
}

Result<void> require_in_force(const Authority& authority, Judge& judge) {
  CP_TRY(require_accepted(authority));
  const auto standing = judge.delegation(authority.prefix);
  if (standing || standing.error().code != Errc::denied) {
    return standing.map([](const Delegation&) {});
  }
  const auto parent = parent_of_prefix(authority.prefix);
  return with_hint(tl::unexpected<Error>(standing.error()),
                   parent ? "cpid accept takes what prefix " + *parent + " signs anew"
                          : "cpid renew --valid-for prolongs a root");
}

}  // namespace cp::identity
