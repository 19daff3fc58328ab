// SPDX-License-Identifier: Apache-2.0
#include "identity/jws.hpp"

#include "base/text.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <vector>

namespace cp::identity::jws {
namespace {

using model::Json;

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

Result<Parts> take_apart(std::string_view text) {
  const auto parts = text::split(text, '.');
  if (parts.size() != 3) {
    return fail(Errc::denied, "a signature is no JWS of three parts");
  }
  return Parts{parts[0], parts[1], parts[2]};
}

std::string header_of(std::string_view typ, const PublicKey& key) {
  return model::to_line(Json{{"alg", "EdDSA"}, {"kid", key.thumbprint()}, {"typ", typ}});
}

Result<Json> read_header(const std::optional<std::string>& text) {
  auto header = text ? model::parse_json(*text) : Result<Json>(tl::unexpected<Error>(Error{}));
  if (!header || !header->is_object()) {
    return fail(Errc::denied, "a signature's header is no JSON object");
  }
  return header;
}

// The key id of a header that says just what it may.
Result<std::string> kid_of(const Json& header, std::string_view typ) {
  for (const std::string_view name : {"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"}) {
    if (header.contains(name)) {
      return fail(Errc::denied, "a signature's header has {}", name);
    }
  }
  if (model::text_at(header, "alg") != "EdDSA") {
    return fail(Errc::denied, "a signature's algorithm is not EdDSA");
  }
  if (model::text_at(header, "typ") != typ) {
    return fail(Errc::denied, "a signature's type is not {}", typ);
  }
  auto kid = model::text_at(header, "kid");
  if (!kid) {
    return fail(Errc::denied, "a signature names no key");
  }
  return *std::move(kid);
}

bool is_thumbprint(std::string_view text) {
  constexpr std::size_t kCharacters = 43;
  return text.size() == kCharacters && text::plain_prefix(text) == kCharacters;
}

// The key id of TEXT where that is, to the byte, what header_of writes.
std::optional<std::string> kid_of_own_form(std::string_view text, std::string_view typ) {
  constexpr std::string_view kBefore = R"({"alg":"EdDSA","kid":")";
  const std::string after = fmt::format(R"(","typ":"{}"}})", typ);
  if (!text.starts_with(kBefore) || !text.ends_with(after) ||
      text.size() < kBefore.size() + after.size()) {
    return std::nullopt;
  }
  text.remove_prefix(kBefore.size());
  text.remove_suffix(after.size());
  return is_thumbprint(text) ? std::optional(std::string(text)) : std::nullopt;
}

Result<std::string> read_kid(std::string_view encoded, std::string_view typ) {
  const auto text = text::from_base64url(encoded);
  if (auto kid = text ? kid_of_own_form(*text, typ) : std::nullopt) {
    return *std::move(kid);
  }
  CP_TRY_ASSIGN(const Json header, read_header(text));
  return kid_of(header, typ);
}

// Gives the thumbprint of the key that signed ENCODED_PAYLOAD under PARTS.header.
Result<std::string> verify(const Parts& parts, std::string_view encoded_payload,
                           std::string_view typ, const FindKey& find_key) {
  CP_TRY_ASSIGN(std::string kid, read_kid(parts.header, typ));
  const auto key = find_key(kid);
  if (!key || key->thumbprint() != kid) {
    return fail(Errc::denied, "its key {} is not known", kid.substr(0, 64));
  }
  const auto signature = text::from_base64url(parts.signature);
  std::string input(parts.header);
  input.append(".").append(encoded_payload);
  if (!signature || !key->verifies(input, *signature)) {
    return fail(Errc::denied, "the signature is wrong");
  }
  return kid;
}

}  // namespace

std::string sign_compact(std::string_view header, std::string_view payload, const PrivateKey& key) {
  std::string input = text::to_base64url(header) + "." + text::to_base64url(payload);
  const std::string signature = key.sign(input);
  return input + "." + text::to_base64url(signature);
}

Result<std::string> verify_compact(std::string_view compact, std::string_view typ,
                                   const FindKey& find_key) {
  CP_TRY_ASSIGN(const Parts parts, take_apart(compact));
  CP_TRY(verify(parts, parts.payload, typ, find_key));
  const auto payload = text::from_base64url(parts.payload);
  if (!payload) {
    return fail(Errc::denied, "a signed payload is not base64url");
  }
  return *payload;
}

std::string sign_detached(std::string_view payload, std::string_view typ, const PrivateKey& key) {
  const std::string compact = sign_compact(header_of(typ, key.public_key()), payload, key);
  return compact.substr(0, compact.find('.')) + "." + compact.substr(compact.rfind('.'));
}

Result<std::string> verify_detached(std::string_view detached, std::string_view payload,
                                    std::string_view typ, const FindKey& find_key) {
  CP_TRY_ASSIGN(const Parts parts, take_apart(detached));
  if (!parts.payload.empty()) {
    return fail(Errc::denied, "a detached signature has a payload");
  }
  return verify(parts, text::to_base64url(payload), typ, find_key);
}

}  // namespace cp::identity::jws
