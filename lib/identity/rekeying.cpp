// SPDX-License-Identifier: Apache-2.0
#include "identity/rekeying.hpp"

#include "base/file.hpp"
#include "identity/delegating.hpp"
#include "identity/proof.hpp"
#include "identity/url_rules.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace cp::identity {
namespace {

using model::Json;

struct Replaced {
  Json keys = Json::array();
  std::vector<std::string> from;
  std::vector<std::string> to;
  std::vector<PrivateKey> delegating;  // the new ones that may delegate
};

bool is_named(const DelegatedKey& key, const Rekeying& rekeying) {
  return rekeying.uses.empty() ||
         std::ranges::any_of(rekeying.uses, [&](const auto& use) { return key.is_for(use); });
}

Result<PrivateKey> make_key(Estate& estate, const Rekeying& rekeying) {
  PrivateKey key = PrivateKey::generate(estate.random);
  CP_TRY(make_directories(key_directory(estate.state_directory), 0700));
  CP_TRY(key.save_new(key_file(estate.state_directory, key.public_key().thumbprint()),
                      rekeying.passphrase));
  return key;
}

Json successor_of(const DelegatedKey& old, const PrivateKey& key) {
  Json entry = key.public_key().jwk();
  entry["for"] = old.uses;
  return entry;
}

// The keys after REKEYING: old ones until their day, then the new.
Result<Replaced> replace_keys(Estate& estate, const Json& document, const Rekeying& rekeying) {
  CP_TRY_ASSIGN(const Delegation own, read_delegation(document));
  Replaced replaced;
  std::vector<Json> fresh;
  const UnixTime last_day =
      std::chrono::floor<std::chrono::seconds>(estate.now() + rekeying.overlap);
  for (std::size_t i = 0; i < own.keys.size(); ++i) {
    const DelegatedKey& key = own.keys[i];
    if (key.not_after && *key.not_after <= estate.now()) {
      continue;
    }
    Json entry = document["keys"][i];
    // One that has a successor keeps its day.
    if (!is_named(key, rekeying) || (key.not_after && *key.not_after <= last_day)) {
      replaced.keys.push_back(std::move(entry));
      continue;
    }
    CP_TRY_ASSIGN(PrivateKey next, make_key(estate, rekeying));
    replaced.from.push_back(key.key.thumbprint());
    replaced.to.push_back(next.public_key().thumbprint());
    fresh.push_back(successor_of(key, next));
    if (rekeying.overlap > std::chrono::nanoseconds(0)) {
      entry["not_after"] = format_time(last_day);
      replaced.keys.push_back(std::move(entry));
    }
    if (key.is_for("delegate")) {
      replaced.delegating.push_back(std::move(next));
    }
  }
  for (Json& entry : fresh) {
    replaced.keys.push_back(std::move(entry));
  }
  return replaced;
}

// Where its time is over nothing vouches for a root, and its anchor can still prolong it.
Result<std::string> anchor_of_root(Estate& estate) {
  auto anchor = estate.judge.anchor_of(estate.authority->prefix);
  return anchor || anchor.error().code != Errc::denied
             ? anchor
             : Result<std::string>(estate.authority->thumbprint);
}

// A root stands for itself: its anchor signs, and beside it each new key that may delegate, the
// first of which is the next anchor.
Result<Json> take_effect(Estate& estate, const Json& document, const Replaced& replaced) {
  CP_TRY_ASSIGN(const std::string anchor, anchor_of_root(estate));
  CP_TRY_ASSIGN(const PrivateKey old,
                PrivateKey::load(key_file(estate.state_directory, anchor), estate.passphrase));
  CP_TRY_ASSIGN(Json done, sign_document(document, old));
  for (const PrivateKey& key : replaced.delegating) {
    CP_TRY_ASSIGN(done, countersign_document(std::move(done), key));
  }
  if (!replaced.delegating.empty()) {
    estate.authority->thumbprint = replaced.delegating.front().public_key().thumbprint();
  }
  CP_TRY_ASSIGN(const Verdict verdict, estate.judge.accept(done));
  if (!verdict.holds()) {
    return fail(Errc::denied, "the new delegation would not hold: {}", verdict.message);
  }
  CP_TRY(estate.set_delegation(done, true));
  return done;
}

// A key that shows who asks: any one that still holds.
Result<PrivateKey> any_old_key(Estate& estate, const Delegation& own) {
  Result<PrivateKey> found = fail(Errc::denied, "prefix {} has no key left that holds", own.prefix);
  for (const DelegatedKey& key : own.keys) {
    for (const std::string& use : key.uses) {
      found = estate.key_for(use);
      if (found) {
        return found;
      }
    }
  }
  return found;
}

}  // namespace

