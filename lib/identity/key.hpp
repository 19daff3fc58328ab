// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "model/json_fwd.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace cp::identity {

inline constexpr std::size_t kSignatureBytes = 64;

/// An Ed25519 public key (RFC 8032). A value; copies share OpenSSL's object. Safe on any thread.
class PublicKey {
 public:
  /// The key whose "x" of RFC 8037 is X (base64url of 32 bytes); bad_data otherwise, and for the
  /// points of small order, for which anybody can make a signature that holds for most messages,
  /// and encodings that are not a point's own (RFC 8032 section 5.1.3).
  static Result<PublicKey> from_x(std::string_view x);
  /// The key in JWK, {"kty":"OKP","crv":"Ed25519","x":"…"}; other members are ignored.
  static Result<PublicKey> from_jwk(const model::Json& jwk);

  const std::string& x() const { return x_; }
  /// {"kty":"OKP","crv":"Ed25519","x":"…"}
  model::Json jwk() const;
  /// base64url of SHA-256 over the members that RFC 7638 names.
  const std::string& thumbprint() const { return thumbprint_; }

  /// Whether SIGNATURE is one of MESSAGE by this key.
  bool verifies(std::string_view message, std::string_view signature) const;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.x_ == b.x_; }

 private:
  friend class PrivateKey;
  struct Shared;
  PublicKey(std::string x, std::shared_ptr<Shared> shared);

  std::string x_;
  std::string thumbprint_;
  std::shared_ptr<Shared> shared_;
};

/// Gives the passphrase of the key file at PATH; asked only for a file that needs one.
using Passphrase = std::function<Result<std::string>(const std::string& path)>;

/// An Ed25519 private key. Move-only; nothing of it is ever printed or logged.
class PrivateKey {
 public:
  /// A new one, whose public key and thumbprint no command line takes for a flag: neither begins
  /// with a hyphen.
  static PrivateKey generate(Random& random);
  /// The key in TEXT: PKCS #8 PEM (RFC 8410, as `openssl genpkey` writes it) or a JWK with "d".
  /// PASSPHRASE opens an encrypted PEM. bad_data otherwise; denied when the passphrase is wrong.
  static Result<PrivateKey> parse(std::string_view text, std::string_view passphrase = {});
  /// The key in the file at PATH, which must be ours and closed to others (bad_config). An
  /// encrypted one asks PASSPHRASE; without one, or with a wrong one, it is denied.
  static Result<PrivateKey> load(const std::string& path, const Passphrase& passphrase = nullptr);

  /// Writes it to PATH, which must not exist, as PEM with mode 0600; durable when it returns. With
  /// a PASSPHRASE it is encrypted: PBES2 with scrypt (N = 16384, r = 8, p = 1; RFC 7914) and
  /// AES-256-CBC, as `openssl pkcs8 -topk8 -scrypt` does it.
  Result<void> save_new(const std::string& path, std::string_view passphrase = {}) const;
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
  static Result<PrivateKey> from_pem(std::string_view text, std::string_view passphrase);
  static Result<PrivateKey> from_jwk(std::string_view text);

  std::unique_ptr<evp_pkey_st, Free> key_;
};

}  // namespace cp::identity
