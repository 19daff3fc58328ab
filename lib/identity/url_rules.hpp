// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <span>
#include <string>
#include <string_view>

namespace cp::identity {

/// bad_data, with what is wrong, unless URL is one that a record may name: to launch at
/// (IS_LAUNCH), of a scheme of DESIGN §8; else of any scheme but those that are scripts. A user and
/// a host, where it names them, are words that no program takes for an option (SECURITY §4).
Result<void> check_url(std::string_view url, bool is_launch);

/// usage, with what is wrong, unless everybody could ask each of URLS as a registry: what
/// `registry_url` takes, and without TLS only on this machine.
Result<void> check_registry_urls(std::span<const std::string> urls);

/// bad_data unless REQUEST, a cp.delegation, asks for such registries alone, or for none. Whoever
/// reads a delegation that is signed does not ask this.
Result<void> check_asked_registries(const model::Json& request);

}  // namespace cp::identity
