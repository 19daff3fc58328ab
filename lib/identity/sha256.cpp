// SPDX-License-Identifier: Apache-2.0
#include "identity/sha256.hpp"

#include "base/text.hpp"
#include "identity/must.hpp"

#include <openssl/evp.h>

namespace cp::identity {
namespace {}  // namespace

void Sha256::Free::operator()(void* context) const {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  must(context_ != nullptr &&
       EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_.get()), EVP_sha256(), nullptr) == 1);
}

void Sha256::add(std::string_view bytes) {
  must(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_.get()), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  std::string digest(32, '\0');
  must(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_.get()),
                          reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
  return digest;
}

std::string sha256(std::initializer_list<std::string_view> parts) {
  Sha256 sum;
  for (const std::string_view part : parts) {
    sum.add(part);
  }
  return sum.finish();
}

std::string sha256_text(std::string_view digest) { return "sha256:" + text::to_hex(digest); }

}  // namespace cp::identity
