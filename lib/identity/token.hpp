// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "identity/judge.hpp"
#include "identity/key.hpp"
#include "identity/trust_store.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// cp.token/1: the bearer token of every server of the suite. A compact EdDSA JWS of the type
/// cp-token+jwt, signed by a key of its issuer's prefix that is for `token`.
namespace cp::identity {

/// One thing that a token allows. What is absent is not limited.
struct Grant {
  std::string op;                         ///< "read", "write", "run", "register" or "state"
  std::optional<std::string> path;        ///< read, write: the directory, absolute
  std::optional<std::uint64_t> bytes;     ///< read, write: how many; register: of all its records
  std::vector<std::string> targets;       ///< run, state: codes
  std::optional<std::uint64_t> cards;     ///< run: how many at once
  std::optional<Money> cost;              ///< run: how much altogether
  std::optional<std::string> prefix;      ///< register, state: below it, itself included
  std::optional<std::uint64_t> quota;     ///< register: how many records
  std::optional<std::uint64_t> per_hour;  ///< register, state: how many documents in an hour
};

/// What somebody wants to do with a token.
struct Wish {
  std::string_view op;
  std::string_view path = {};
  std::string_view target = {};
  std::string_view prefix = {};
};

/// The claims of a token.
struct Token {
  std::string issuer;           ///< a prefix
  std::string subject;          ///< whom it was given to; means something beside the issuer only
  std::string audience;         ///< the code, or the prefix of a registry, that it is for
  std::string id;               ///< a ULID
  std::int64_t not_before = 0;  ///< seconds since 1970
  std::int64_t expires = 0;
  std::vector<Grant> grants;  ///< those that this release understands, whole

  /// The first grant that covers WISH; null when none does.
  const Grant* allows(const Wish& wish) const;
};

/// The grant that OBJECT is; bad_data for one with a member that this release does not know (it
/// might be a limit) or of the wrong type.
Result<Grant> read_grant(const model::Json& object);
model::Json to_json(const Grant& grant);
/// The grant in TEXT, as people write it: "write:path=/scratch,bytes=10TB", "register:prefix=86.3".
Result<Grant> parse_grant(std::string_view text);

/// The claims as a cp.token/1, and from one; bad_data for what is none.
model::Json to_json(const Token& token);
Result<Token> read_token(const model::Json& claims);

/// TOKEN signed by KEY, as it stands behind "Bearer".
Result<std::string> sign_token(const Token& token, const PrivateKey& key);

/// The token in FILE, as it stands behind "Bearer"; bad_config when the file holds anything but one
/// compact JWS, which then goes nowhere; else errors as read_trusted_file of a secret.
Result<std::string> read_token_file(const std::string& file);

/// Whether CODE_OR_PREFIX can be the audience of a token.
bool is_audience(std::string_view code_or_prefix);

/// Says for one server what tokens are worth. For one thread; borrows what it is given. Revocations
/// that another process has written hold at once.
class TokenJudge {
 public:
  /// AUDIENCE is the server's own code, or the prefix of a registry.
  TokenJudge(Judge& judge, TrustStore& store, const Clock& clock, std::string audience)
      : judge_(judge), store_(store), clock_(clock), audience_(std::move(audience)) {}

  /// The claims of COMPACT, verified up to a pinned anchor. denied, with the word for it as the
  /// hint, when it does not hold: malformed, bad_signature, unknown_key, wrong_use, revoked,
  /// no_anchor, …, wrong_audience, not_yet_valid, expired. Nothing of it is in the message.
  Result<Token> check(std::string_view compact);

 private:
  Result<void> check_claims(const Token& token) const;

  Judge& judge_;
  TrustStore& store_;
  const Clock& clock_;
  std::string audience_;
};

}  // namespace cp::identity
