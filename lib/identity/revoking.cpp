// SPDX-License-Identifier: Apache-2.0
#include "identity/revoking.hpp"

#include "identity/ending.hpp"
#include "identity/proof.hpp"
#include "identity/sha256.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {
namespace {

using model::Json;

Result<Delegation> own_delegation(Estate& estate) {
  CP_TRY_ASSIGN(const Json document, estate.own_delegation());
  return read_delegation(document);
}

Result<bool> is_childs_key(Estate& estate, std::string_view thumbprint) {
  CP_TRY_ASSIGN(auto rows,
                estate.database.prepare("SELECT delegation FROM child WHERE authority = ?1"));
  rows.bind(1, estate.authority->row);
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return false;
    }
    CP_TRY_ASSIGN(const Json document, model::parse_json(rows.text(0), {"a child's delegation"}));
    CP_TRY_ASSIGN(const Delegation child, read_delegation(document));
    if (child.find(thumbprint) != nullptr) {
      return true;
    }
  }
}

Result<bool> is_revoked(Estate& estate, std::string_view what, std::string_view name) {
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT 1 FROM revocation WHERE authority = ?1 "
                                                  "AND what = ?2 AND name = ?3"));
  return row.bind(1, estate.authority->row).bind(2, what).bind(3, name).step();
}

// A key that is void signs no head that says so: another one must be left.
Result<void> check_that_a_head_key_is_left(Estate& estate, const Delegation& own,
                                           std::string_view thumbprint) {
  for (const DelegatedKey& key : own.keys) {
    CP_TRY_ASSIGN(const bool is_void, is_revoked(estate, "key", key.key.thumbprint()));
    if (key.key.thumbprint() != thumbprint && !is_void && key.may("head", estate.now())) {
      return {};
    }
  }
  return with_hint(
      fail(Errc::denied, "no other key of prefix {} could sign the head that says so", own.prefix),
      "cpid rekey makes one");
}

Result<void> check_that_it_is_no_anchor(Estate& estate, const Delegation& own,
                                        std::string_view thumbprint) {
  if (own.parent) {
    return {};
  }
  CP_TRY_ASSIGN(const std::string anchor, estate.judge.anchor_of(own.prefix));
  return anchor != thumbprint
             ? Result<void>{}
             : with_hint(
                   fail(Errc::denied,
                        "prefix {} stands on this key: all that is below it would be void for "
                        "good, and no key could follow",
                        own.prefix),
                   "cpid rekey puts another one in its place first; --force voids it all");
}

Result<Json> revoked_list(Estate& estate) {
  // What a token allowed ends by itself: the list must not grow for ever.
  CP_TRY_ASSIGN(auto rows,
                estate.database.prepare("SELECT what, name, seq, why FROM revocation WHERE "
                                        "authority = ?1 AND (what <> 'token' OR seq > ?2) "
                                        "ORDER BY what, name"));
  rows.bind(1, estate.authority->row).bind(2, unix_milliseconds(estate.now()) / 1'000);
  Json list = Json::array();
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return list;
    }
    Json one = Json::object();
    one[std::string(rows.text(0))] = std::string(rows.text(1));
    if (rows.text(0) == "delegation") {
      one["seq"] = rows.integer(2);
    } else if (rows.text(0) == "token") {
      one["exp"] = rows.integer(2);
    }
    one["why"] = std::string(rows.text(3));
    list.push_back(std::move(one));
  }
}

// Each of them has to stand in every head from now on.
Result<void> check_that_there_is_room(Estate& estate) {
  constexpr std::size_t kMostBytes = 240U << 10U;
  CP_TRY_ASSIGN(const Json list, revoked_list(estate));
  return list.size() < kMaxRevoked && model::to_line(list).size() < kMostBytes
             ? Result<void>{}
             : with_hint(
                   fail(
                       Errc::denied,
                       "a head declares {} keys, prefixes and tokens void at most, in 240 KiB, and "
                       "so many are",
                       kMaxRevoked),
                   "those of tokens end with the tokens; a key that is replaced (cpid "
                   "rekey) voids all that it has signed");
}

