// SPDX-License-Identifier: Apache-2.0
#include "transfer/session_keys.hpp"

#include "identity/must.hpp"
#include "transfer/limits.hpp"
#include "transfer/wire.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <initializer_list>

namespace cp::transfer {
namespace {

constexpr std::string_view kKeysOfThis = "cptools cpxfer keys 1";

std::string hmac(std::string_view key, std::string_view text) {
  std::string out(limits::key_bytes, '\0');
  identity::must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                      reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                      reinterpret_cast<unsigned char*>(out.data()), nullptr) != nullptr);
  return out;
}

std::string fields(std::initializer_list<std::string_view> texts) {
  WireWriter out;
  for (const std::string_view text : texts) {
    out.put_text(text);
  }
  return out.take();
}

/// HKDF of one session; each output is one block of SHA-256.
class Derivation {
 public:
  explicit Derivation(const SessionSecret& secret)
      : secret_(secret),
        key_(hmac(kKeysOfThis, fields({secret.binding, secret.client, secret.server}))) {}

  std::string key(std::string_view purpose, std::string_view direction, std::uint64_t rail,
                  std::string_view token) const {
    const std::string info =
        fields({purpose, direction, secret_.transfer, std::to_string(rail),
                std::to_string(secret_.epoch), token, secret_.sealed ? "sealed" : "clear"});
    return hmac(key_, info + '\x01');
  }

 private:
  const SessionSecret& secret_;
  std::string key_;
};

}  // namespace

std::vector<RailKeys> derive_rail_keys(const SessionSecret& secret,
                                       const std::vector<std::string>& tokens,
                                       std::uint64_t first) {
  const Derivation derivation(secret);
  std::vector<RailKeys> rails;
  for (const std::string& token : tokens) {
    const std::uint64_t rail = first + rails.size();
    RailKeys keys{.claim = token + derivation.key("proof", "up", rail, token),
                  .answer = derivation.key("proof", "down", rail, token),
                  .upward = "",
                  .downward = ""};
    if (secret.sealed) {
      keys.upward = derivation.key("chunks", "up", rail, token);
      keys.downward = derivation.key("chunks", "down", rail, token);
    }
    rails.push_back(std::move(keys));
  }
  return rails;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace cp::transfer
