// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace cp::identity {

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  /// The 32 bytes of the digest; nothing is added after it.
  std::string finish();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

/// The 32 bytes of SHA-256 over PARTS, one behind the other.
std::string sha256(std::initializer_list<std::string_view> parts);
/// "sha256:" and BYTES in hexadecimal, as documents have digests.
std::string sha256_text(std::string_view digest);

}  // namespace cp::identity
