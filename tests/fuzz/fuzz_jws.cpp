// SPDX-License-Identifier: Apache-2.0
// JSON Web Signatures: of all texts, those alone hold that the key has signed.
#include "fuzz.hpp"
#include "identity/jws.hpp"

#include <optional>
#include <string>

using namespace cp::identity;

namespace {

struct Known {
  // RFC 8037 appendix A.1.
  PrivateKey key = PrivateKey::parse(R"({"kty":"OKP","crv":"Ed25519",)"
                                     R"("d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})")
                       .value();
  PublicKey shown = key.public_key();
  std::string detached = jws::sign_detached("payload", "cp-resource+jws", key);
};

const Known& known() {
  static const Known one;
  return one;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const auto any = [](std::string_view) { return std::optional(known().shown); };
  const auto detached = jws::verify_detached(text, "payload", "cp-resource+jws", any);
  must(!detached || text == known().detached, "only what was signed holds");
  const auto compact = jws::verify_compact(text, "cp-resource+jws", any);
  must(!compact || *compact == "payload", "only what was signed holds");
  return 0;
}
