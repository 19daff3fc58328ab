// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string_view>

namespace cp::identity {

struct Resolved;  // identity/resolved.hpp

/// Who finds out what a name stands for: this machine's registry alone, or with others'.
class Resolves {
 public:
  virtual ~Resolves() = default;
  /// The resource that NAME, a code or an alias ("@label/name"), names, its signature verified
  /// anew; of one that was moved or merged, its successor. not_found when there is none or it has
  /// ended, bad_data when NAME is neither.
  virtual Result<Resolved> resolve(std::string_view name) const = 0;

 protected:
  Resolves() = default;
  Resolves(const Resolves&) = default;
  Resolves(Resolves&&) = default;
  Resolves& operator=(const Resolves&) = default;
  Resolves& operator=(Resolves&&) = default;
};

}  // namespace cp::identity
