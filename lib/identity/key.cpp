// SPDX-License-Identifier: Apache-2.0
#include "identity/key.hpp"

#include "base/file.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "identity/must.hpp"
#include "identity/sha256.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>

namespace cp::identity {
namespace {

using model::Json;

constexpr std::size_t kKeyBytes = 32;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// A string that holds a secret and is wiped at its end.
class Secret {
 public:
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  std::string& get() { return bytes_; }

 private:
  std::string bytes_;
};

std::string raw_public_key(const EVP_PKEY* key) {
  std::string raw(kKeyBytes, '\0');
  std::size_t size = raw.size();
  must(EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size) == 1);
  return raw;
}

std::string raw_private_key(const EVP_PKEY* key) {
  std::string raw(kKeyBytes, '\0');
  std::size_t size = raw.size();
  must(EVP_PKEY_get_raw_private_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size) == 1);
  return raw;
}

// Hands OpenSSL the passphrase, a std::string_view, that stands behind DATA; none is a failure.
int give_passphrase(char* buffer, int size, int /*for_writing*/, void* data) {
  const auto& passphrase = *static_cast<const std::string_view*>(data);
  if (passphrase.empty() || passphrase.size() > static_cast<std::size_t>(size)) {
    return -1;
  }
  std::memcpy(buffer, passphrase.data(), passphrase.size());
  return static_cast<int>(passphrase.size());
}

bool is_encrypted(std::string_view pem) {
  return pem.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != std::string_view::npos;
}

struct FreeAlgorithm {
  void operator()(X509_ALGOR* algorithm) const { X509_ALGOR_free(algorithm); }
};
struct FreePkcs8 {
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { PKCS8_PRIV_KEY_INFO_free(info); }
};
struct FreeEncrypted {
  void operator()(X509_SIG* encrypted) const { X509_SIG_free(encrypted); }
};

// OpenSSL's own PEM writer derives the key with 2,048 rounds of PBKDF2, which is no obstacle today.
void write_encrypted(BIO* out, EVP_PKEY* key, std::string_view passphrase) {
  constexpr std::uint64_t kCost = 16'384;
  constexpr std::uint64_t kBlock = 8;
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreePkcs8> plain(EVP_PKEY2PKCS8(key));
  std::unique_ptr<X509_ALGOR, FreeAlgorithm> algorithm(
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, kCost, kBlock, 1));
  must(plain != nullptr && algorithm != nullptr);
  const std::unique_ptr<X509_SIG, FreeEncrypted> encrypted(PKCS8_set0_pbe(
      passphrase.data(), static_cast<int>(passphrase.size()), plain.get(), algorithm.get()));
  must(encrypted != nullptr);
  (void)algorithm.release();  // is the encrypted key's now
  must(PEM_write_bio_PKCS8(out, encrypted.get()) == 1);
}

// Whether the encoding RAW of a public key (RFC 8032 section 5.1.2: y, least byte first, the sign
// of x in the last bit) is one that signatures of nobody's could hold for: one of the eight points
// of small order, or another encoding of a point than its own (y >= p, or -0). Chalkias, Garillot,
// Nikolaenko, "Taming the many EdDSAs" (2020), section 5 and table 1.
bool is_weak(std::string_view raw) {
  using std::string_view_literals::operator""sv;
  // Of order 4, 1, 8 and 8: y = 0, 1 and the two roots of the doubling formula.
  constexpr std::array<std::string_view, 4> kSmall{
      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv,
      "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv,
      "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
      "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"sv,
      "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
      "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"sv};
  std::string y(raw);
  y.back() = static_cast<char>(y.back() & 0x7f);
  // p = 2^255 - 19, and p - 1, the y of the point of order 2, is -1.
  constexpr unsigned char kLeastByte = 0xec;
  const bool is_above = y.back() == 0x7f && static_cast<unsigned char>(y.front()) >= kLeastByte &&
                        y.find_first_not_of('\xff', 1) == kKeyBytes - 1;
  return is_above || std::ranges::find(kSmall, y) != kSmall.end();
}

bool is_ed25519(const Json& jwk) {
  return model::text_at(jwk, "kty") == "OKP" && model::text_at(jwk, "crv") == "Ed25519";
}

}  // namespace

// OpenSSL's object, and a context that has verified with it: to prepare one costs a twentieth of a
// verification. Whoever verifies takes it, so that two threads never share one.
struct PublicKey::Shared {
  explicit Shared(EVP_PKEY* made) : key(made) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    EVP_MD_CTX_free(spare.load());
    EVP_PKEY_free(key);
  }

  Context prepare() const {
    Context context(EVP_MD_CTX_new());
    must(context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1);
    return context;
  }

  EVP_PKEY* key;
  std::atomic<EVP_MD_CTX*> spare{nullptr};
};

PublicKey::PublicKey(std::string x, std::shared_ptr<Shared> shared)
    : x_(std::move(x)),
      // RFC 7638 section 3: the required members in lexicographic order, no blanks.
      thumbprint_(
          text::to_base64url(sha256({R"({"crv":"Ed25519","kty":"OKP","x":")", x_, R"("})"}))),
      shared_(std::move(shared)) {}

