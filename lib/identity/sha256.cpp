// SPDX-License-Identifier: Apache-2.0
#include "identity/sha256.hpp"

#include "base/text.hpp"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace cp::identity {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Hashing in memory fails only when libcrypto is broken.
void must(bool done) {
  if (!done) {
    std::abort();
  }
}

}  // namespace

std::string sha256(std::initializer_list<std::string_view> parts) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  must(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  for (const std::string_view part : parts) {
    must(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  std::string digest(32, '\0');
  must(EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()),
                          nullptr) == 1);
  return digest;
}

std::string sha256_text(std::string_view digest) { return "sha256:" + text::to_hex(digest); }

}  // namespace cp::identity
