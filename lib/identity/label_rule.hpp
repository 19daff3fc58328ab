// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::identity {

class Judge;
class TrustStore;

/// Whether the alias @label/name counts for the verified record of CODE under ANCHOR, a thumbprint
/// (SECURITY §2): labels are allotted by the parent in the delegation, and an authority that is
/// itself pinned may use those that were allotted to nobody. Where two roots have one label, the
/// one that was pinned first counts, and NOTES say so; where one root's tree has a label twice, the
/// authority that is nearer to the root has it, and among those equally near the one that was known
/// with it first.
/// @returns "" when it counts, else why not; an error only when the store fails.
Result<std::string> why_not_its_label(const TrustStore& store, Judge& judge, std::string_view alias,
                                      std::string_view code, std::string_view anchor,
                                      std::vector<std::string>& notes);

/// Why the label that DELEGATION, verified under ANCHOR and kept, gives its prefix does not count;
/// "" when it does, or there is none.
Result<std::string> why_not_the_label(const TrustStore& store, Judge& judge,
                                      const model::Json& delegation, std::string_view anchor);

/// denied, with the alias and why, when one of ALIASES would not count for the records of PREFIX:
/// what an authority checks before it gives such a name.
Result<void> check_aliases(const TrustStore& store, Judge& judge, std::string_view prefix,
                           std::span<const std::string> aliases);

/// The prefixes whose records the alias @label/name could name by what is kept, unverified: those
/// that the label was allotted to, and those that are pinned.
Result<std::set<std::string>> prefixes_of_label(const TrustStore& store, std::string_view alias);

}  // namespace cp::identity
