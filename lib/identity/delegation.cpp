// SPDX-License-Identifier: Apache-2.0
#include "identity/delegation.hpp"

#include "base/text.hpp"
#include "identity/identifier.hpp"
#include "model/document.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::identity {
namespace {

using model::Json;

constexpr std::array<std::string_view, 5> kUses{"delegate", "record", "state", "head", "token"};
constexpr std::size_t kMaxKeys = 64;

struct Signed {
  std::string_view schema;
  std::string_view use;
};
constexpr std::array<Signed, 5> kSigned{{
    {"cp.delegation/1", "delegate"},
    {"cp.resource/1", "record"},
    {"cp.state/1", "state"},
    {"cp.head/1", "head"},
    {"cp.token/1", "token"},
}};

// The time at NAME in OBJECT; bad_data when there is something that is none.
Result<std::optional<UnixTime>> time_in(const Json& object, std::string_view name) {
  const auto time = model::time_at(object, name);
  if (!time && model::find(object, name) != nullptr) {
    return fail(Errc::bad_data, "{} is no time in UTC (RFC 3339)", name);
  }
  return time;
}

Result<std::vector<std::string>> uses_in(const Json& key) {
  const Json* uses = model::find(key, "for");
  if (uses == nullptr || !uses->is_array() || uses->empty()) {
    return fail(Errc::bad_data, "a key does not say what it is for");
  }
  std::vector<std::string> words;
  for (const Json& use : *uses) {
    if (!use.is_string()) {
      return fail(Errc::bad_data, "what a key is for is no word");
    }
    words.push_back(use.get<std::string>());
  }
  return words;
}

Result<DelegatedKey> read_key(const Json& jwk) {
  CP_TRY_ASSIGN(PublicKey key, PublicKey::from_jwk(jwk));
  CP_TRY_ASSIGN(auto uses, uses_in(jwk));
  CP_TRY_ASSIGN(const auto not_before, time_in(jwk, "not_before"));
  CP_TRY_ASSIGN(const auto not_after, time_in(jwk, "not_after"));
  return DelegatedKey{std::move(key), std::move(uses), not_before, not_after};
}

Result<void> read_keys(const Json& document, Delegation& delegation) {
  const Json* keys = model::find(document, "keys");
  if (keys == nullptr || !keys->is_array() || keys->empty() || keys->size() > kMaxKeys) {
    return fail(Errc::bad_data, "keys is no array of 1 to {} keys", kMaxKeys);
  }
  for (const Json& jwk : *keys) {
    CP_TRY_ASSIGN(DelegatedKey key, read_key(jwk));
    if (delegation.find(key.key.thumbprint()) != nullptr) {
      return fail(Errc::bad_data, "the key {} stands there twice", key.key.thumbprint());
    }
    delegation.keys.push_back(std::move(key));
  }
  return {};
}

Result<void> read_names(const Json& document, Delegation& delegation) {
  delegation.prefix = model::text_at(document, "prefix").value_or("");
  delegation.parent = model::text_at(document, "parent");
  delegation.label = model::text_at(document, "label").value_or("");
  delegation.seq = model::int_at(document, "seq").value_or(-1);
  if (!is_prefix(delegation.prefix)) {
    return fail(Errc::bad_data, "prefix is not decimal numbers with dots between");
  }
  if (delegation.parent && delegation.parent != parent_of_prefix(delegation.prefix)) {
    return fail(Errc::bad_data, "parent is {}, which is not just above {}", *delegation.parent,
                delegation.prefix);
  }
  if (delegation.seq < 0) {
    return fail(Errc::bad_data, "seq is no whole number");
  }
  if (!delegation.label.empty() && !is_alias("@" + delegation.label + "/x")) {
    return fail(Errc::bad_data, "label is not of a-z, 0-9 and hyphens");
  }
  return {};
}

Result<void> read_terms(const Json& document, Delegation& delegation) {
  const auto leave = model::bool_at(document, "may_delegate");
  if (!leave && model::find(document, "may_delegate") != nullptr) {
    return fail(Errc::bad_data, "may_delegate is not true or false");
  }
  delegation.may_delegate = leave.value_or(false);
  const auto depth = model::int_at(document, "max_depth");
  const bool is_depth = depth ? *depth >= 0 && *depth <= static_cast<int>(kMaxArcs)
                              : model::find(document, "max_depth") == nullptr;
  if (!is_depth) {
    return fail(Errc::bad_data, "max_depth is not 0 to {}", kMaxArcs);
  }
  delegation.max_depth = static_cast<int>(depth.value_or(kMaxArcs));
  CP_TRY_ASSIGN(delegation.not_before, time_in(document, "not_before"));
  CP_TRY_ASSIGN(delegation.not_after, time_in(document, "not_after"));
  return {};
}

}  // namespace

bool is_use(std::string_view word) { return std::ranges::find(kUses, word) != kUses.end(); }

std::string_view use_of(std::string_view schema) {
  const auto* const found = std::ranges::find(kSigned, schema, &Signed::schema);
  return found == kSigned.end() ? std::string_view() : found->use;
}

bool DelegatedKey::is_for(std::string_view use) const {
  return std::ranges::find(uses, use) != uses.end();
}

bool DelegatedKey::may(std::string_view use, UnixTime now) const {
  return is_for(use) && (!not_before || *not_before <= now) && (!not_after || now < *not_after);
}

const DelegatedKey* Delegation::find(std::string_view thumbprint) const {
  const auto found = std::ranges::find_if(
      keys, [&](const DelegatedKey& key) { return key.key.thumbprint() == thumbprint; });
  return found == keys.end() ? nullptr : &*found;
}

Result<Delegation> read_delegation(const Json& document) {
  CP_TRY(model::require(document, "cp.delegation"));
  Delegation delegation;
  CP_TRY(read_names(document, delegation));
  CP_TRY(read_keys(document, delegation));
  CP_TRY(read_terms(document, delegation));
  return delegation;
}

Result<void> check_delegation_size(const Json& document) {
  const auto count = [&](std::string_view name) {
    const Json* list = model::find(document, name);
    return list != nullptr && list->is_array() ? list->size() : 0;
  };
  if (count("registries") > kMaxDelegationUrls) {
    return fail(Errc::bad_data, "a delegation has {} registries at most, and this one {}",
                kMaxDelegationUrls, count("registries"));
  }
  if (count("keys") > kMaxDelegationKeys) {
    return fail(Errc::bad_data, "a delegation has {} keys at most, and this one {}",
                kMaxDelegationKeys, count("keys"));
  }
  const std::size_t bytes = model::to_line(document).size();
  return bytes <= kMaxDelegationBytes
             ? Result<void>{}
             : fail(Errc::bad_data, "a delegation has {} bytes at most, and this one {}",
                    kMaxDelegationBytes, bytes);
}

std::optional<std::string> parent_of_prefix(std::string_view prefix) {
  const auto cut = text::cut_last(prefix, '.');
  return cut ? std::optional(std::string(cut->before)) : std::nullopt;
}

}  // namespace cp::identity