Result<Json> rekey(Estate& estate, const Rekeying& rekeying) {
  CP_TRY_ASSIGN(Json document, estate.own_delegation());
  CP_TRY(require_accepted(*estate.authority));
  CP_TRY_ASSIGN(const Delegation own, read_delegation(document));
  CP_TRY_ASSIGN(const Replaced replaced, replace_keys(estate, document, rekeying));
  if (replaced.to.empty()) {
    return fail(Errc::denied, "prefix {} has no key for that which is not being replaced already",
                own.prefix);
  }
  document.erase("proof");
  document["keys"] = replaced.keys;
  document["seq"] = own.seq + 1;
  Json entry{{"op", "rekey"}, {"from", replaced.from}, {"to", replaced.to}};
  if (!own.parent) {
    CP_TRY_ASSIGN(Json done, take_effect(estate, document, replaced));
    CP_TRY_ASSIGN(entry["delegation"], digest_of(done));
    CP_TRY(estate.registry().ledger().append(std::move(entry), estate.now()));
    return done;
  }
  CP_TRY(estate.registry().ledger().append(std::move(entry), estate.now()));
  CP_TRY_ASSIGN(const PrivateKey old, any_old_key(estate, own));
  return sign_document(std::move(document), old);
}

Result<Json> prepare_renewal(Estate& estate, const OwnChange& change) {
  CP_TRY_ASSIGN(Json document, estate.own_delegation());
  CP_TRY(require_accepted(*estate.authority));
  CP_TRY(check_registry_urls(change.registries));
  CP_TRY_ASSIGN(const Delegation own, read_delegation(document));
  const bool changes_terms = change.level || change.not_after;
  if (own.parent && changes_terms) {
    return fail(Errc::usage, "the level and the end of prefix {} are for prefix {} to give",
                own.prefix, *own.parent);
  }
  if (!own.parent && !changes_terms && !change.name && change.registries.empty()) {
    return fail(Errc::usage, "say what of prefix {} is to change", own.prefix);
  }
  if (change.not_after && *change.not_after <= estate.now()) {
    return fail(Errc::usage, "the new end is in the past");
  }
  document.erase("proof");
  document["seq"] = own.seq + 1;
  if (change.name) {
    document["name"] = model::text_value(*change.name);
  }
  if (change.level) {
    document["level"] = *change.level;
  }
  if (!change.registries.empty()) {
    document["registries"] = change.registries;
  }
  if (change.not_after) {
    document["not_after"] = format_time(*change.not_after);
  }
  return document;
}

Result<Json> renew_own(Estate& estate, const OwnChange& change) {
  CP_TRY_ASSIGN(Json document, prepare_renewal(estate, change));
  CP_TRY(check_delegation_size(document));
  CP_TRY_ASSIGN(const Delegation next, read_delegation(document));
  if (next.parent) {
    CP_TRY_ASSIGN(const PrivateKey key, any_old_key(estate, next));
    return sign_document(std::move(document), key);
  }
  CP_TRY_ASSIGN(Json done, take_effect(estate, document, {}));
  CP_TRY_ASSIGN(std::string digest, digest_of(done));
  CP_TRY(estate.registry().ledger().append(
      {{"op", "accept"}, {"delegation_seq", next.seq}, {"delegation", std::move(digest)}},
      estate.now()));
  return done;
}