Result<void> enter_revocation(Estate& estate, const Revocation& revocation) {
  CP_TRY(check_why(revocation.why));
  CP_TRY_ASSIGN(const bool is_again, is_revoked(estate, revocation.what, revocation.name));
  CP_TRY(is_again ? Result<void>{} : check_that_there_is_room(estate));
  CP_TRY_ASSIGN(auto row,
                estate.database.prepare("INSERT INTO revocation (authority, what, name, seq, why) "
                                        "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE "
                                        "SET seq = max(seq, excluded.seq)"));
  row.bind(1, estate.authority->row).bind(2, revocation.what).bind(3, revocation.name);
  CP_TRY(row.bind(4, revocation.seq).bind(5, revocation.why).run());
  Json entry{{"op", "revoke"}, {"why", revocation.why}};
  entry[revocation.what] = revocation.name;
  if (revocation.what == "delegation") {
    entry["delegation_seq"] = revocation.seq;
  }
  CP_TRY(estate.registry().ledger().append(std::move(entry), estate.now()));
  // Here it is void at once; others learn it from the next head.
  CP_TRY_ASSIGN(const std::string anchor, estate.judge.anchor_of(estate.authority->prefix));
  return estate.trust.revoke(anchor, revocation);
}

}  // namespace

Result<void> revoke_key(Estate& estate, std::string_view thumbprint, std::string_view why,
                        bool meant) {
  CP_TRY(estate.require_authority());
  CP_TRY(require_accepted(*estate.authority));
  CP_TRY_ASSIGN(const Delegation own, own_delegation(estate));
  if (own.find(thumbprint) != nullptr) {
    CP_TRY(check_that_a_head_key_is_left(estate, own, thumbprint));
    CP_TRY(meant ? Result<void>{} : check_that_it_is_no_anchor(estate, own, thumbprint));
  } else {
    CP_TRY_ASSIGN(const bool is_childs, is_childs_key(estate, thumbprint));
    if (!is_childs) {
      return fail(Errc::not_found, "neither prefix {} nor a child of it has a key {}", own.prefix,
                  thumbprint);
    }
  }
  return enter_revocation(estate,
                          {own.prefix, "key", std::string(thumbprint), 0, std::string(why)});
}

Result<void> revoke_delegation(Estate& estate, std::string_view prefix, std::string_view why) {
  CP_TRY(estate.require_authority());
  CP_TRY(require_accepted(*estate.authority));
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT seq FROM child WHERE authority = ?1 "
                                                  "AND prefix = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, estate.authority->row).bind(2, prefix).step());
  if (!found) {
    return fail(Errc::not_found, "prefix {} was not delegated here", prefix);
  }
  return enter_revocation(estate, {estate.authority->prefix, "delegation", std::string(prefix),
                                   row.integer(0), std::string(why)});
}

Result<void> revoke_token(Estate& estate, std::string_view jti, std::string_view why) {
  CP_TRY(estate.require_authority());
  CP_TRY(require_accepted(*estate.authority));
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT expires FROM token WHERE authority = ?1 "
                                                  "AND jti = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, estate.authority->row).bind(2, jti).step());
  if (!found) {
    return with_hint(fail(Errc::not_found, "no token {} was issued here", jti),
                     "cpid token list shows what was");
  }
  return enter_revocation(estate, {estate.authority->prefix, "token", std::string(jti),
                                   row.integer(0), std::string(why)});
}

Result<Json> make_head(Estate& estate, std::chrono::nanoseconds validity) {
  CP_TRY(estate.require_authority());
  CP_TRY(require_accepted(*estate.authority));
  if (validity <= std::chrono::nanoseconds(0) || validity > std::chrono::days(7)) {
    return fail(Errc::usage, "a head is valid for 7 days at most");
  }
  CP_TRY_ASSIGN(const PrivateKey key, estate.key_for("head"));
  Ledger ledger = estate.registry().ledger();
  CP_TRY_ASSIGN(const Json revoked, revoked_list(estate));
  CP_TRY(ledger.append({{"op", "head"}, {"revoked", revoked.size()}}, estate.now()));
  CP_TRY_ASSIGN(const Ledger::End end, ledger.end());
  const UnixTime now = std::chrono::floor<std::chrono::seconds>(estate.now());
  CP_TRY_ASSIGN(Json head, sign_document({{"schema", "cp.head/1"},
                                          {"prefix", estate.authority->prefix},
                                          {"seq", end.seq},
                                          {"hash", sha256_text(end.hash)},
                                          {"revoked", revoked},
                                          {"issued", format_time(now)},
                                          {"valid_until", format_time(now + validity)}},
                                         key));
  CP_TRY_ASSIGN(const Verdict verdict, estate.judge.accept(head));
  if (!verdict.holds()) {
    return fail(Errc::denied, "the head would not hold: {}", verdict.message);
  }
  return head;
}

}  // namespace cp::identity
