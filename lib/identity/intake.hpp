// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/estate.hpp"
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
};

/// What whoever hands a document in says of the version that he knows.
struct Precondition {
  bool must_be_new = false;         ///< If-None-Match: *
  std::optional<std::int64_t> seq;  ///< If-Match: "SEQ"
};

struct Taken {
  bool is_new = false;
  std::int64_t seq = 0;
};

/// Takes signed documents into a registry. A record or state is taken only when its signature holds
/// down from a pinned anchor, when it follows the newest version here, and from whoever has a token
/// of this authority, or of one above it, that allows it. What is refused leaves nothing behind but
/// evidence of equivocation. Durable when it returns. For one thread; borrows VIEW.
class Intake {
 public:
  explicit Intake(RegistryView& view);

  /// Whose BEARER ("Bearer …", null when there is none) it is: 401 when that does not hold.
  tl::expected<Token, Refused> who(const std::string* authorization);

  /// TEXT as the cp.resource/1 of ID: 403 without a grant that covers it, or when the grant's quota
  /// is used up; 412 when PRECONDITION does not fit, 428 without any; 409 when it does not follow
  /// the newest version, or an alias names another resource; 422 when it is malformed or does not
  /// hold.
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
  Step use_quota(const Token& token, const Grant& grant, const Identifier& id);
  /// Commits what STEP did, or the evidence that it left, and says so.
  static tl::expected<Taken, Refused> conclude(store::Transaction& transaction, const Step& step,
                                               const Taken& taken);

  RegistryView& view_;
  Estate& estate_;
  TokenJudge tokens_;
};

}  // namespace cp::identity