Result<PublicKey> PublicKey::from_x(std::string_view x) {
  const auto raw = text::from_base64url(x);
  if (!raw || raw->size() != kKeyBytes) {
    return fail(Errc::bad_data, "a public key is not base64url of 32 bytes");
  }
  if (is_weak(*raw)) {
    return fail(Errc::bad_data, "a public key is of small order or no point's own encoding");
  }
  EVP_PKEY* key =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*raw), raw->size());
  must(key != nullptr);
  return PublicKey(std::string(x), std::make_shared<Shared>(key));
}

Result<PublicKey> PublicKey::from_jwk(const Json& jwk) {
  const auto x = model::text_at(jwk, "x");
  if (!is_ed25519(jwk) || !x) {
    return fail(Errc::bad_data, "a key is no Ed25519 JWK (kty OKP, crv Ed25519, x)");
  }
  return from_x(*x);
}

Json PublicKey::jwk() const { return Json{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", x_}}; }

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  if (signature.size() != kSignatureBytes) {
    return false;
  }
  const auto holds = [&](const Context& context) {
    return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                            message.size()) == 1;
  };
  Context context(shared_->spare.exchange(nullptr));
  bool good = context != nullptr && holds(context);
  if (!good) {
    // Newer releases of OpenSSL take a context once only: a new one has the last word.
    context = shared_->prepare();
    good = holds(context);
  }
  ERR_clear_error();
  context.reset(shared_->spare.exchange(context.release()));
  return good;
}

void PrivateKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

PrivateKey PrivateKey::generate(Random& random) {
  while (true) {
    std::array<std::byte, kKeyBytes> seed{};
    random.fill(seed);
    EVP_PKEY* made = EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()),
        seed.size());
    OPENSSL_cleanse(seed.data(), seed.size());
    must(made != nullptr);
    PrivateKey key(made);
    const PublicKey shown = key.public_key();
    if (!shown.x().starts_with('-') && !shown.thumbprint().starts_with('-')) {
      return key;
    }
  }
}

Result<PrivateKey> PrivateKey::from_seed(std::string_view seed) {
  if (seed.size() != kKeyBytes) {
    return fail(Errc::bad_data, "a private key is not 32 bytes");
  }
  EVP_PKEY* key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size());
  must(key != nullptr);
  return PrivateKey(key);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view text, std::string_view passphrase) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  must(bio != nullptr);
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &passphrase));
  ERR_clear_error();
  if (key.key_ == nullptr && is_encrypted(text)) {
    return passphrase.empty() ? fail(Errc::denied, "it is encrypted, and there is no passphrase")
                              : fail(Errc::denied, "the passphrase is wrong");
  }
  if (key.key_ == nullptr) {
    return fail(Errc::bad_data, "it is no private key in PEM");
  }
  if (EVP_PKEY_get_id(key.key_.get()) != EVP_PKEY_ED25519) {
    return fail(Errc::bad_data, "it is no Ed25519 key");
  }
  return key;
}

Result<PrivateKey> PrivateKey::from_jwk(std::string_view text) {
  const auto jwk = model::parse_json(text);
  const auto encoded = jwk ? model::text_at(*jwk, "d") : std::nullopt;
  if (!encoded || !is_ed25519(*jwk)) {
    return fail(Errc::bad_data, "it is no private Ed25519 JWK (kty OKP, crv Ed25519, d)");
  }
  Secret seed(text::from_base64url(*encoded).value_or(""));
  CP_TRY_ASSIGN(PrivateKey key, from_seed(seed.get()));
  const auto x = model::text_at(*jwk, "x");
  if (x && *x != key.public_key().x()) {
    return fail(Errc::bad_data, "its public and private parts are of different keys");
  }
  return key;
}

Result<PrivateKey> PrivateKey::parse(std::string_view text, std::string_view passphrase) {
  return text::trim(text).starts_with('{') ? from_jwk(text) : from_pem(text, passphrase);
}

Result<PrivateKey> PrivateKey::load(const std::string& path, const Passphrase& passphrase) {
  CP_TRY_ASSIGN(std::string bytes, read_trusted_file(path, limits::key_file_bytes, true));
  Secret text(std::move(bytes));
  Secret opener("");
  if (is_encrypted(text.get()) && passphrase) {
    CP_TRY_ASSIGN(opener.get(), passphrase(path));
  }
  auto key = parse(text.get(), opener.get());
  if (!key) {
    const Errc code = key.error().code == Errc::denied ? Errc::denied : Errc::bad_config;
    return fail(code, "{}: {}", path, key.error().message);
  }
  return key;
}

Result<void> PrivateKey::save_new(const std::string& path, std::string_view passphrase) const {
  const Bio bio(BIO_new(BIO_s_secmem()));
  must(bio != nullptr);
  if (passphrase.empty()) {
    must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                       nullptr) == 1);
  } else {
    write_encrypted(bio.get(), key_.get(), passphrase);
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  CP_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, 0600));
  CP_TRY(file.write({data, static_cast<std::size_t>(size)}));
  return file.commit_new();
}

Json PrivateKey::jwk() const {
  Json jwk = public_key().jwk();
  Secret seed(raw_private_key(key_.get()));
  jwk["d"] = text::to_base64url(seed.get());
  return jwk;
}

PublicKey PrivateKey::public_key() const {
  return *PublicKey::from_x(text::to_base64url(raw_public_key(key_.get())));
}

std::string PrivateKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  must(context != nullptr &&
       EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
       EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                      bytes_of(message), message.size()) == 1);
  return signature;
}

}  // namespace cp::identity
