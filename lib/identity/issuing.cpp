// SPDX-License-Identifier: Apache-2.0
#include "identity/issuing.hpp"

#include "identity/identifier.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

namespace cp::identity {
namespace {

constexpr std::int64_t kKeptAfterExpiry = std::int64_t{30} * 24 * 3'600;

std::int64_t unix_seconds(UnixTime time) { return unix_milliseconds(time) / 1'000; }

Result<void> forget_old_tokens(Estate& estate) {
  CP_TRY_ASSIGN(auto row, estate.database.prepare("DELETE FROM token WHERE authority = ?1 "
                                                  "AND expires < ?2"));
  row.bind(1, estate.authority->row).bind(2, unix_seconds(estate.now()) - kKeptAfterExpiry);
  return row.run();
}

Result<void> keep_token(Estate& estate, const Token& token) {
  CP_TRY_ASSIGN(auto row, estate.database.prepare("INSERT INTO token (authority, jti, expires, "
                                                  "claims) VALUES (?1, ?2, ?3, ?4)"));
  row.bind(1, estate.authority->row).bind(2, token.id).bind(3, token.expires);
  return row.bind(4, model::to_line(to_json(token))).run();
}

// What a registry does not keep, no token for it can allow.
Result<void> check_reach(const Token& token) {
  for (const Grant& grant : token.grants) {
    if (grant.prefix && is_prefix(token.audience) && !is_within(*grant.prefix, token.audience)) {
      return fail(Errc::usage, "prefix {} does not lie below {}, the audience", *grant.prefix,
                  token.audience);
    }
  }
  return {};
}

}  // namespace

Result<std::string> issue_token(Estate& estate, Token& token) {
  CP_TRY(estate.require_authority());
  CP_TRY(require_in_force(*estate.authority, estate.judge));
  token.issuer = estate.authority->prefix;
  token.id = make_ulid(estate.now(), estate.random);
  token.not_before = unix_seconds(estate.now());
  if (token.expires <= token.not_before) {
    return fail(Errc::usage, "a token must end after now");
  }
  if (const auto sound = read_token(to_json(token)); !sound) {
    return fail(Errc::usage, "{}", sound.error().message);
  }
  CP_TRY(check_reach(token));
  CP_TRY_ASSIGN(const PrivateKey key, estate.key_for("token"));
  CP_TRY_ASSIGN(std::string compact, sign_token(token, key));
  CP_TRY(forget_old_tokens(estate));
  CP_TRY(keep_token(estate, token));
  return compact;
}

Result<void> for_each_token(Estate& estate,
                            const std::function<Result<void>(const Issued&)>& visit) {
  CP_TRY(estate.require_authority());
  CP_TRY_ASSIGN(auto rows,
                estate.database.prepare("SELECT claims, expires, EXISTS (SELECT 1 FROM revocation "
                                        "WHERE revocation.authority = ?1 AND what = 'token' "
                                        "AND name = jti) FROM token WHERE authority = ?1 "
                                        "ORDER BY expires DESC, jti DESC"));
  rows.bind(1, estate.authority->row);
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return {};
    }
    CP_TRY_ASSIGN(const model::Json claims, model::parse_json(rows.text(0), {"a token's claims"}));
    CP_TRY_ASSIGN(Token token, read_token(claims));
    const bool is_over = rows.integer(1) <= unix_seconds(estate.now());
    const char* status = rows.integer(2) != 0 ? "revoked" : is_over ? "expired" : "valid";
    CP_TRY(visit({std::move(token), status}));
  }
}

}  // namespace cp::identity
