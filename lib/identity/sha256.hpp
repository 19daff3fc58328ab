// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace cp::identity {

/// The 32 bytes of SHA-256 over PARTS, one behind the other.
std::string sha256(std::initializer_list<std::string_view> parts);
/// "sha256:" and BYTES in hexadecimal, as documents have digests.
std::string sha256_text(std::string_view digest);

}  // namespace cp::identity
