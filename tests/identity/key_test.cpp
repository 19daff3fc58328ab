// SPDX-License-Identifier: Apache-2.0
#include "identity/key.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "model/json.hpp"
#include "temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include "catch.hpp"
#include <atomic>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <vector>

using namespace cp::identity;

namespace {

// RFC 8037 appendix A.1.
constexpr auto kJwk =
    R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

}  // namespace

TEST_CASE("what is no Ed25519 key is refused") {
  CHECK_FALSE(PublicKey::from_x(""));
  CHECK_FALSE(PublicKey::from_x("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR"));
  CHECK_FALSE(PublicKey::from_x("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
  CHECK_FALSE(PublicKey::from_jwk({{"kty", "EC"}, {"crv", "P-256"}, {"x", "AA"}}));
  CHECK_FALSE(PrivateKey::parse(""));
  CHECK_FALSE(PrivateKey::parse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"));
  CHECK_FALSE(PrivateKey::parse(R"({"kty":"OKP","crv":"Ed25519","d":"AAAA"})"));
  CHECK_FALSE(PrivateKey::parse(
      R"({"kty":"OKP","crv":"X25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})"));
  // The parts of two keys.
  CHECK_FALSE(PrivateKey::parse(
      R"({"kty":"OKP","crv":"Ed25519","d":"AAAxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",)"
      R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"));
  // An RSA-like header with another algorithm's key (X25519 of RFC 8410 section 10.3).
  CHECK_FALSE(
      PrivateKey::parse("-----BEGIN PRIVATE KEY-----\n"
                        "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
                        "-----END PRIVATE KEY-----\n"));
}

TEST_CASE("a public key of small order, or in another encoding than its own, is refused") {
  const auto refused = [](const std::string& raw) {
    const auto key = PublicKey::from_x(cp::text::to_base64url(raw));
    return !key && key.error().message.find("small order") != std::string::npos;
  };
  const auto with_ends = [](int first, char fill, int last) {
    std::string raw(32, fill);
    raw.front() = static_cast<char>(first);
    raw.back() = static_cast<char>(last);
    return raw;
  };
  // The eight points of small order: y = 0 (twice), 1, -1, and the four of order 8.
  for (const char* x : {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
                        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                        "7P_______________________________________38",
                        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
                        "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU",
                        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
                        "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o"}) {
    CAPTURE(x);
    CHECK(refused(cp::text::from_base64url(x).value()));
    CHECK_FALSE(PublicKey::from_jwk({{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", x}}));
  }
  // x = 0 has no sign, and y is less than p = 2^255 - 19, whose least byte is 0xed.
  CHECK(refused(with_ends(0x01, '\0', 0x80)));
  CHECK(refused(with_ends(0xec, '\xff', 0xff)));
  for (int least = 0xed; least <= 0xff; ++least) {
    CHECK(refused(with_ends(least, '\xff', 0x7f)));
    CHECK(refused(with_ends(least, '\xff', 0xff)));
  }
  CHECK_FALSE(refused(with_ends(0xeb, '\xff', 0x7f)));
  CHECK_FALSE(refused(with_ends(0x03, '\0', 0x00)));
}

TEST_CASE("a key has the thumbprint of RFC 8037 appendix A.3") {
  const auto key = PrivateKey::parse(kJwk);
  REQUIRE(key);
  CHECK(key->public_key().thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  CHECK(key->jwk() ==
        *cp::model::parse_json(R"({"kty":"OKP","crv":"Ed25519",)"
                               R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
                               R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})"));
  CHECK(PublicKey::from_jwk(key->jwk()).value() == key->public_key());
}

TEST_CASE("a signature holds for its message and key alone") {
  cp::KernelRandom random;
  const PrivateKey key = PrivateKey::generate(random);
  const PublicKey other = PrivateKey::generate(random).public_key();
  const std::string signature = key.sign("message");
  CHECK(key.public_key().verifies("message", signature));
  CHECK_FALSE(key.public_key().verifies("messagf", signature));
  CHECK_FALSE(other.verifies("message", signature));
  CHECK_FALSE(key.public_key().verifies("message", ""));
  CHECK_FALSE(key.public_key().verifies("message", signature + "x"));
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(key.public_key().verifies("message", flipped));
  }
}

TEST_CASE("an encrypted key file opens with its passphrase alone") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/key.pem";
  cp::KernelRandom random;
  const PrivateKey key = PrivateKey::generate(random);
  REQUIRE(key.save_new(path, "correct horse"));
  CHECK(cp::read_file(path, 1000)->starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  const auto load_with = [&](const std::string& passphrase) {
    return PrivateKey::load(path, [&](const auto&) { return cp::Result<std::string>(passphrase); });
  };
  CHECK(PrivateKey::load(path).error().message ==
        path + ": it is encrypted, and there is no passphrase");
  CHECK(load_with("").error().code == cp::Errc::denied);
  CHECK(load_with("Correct horse").error().message == path + ": the passphrase is wrong");
  CHECK(load_with(std::string(5'000, 'x')).error().code == cp::Errc::denied);
  CHECK(PrivateKey::load(path,
                         [](const auto&) -> cp::Result<std::string> {
                           return cp::fail(cp::Errc::not_found, "no passphrase file");
                         })
            .error()
            .code == cp::Errc::not_found);
  CHECK(load_with("correct horse")->public_key() == key.public_key());
}

TEST_CASE("a key file is closed to others, written once and read back") {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/key.pem";
  cp::KernelRandom random;
  const PrivateKey key = PrivateKey::generate(random);
  REQUIRE(key.save_new(path));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK(PrivateKey::load(path)->public_key() == key.public_key());
  CHECK(cp::read_file(path, 1000)->starts_with("-----BEGIN PRIVATE KEY-----\n"));

  CHECK_FALSE(key.save_new(path));
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  CHECK(PrivateKey::load(path).error().code == cp::Errc::bad_config);
  CHECK(PrivateKey::load(path + "x").error().code == cp::Errc::not_found);
  REQUIRE(cp::write_file(path, "no key", 0600));
  CHECK(PrivateKey::load(path).error().code == cp::Errc::bad_config);
}

TEST_CASE("a key verifies again after a wrong signature, and on many threads at once") {
  cp::KernelRandom random;
  const PrivateKey key = PrivateKey::generate(random);
  const PublicKey shared = key.public_key();
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread, copy = shared] {
        for (int i = 0; i < 50; ++i) {
          const std::string message = std::to_string(thread) + "/" + std::to_string(i);
          const std::string signature = key.sign(message);
          wrong += copy.verifies(message, signature) ? 0 : 1;
          wrong += copy.verifies(message + "x", signature) ? 1 : 0;
        }
      });
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("no new key has a name that a command line takes for a flag") {
  cp::KernelRandom random;
  for (int i = 0; i < 500; ++i) {
    const PublicKey key = PrivateKey::generate(random).public_key();
    CHECK(!key.x().starts_with('-'));
    CHECK(!key.thumbprint().starts_with('-'));
  }
}
