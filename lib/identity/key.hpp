// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace cp::identity {

inline constexpr std::size_t kSignatureBytes = 64;

/// An Ed25519 public key (RFC 8032). A value; copies share OpenSSL's object. Safe on any thread.
class PublicKey {
 public:
  /// The key whose "x" of RFC 8037 is X (base64url of 32 bytes); bad_data otherwise.
  static Result<PublicKey> from_x(std::string_view x);
  /// The key in JWK, {"kty":"OKP","crv":"Ed25519","x":"…"}; other members are ignored.
  static Result<PublicKey> from_jwk(const model::Json& jwk);

  const std::string& x() const { return x_; }
  /// {"kty":"OKP","crv":"Ed25519","x":"…"}
  model::Json jwk() const;
  /// base64url of SHA-256 over the members that RFC 7638 names.
  std::string thumbprint() const;

  /// Whether SIGNATURE is one of MESSAGE by this key.
  bool verifies(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.x_ == b.x_; }

 private:
  friend class PrivateKey;
  PublicKey(std::string x, std::shared_ptr<evp_pkey_st> key)
      : x_(std::move(x)), key_(std::move(key)) {}

  std::string x_;
  std::shared_ptr<evp_pkey_st> key_;
};

/// An Ed25519 private key. Move-only; nothing of it is ever printed or logged.
class PrivateKey {
 public:
  static PrivateKey generate(Random& random);
  /// The key in TEXT: PKCS #8 PEM (RFC 8410, as `openssl genpkey` writes it) or a JWK with "d".
  /// bad_data otherwise.
  static Result<PrivateKey> parse(std::string_view text);
  /// The key in the file at PATH, which must be ours and closed to others (bad_config).
  static Result<PrivateKey> load(const std::string& path);

  /// Writes it to PATH, which must not exist, as PEM with mode 0600; durable when it returns.
  Result<void> save_new(const std::string& path) const;
  /// The JWK with "d": for files only.
  model::Json jwk() const;

  PublicKey public_key() const;
  /// The 64 bytes of its signature of MESSAGE.
  std::string sign(std::string_view message) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit PrivateKey(evp_pkey_st* key) : key_(key) {}
  static Result<PrivateKey> from_seed(std::string_view seed);
  static Result<PrivateKey> from_pem(std::string_view text);
  static Result<PrivateKey> from_jwk(std::string_view text);

  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace cp::identity
