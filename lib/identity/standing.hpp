// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity/judge.hpp"

#include <cstdint>
#include <string_view>

namespace cp::identity {

/// What it says of a registry that it shows a document: the one place that tells honest history
/// from lies. Whatever does not hold is not taken; only a lie makes what else the registry says
/// unworthy.
enum class Standing : std::uint8_t {
  holds,
  lapsed,    ///< it held once, or may have: expired, revoked, its authority withdrawn, superseded
  disowned,  ///< its key is none of its prefix's now: lapsed if the ledger says that the key was
             ///< replaced or is void, else a lie
  unjudged,  ///< what it takes to judge it is not known here, or not valid yet
  lie,       ///< it never held, or something that must not go back did
};

/// The standing of a document of SCHEMA for which a Judge has given VERDICT. Nothing is said of
/// whether it is the document that was entered.
Standing standing_of(std::string_view schema, const Verdict& verdict);

/// The same of a record that a registry keeps for an authority below its own: which keys that one
/// has given up, and that it has said two things at once, is not this registry's to answer for.
Standing standing_of_kept(const Verdict& verdict);

}  // namespace cp::identity
