// SPDX-License-Identifier: Apache-2.0
#include "identity/token.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "identity/identifier.hpp"
#include "identity/jws.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

constexpr std::string_view kTokenType = "cp-token+jwt";
constexpr std::size_t kMaxTokenBytes = 16U << 10U;  // half of what all HTTP headers may have
constexpr std::size_t kMaxGrants = 64;
constexpr std::size_t kMaxSubject = 256;
constexpr std::int64_t kTokenSkew = 60;

tl::unexpected<Error> no_token(std::string_view reason, std::string message) {
  return with_hint(tl::unexpected<Error>(Error{Errc::denied, std::move(message), ""}),
                   std::string(reason));
}

bool is_ulid(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return text.size() == 26 && text[0] <= '7' &&
         text.find_first_not_of(kDigits) == std::string_view::npos;
}

// Below DIRECTORY without a way out: no "..", whole names.
bool is_below(std::string_view path, std::string_view directory) {
  for (const std::string_view name : text::split(path, '/')) {
    if (name == "..") {
      return false;
    }
  }
  while (directory.ends_with('/')) {
    directory.remove_suffix(1);
  }
  return path.starts_with('/') && path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// The claims before anybody believes them: who should have signed stands in them.
Result<Json> unverified_claims(std::string_view compact) {
  const auto parts = text::split(compact, '.');
  if (compact.size() > kMaxTokenBytes || parts.size() != 3) {
    return no_token("malformed", "it is no token of three parts");
  }
  const auto payload = text::from_base64url(parts[1]);
  auto claims = payload ? model::parse_json(*payload) : Result<Json>(fail(Errc::bad_data, "none"));
  if (!claims) {
    return no_token("malformed", "its claims are no JSON");
  }
  return claims;
}

// Three parts of base64url (RFC 7515 §3.1), and nothing else.
bool is_compact(std::string_view token) {
  const auto parts = text::split(token, '.');
  return token.size() <= kMaxTokenBytes && parts.size() == 3 &&
         std::ranges::all_of(parts, [](std::string_view part) {
           return !part.empty() && text::from_base64url(part);
         });
}

}  // namespace

Result<std::string> read_token_file(const std::string& file) {
  CP_TRY_ASSIGN(const std::string text, read_trusted_file(file, limits::key_file_bytes, true));
  const std::string_view token = text::trim(text);
  if (!is_compact(token)) {
    return with_hint(fail(Errc::bad_config, "{} holds no token", file),
                     "cpid token issue --plain prints one, on one line");
  }
  return std::string(token);
}

bool is_audience(std::string_view code_or_prefix) {
  const auto code = Identifier::parse(code_or_prefix);
  return is_prefix(code_or_prefix) || (code && code->text() == code_or_prefix);
}

const Grant* Token::allows(const Wish& wish) const {
  const auto covers = [&](const Grant& grant) {
    return grant.op == wish.op && (!grant.path || is_below(wish.path, *grant.path)) &&
           (grant.targets.empty() ||
            std::ranges::find(grant.targets, wish.target) != grant.targets.end()) &&
           (!grant.prefix || (is_prefix(wish.prefix) && is_within(wish.prefix, *grant.prefix)));
  };
  const auto found = std::ranges::find_if(grants, covers);
  return found == grants.end() ? nullptr : &*found;
}

Json to_json(const Token& token) {
  Json grants = Json::array();
  for (const Grant& grant : token.grants) {
    grants.push_back(to_json(grant));
  }
  return {{"schema", "cp.token/1"}, {"iss", token.issuer}, {"sub", token.subject},
          {"aud", token.audience},  {"jti", token.id},     {"nbf", token.not_before},
          {"exp", token.expires},   {"grants", grants}};
}

Result<Token> read_token(const Json& claims) {
  const auto issuer = model::text_at(claims, "iss");
  const auto subject = model::text_at(claims, "sub");
  const auto audience = model::text_at(claims, "aud");
  const auto id = model::text_at(claims, "jti");
  const auto expires = model::int_at(claims, "exp");
  const Json* not_before = model::find(claims, "nbf");
  const Json* grants = model::find(claims, "grants");
  if (model::text_at(claims, "schema") != "cp.token/1") {
    return fail(Errc::bad_data, "it is no cp.token/1");
  }
  if (!issuer || !is_prefix(*issuer) || !audience || !is_audience(*audience) || !id ||
      !is_ulid(*id)) {
    return fail(Errc::bad_data, "iss, aud or jti of a token is missing or malformed");
  }
  if (!subject || subject->empty() || subject->size() > kMaxSubject) {
    return fail(Errc::bad_data, "sub of a token is no text of 1 to {} bytes", kMaxSubject);
  }
  if (!expires || *expires < 0 || (not_before != nullptr && !model::int_at(claims, "nbf"))) {
    return fail(Errc::bad_data, "exp or nbf of a token is no number of seconds");
  }
  if (grants == nullptr || !grants->is_array() || grants->empty() || grants->size() > kMaxGrants) {
    return fail(Errc::bad_data, "grants of a token is no list of 1 to {}", kMaxGrants);
  }
  Token token{*issuer,  *subject, *audience, *id, model::int_at(claims, "nbf").value_or(0),
              *expires, {}};
  for (const Json& object : *grants) {
    // What a later release may grant, or limit, is nothing that we could allow.
    if (auto grant = read_grant(object)) {
      token.grants.push_back(*std::move(grant));
    }
  }
  return token;
}

Result<std::string> sign_token(const Token& token, const PrivateKey& key) {
  const Json claims = to_json(token);
  CP_TRY(read_token(claims));
  const std::string header = model::to_line(
      Json{{"alg", "EdDSA"}, {"kid", key.public_key().thumbprint()}, {"typ", kTokenType}});
  std::string compact = jws::sign_compact(header, model::to_line(claims), key);
  if (compact.size() > kMaxTokenBytes) {
    return fail(Errc::usage, "the token would have more than {} bytes", kMaxTokenBytes);
  }
  return compact;
}

Result<void> TokenJudge::check_claims(const Token& token) const {
  const std::int64_t now = unix_milliseconds(clock_.now()) / 1'000;
  if (token.audience != audience_) {
    return no_token("wrong_audience", "the token is for " + token.audience);
  }
  if (token.not_before > now + kTokenSkew) {
    return no_token("not_yet_valid", "the token is not valid yet");
  }
  if (token.expires <= now) {
    return no_token("expired", "the token has expired");
  }
  CP_TRY_ASSIGN(const bool revoked, store_.is_token_revoked(token.issuer, token.id));
  return revoked ? Result<void>(no_token("revoked", "the token was revoked")) : Result<void>{};
}

Result<Token> TokenJudge::check(std::string_view compact) {
  CP_TRY_ASSIGN(const Json claims, unverified_claims(compact));
  const auto token = read_token(claims);
  if (!token) {
    return no_token("malformed", token.error().message);
  }
  std::optional<Error> unfit;
  const auto payload = jws::verify_compact(
      compact, kTokenType, [&](std::string_view kid) -> std::optional<PublicKey> {
        auto found = judge_.key_of(token->issuer, kid, "token");
        if (!found) {
          unfit = found.error();
          return std::nullopt;
        }
        return *std::move(found);
      });
  if (!payload && unfit) {
    return tl::unexpected<Error>(*std::move(unfit));
  }
  if (!payload) {
    return no_token("bad_signature", payload.error().message);
  }
  CP_TRY(check_claims(*token));
  return *token;
}

}  // namespace cp::identity
