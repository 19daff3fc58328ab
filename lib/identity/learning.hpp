// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/judge.hpp"
#include "model/json_fwd.hpp"

#include <span>
#include <string>
#include <vector>

/// What a registry tells of itself and those below it, verified.
namespace cp::identity {

struct Learned {
  std::string prefix;  ///< of the registry, by its head; empty when it shows none
  std::int64_t head_seq = 0;
  Verdict head;              ///< of its head, if it shows one
  std::string head_problem;  ///< why its head does not hold; "" when it does, or there is none
  std::vector<std::string> problems;  ///< of its delegations, for people
};

/// What Judge::accept says of each of DELEGATIONS in turn. Of a root's that do not hold so, those
/// are judged again, the last one first, after all others: whoever has pinned a newer key knows
/// them by the versions that came next. Must run inside a transaction.
Result<std::vector<Verdict>> accept_delegations(Judge& judge,
                                                std::span<const model::Json> delegations);

/// Takes the delegations and the head of BOOTSTRAP, a cp.bootstrap/1, as Judge::accept does. What
/// has no anchor here is passed over. Must run inside a transaction. An error only when the store
/// fails.
Result<Learned> learn(Judge& judge, const model::Json& bootstrap);

/// The same with the delegations and heads of CHAIN, a cp.chain/1, that lead to PREFIX; gives what
/// does not hold, for people.
Result<std::vector<std::string>> learn_chain(Judge& judge, const model::Json& chain,
                                             std::string_view prefix);

/// What RECORD is called: its aliases, and "SCHEME:ID" for each of its also_known_as; of either no
/// more than a record may have.
std::vector<std::string> names_of(const model::Json& record);

}  // namespace cp::identity
