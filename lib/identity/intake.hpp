// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
#include "identity/rate_limiter.hpp"
#include "identity/registry_view.hpp"
#include "identity/token.hpp"
#include "model/json_fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cp::identity {

/// Why a document was not taken.
struct Refused {
  int status = 0;  ///< the HTTP status that says so
  Error error;
  std::optional<std::chrono::seconds> retry_after = {};  ///< 429: when to come again
  std::optional<Referral> referral = {};                 ///< 307: who takes it
};

/// What whoever hands a document in says of the version that he knows.
struct Precondition {
  bool must_be_new = false;         ///< If-None-Match: *
  std::optional<std::int64_t> seq;  ///< If-Match: "SEQ"
};

/// How much is taken. A passive value.
struct IntakeLimits {
  ChildLimitTable children;
  Rate token{6'000, std::chrono::seconds(60)};  ///< documents, of each token
};

struct Taken {
  bool is_new = false;
  std::int64_t seq = 0;
};

/// Takes signed documents into a registry. A record or state is taken only when its signature holds
/// down from a pinned anchor, when it follows the newest version here, and from whoever has a token
/// of this authority, or of one above it, that allows it. What is refused leaves nothing behind but
/// evidence of equivocation. Durable when it returns. For one thread; borrows VIEW and LIMITER,
/// which all those share that take in at once.
class Intake {
 public:
  Intake(RegistryView& view, IntakeLimits limits, RateLimiter& limiter);

  /// Whose BEARER ("Bearer …", null when there is none) it is: 401 when that does not hold.
  tl::expected<Token, Refused> who(const std::string* authorization);

  /// TEXT as the cp.resource/1 of ID: 403 without a grant that covers it, or when the grant's
  /// quotas or the limits of a child are used up; 429 for too many in too short a time; 307 for a
  /// child that has registries of its own; 412 when PRECONDITION does not fit, 428 without any; 409
  /// when it does not follow the newest version, or an alias names another resource; 422 when it is
  /// malformed or does not hold.
  tl::expected<Taken, Refused> put_record(const Token& token, const Identifier& id,
                                          std::string_view text, const Precondition& precondition);
  /// TEXT as the cp.state/1 of ID, which is registered here (404); else as `put_record`, but no
  /// precondition is needed.
  tl::expected<Taken, Refused> put_state(const Token& token, const Identifier& id,
                                         std::string_view text, const Precondition& precondition);

 private:
  using Step = tl::expected<void, Refused>;
  Step keep_own(const Identifier& id, const model::Json& document,
                const std::optional<StoredDocument>& before);
  Step accept(const model::Json& document);
  Step accept_record(const model::Json& document, const Identifier& id,
                     const std::optional<StoredDocument>& before);
  Step enter_kept(const model::Json& document, const Identifier& id);
  Step use_quota(const Token& token, const Grant& grant, const Identifier& id, std::size_t bytes);
  /// 307, or 429 for a document of BYTES.
  Step admit(const Token& token, const Grant& grant, const Identifier& id, std::size_t bytes);
  /// Commits what STEP did, or the evidence that it left, and says so.
  static tl::expected<Taken, Refused> conclude(store::Transaction& transaction, const Step& step,
                                               const Taken& taken);

  RegistryView& view_;
  Estate& estate_;
  IntakeLimits limits_;
  RateLimiter& limiter_;
  TokenJudge tokens_;
};

}  // namespace cp::identity