namespace {

// What each child was given, in the order of the prefixes.
Result<std::vector<Json>> given_to_children(Estate& estate) {
  CP_TRY_ASSIGN(auto rows, estate.database.prepare("SELECT delegation FROM child "
                                                   "WHERE authority = ?1 ORDER BY prefix"));
  rows.bind(1, estate.authority->row);
  std::vector<Json> given;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return given;
    }
    CP_TRY_ASSIGN(Json document, model::parse_json(rows.text(0), {"a child's delegation"}));
    given.push_back(std::move(document));
  }
}

// The same of those PREFIXES, if there are any.
Result<std::vector<Json>> given_to(Estate& estate, std::span<const std::string> prefixes) {
  CP_TRY_ASSIGN(auto given, given_to_children(estate));
  const auto is_of = [](const Json& document, const std::string& prefix) {
    return model::text_at(document, "prefix") == prefix;
  };
  for (const std::string& prefix : prefixes) {
    if (std::ranges::none_of(given, [&](const Json& one) { return is_of(one, prefix); })) {
      return fail(Errc::not_found, "prefix {} was not delegated here", prefix);
    }
  }
  std::erase_if(given, [&](const Json& one) {
    return !prefixes.empty() && std::ranges::none_of(prefixes, [&](const std::string& prefix) {
      return is_of(one, prefix);
    });
  });
  return given;
}

// Takes the keys that were revoked out of DOCUMENT, what a child was given; says which.
Result<std::vector<std::string>> drop_revoked_keys(Estate& estate, Json& document) {
  CP_TRY_ASSIGN(const Delegation child, read_delegation(document));
  std::vector<std::string> dropped;
  Json keys = Json::array();
  for (std::size_t i = 0; i < child.keys.size(); ++i) {
    CP_TRY_ASSIGN(const auto revocation,
                  estate.judge.revocation_of_key(child.prefix, child.keys[i].key.thumbprint()));
    if (revocation) {
      dropped.push_back(
          fmt::format("prefix {} is renewed without one: {}", child.prefix, in_words(*revocation)));
    } else {
      keys.push_back(document["keys"][i]);
    }
  }
  document["keys"] = std::move(keys);
  return dropped;
}

// Why a child is not renewed that was given DOCUMENT, without the keys that were revoked; "" when
// it is.
Result<std::string> why_not_renewed(Estate& estate, const Json& document) {
  const std::string prefix = model::text_at(document, "prefix").value_or("");
  CP_TRY_ASSIGN(const auto revocation, estate.judge.revocation_of(prefix));
  const auto until = model::time_at(document, "not_after");
  const std::string why = revocation                        ? in_words(*revocation)
                          : document["keys"].empty()        ? "all of its keys were revoked"
                          : until && *until <= estate.now() ? "it ended at " + format_time(*until)
                                                            : "";
  return why.empty() ? "" : "prefix " + prefix + " is not renewed: " + why;
}

}  // namespace

Result<Renewal> renew_children(Estate& estate, std::span<const std::string> prefixes) {
  CP_TRY(estate.require_authority());
  CP_TRY_ASSIGN(const PrivateKey key, estate.key_for("delegate"));
  CP_TRY_ASSIGN(auto given, given_to(estate, prefixes));
  Renewal renewal;
  for (Json& document : given) {
    CP_TRY_ASSIGN(auto dropped, drop_revoked_keys(estate, document));
    CP_TRY_ASSIGN(const std::string why, why_not_renewed(estate, document));
    if (!why.empty() && !prefixes.empty()) {
      return with_hint(fail(Errc::denied, "{}", why), "cpid delegate --replace gives it anew");
    }
    if (!why.empty()) {
      renewal.left_out.push_back(why);
      continue;
    }
    std::ranges::move(dropped, std::back_inserter(renewal.left_out));
    document["seq"] = model::int_at(document, "seq").value_or(0) + 1;
    document.erase("proof");
    CP_TRY_ASSIGN(document, sign_document(std::move(document), key));
    CP_TRY(enter_delegation(estate, document));
    renewal.delegations.push_back(std::move(document));
  }
  return renewal;
}

}  // namespace cp::identity
