// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace cp::provider {

/// The URL of a provider, taken apart. A bare type ("slurm") means the type's own default
/// ("slurm:"). What stands behind the colon is the type's to judge.
struct ProviderUrl {
  std::string type;  ///< "local", "slurm+ssh"
  std::string rest;  ///< what follows the colon: "//login.example", "CONTEXT/NAMESPACE", ""

  std::string to_string() const { return type + ":" + rest; }
  friend bool operator==(const ProviderUrl&, const ProviderUrl&) = default;
};

/// The provider that TEXT names. usage when it is none: the type is a lower-case letter and then
/// lower-case letters, digits, "+" and "-"; the rest is printable ASCII without blanks. Whether the
/// type exists is `find_type`'s to say.
Result<ProviderUrl> parse_provider_url(std::string_view text);

/// Whether what TEXT, the URL of a provider, names acts on this very machine: then it is taken only
/// from the command line, the configuration or this machine's own authority (SECURITY §3).
bool acts_on_this_machine(std::string_view text);

}  // namespace cp::provider
