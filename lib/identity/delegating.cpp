// SPDX-License-Identifier: Apache-2.0
#include "identity/delegating.hpp"

#include "identity/canonical.hpp"
#include "identity/identifier.hpp"
#include "identity/learning.hpp"
#include "identity/proof.hpp"
#include "identity/url_rules.hpp"
#include "model/document.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::identity {
namespace {

using model::Json;

struct Child {
  std::int64_t seq = 0;
  Json delegation;
};

Result<std::optional<Child>> find_child(Estate& estate, std::string_view prefix) {
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT seq, delegation FROM child "
                                                  "WHERE authority = ?1 AND prefix = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, estate.authority->row).bind(2, prefix).step());
  if (!found) {
    return std::nullopt;
  }
  CP_TRY_ASSIGN(Json document, model::parse_json(row.text(1), {"a child's delegation"}));
  return Child{row.integer(0), std::move(document)};
}

Result<void> check_label(Estate& estate, std::string_view label, std::string_view child) {
  CP_TRY_ASSIGN(auto row, estate.database.prepare("SELECT prefix FROM child WHERE authority = ?1 "
                                                  "AND label = ?2 AND prefix <> ?3"));
  row.bind(1, estate.authority->row).bind(2, label).bind(3, child);
  CP_TRY_ASSIGN(const bool taken, row.step());
  return taken ? fail(Errc::denied, "the label {} is that of prefix {}", label, row.text(0))
               : Result<void>{};
}

// Whether this authority may delegate at all, by its own verified delegation.
Result<void> check_leave(Estate& estate) {
  CP_TRY(estate.require_authority());
  CP_TRY(require_accepted(*estate.authority));
  CP_TRY_ASSIGN(const Delegation own, estate.judge.delegation(estate.authority->prefix));
  if (!own.may_delegate || own.max_depth < 1) {
    return fail(Errc::denied, "prefix {} may not delegate", own.prefix);
  }
  return {};
}

// A key that is void shows nothing: whoever has it may be the one because of whom it is.
Result<void> check_not_revoked(Estate& estate, std::string_view prefix, std::string_view kid) {
  CP_TRY_ASSIGN(const auto revocation, estate.judge.revocation_of_key(prefix, kid));
  return revocation ? fail(Errc::denied, "its key {} was revoked by prefix {}: {}",
                           kid.substr(0, 64), revocation->prefix, revocation->why)
                    : Result<void>{};
}

Result<void> check_still_given(Estate& estate, std::string_view prefix) {
  CP_TRY_ASSIGN(const auto revocation, estate.judge.revocation_of(prefix));
  return revocation
             ? with_hint(fail(Errc::denied, "{}", in_words(*revocation)), "--replace gives it anew")
             : Result<void>{};
}

// One that was answered already may be answered again, with other terms; but keys that were
// replaced since do not come back by it.
Result<void> check_age(const Json& request, const Delegation& wanted, const Child& before) {
  if (wanted.seq > before.seq || request["keys"] == before.delegation["keys"]) {
    return {};
  }
  return with_hint(
      fail(Errc::denied, "its number is {}, and prefix {} was given {} since, with other keys",
           wanted.seq, wanted.prefix, before.seq),
      "the child takes that by cpid accept, and asks anew by cpid rekey");
}

// Possession of the keys is shown by a signature of one of those that the request names; whoever
// comes again shows one of those that he was given.
Result<void> check_request(Estate& estate, const Json& request, const Delegation& wanted,
                           const std::optional<Child>& before, bool replace) {
  Result<void> fit;
  const auto signers =
      verify_signers(request, [&](std::string_view kid) -> std::optional<PublicKey> {
        fit = check_not_revoked(estate, wanted.prefix, kid);
        if (!fit) {
          return std::nullopt;
        }
        if (const DelegatedKey* key = wanted.find(kid)) {
          return key->key;
        }
        const auto given =
            before ? read_delegation(before->delegation) : Result<Delegation>(Delegation());
        const DelegatedKey* old = given ? given->find(kid) : nullptr;
        return old != nullptr ? std::optional(old->key) : std::nullopt;
      });
  CP_TRY(fit);
  CP_TRY(signers);
  if (!before || replace) {
    return {};
  }
  CP_TRY(check_still_given(estate, wanted.prefix));
  CP_TRY_ASSIGN(const Delegation given, read_delegation(before->delegation));
  const bool known = std::ranges::any_of(
      *signers, [&](const std::string& signer) { return given.find(signer) != nullptr; });
  return known ? check_age(request, wanted, *before)
               : with_hint(fail(Errc::denied,
                                "prefix {} was delegated, and none of its keys has signed this",
                                wanted.prefix),
                           "--replace is for a child that has lost its keys");
}

// A level, a label, the leave to delegate and the end of it all are the parent's to give, whatever
// the request says, and stay when the rest is renewed.
Json under_terms(Json answer, const Terms& terms, const std::optional<Child>& before,
                 UnixTime now) {
  const auto put = [&answer](const char* name, const auto& value) {
    if (value) {
      answer[name] = *value;
    }
  };
  put("name", terms.name);
  put("level", terms.level || !before ? terms.level : model::text_at(before->delegation, "level"));
  answer.erase("label");
  put("label", terms.label || !before ? terms.label : model::text_at(before->delegation, "label"));
  const Json before_it = before ? before->delegation : Json::object();
  const bool stays = !terms.may_delegate && before_it.value("may_delegate", false);
  answer["may_delegate"] = stays || terms.may_delegate.value_or(false);
  answer.erase("max_depth");
  if (stays) {
    put("max_depth", model::int_at(before_it, "max_depth"));
  } else {
    put("max_depth", terms.max_depth);
  }
  if (!terms.registries.empty()) {
    answer["registries"] = terms.registries;
  } else if (before_it.contains("registries") && !answer.contains("registries")) {
    answer["registries"] = before_it["registries"];
  }
  answer["not_before"] =
      format_time(terms.not_before.value_or(std::chrono::floor<std::chrono::seconds>(now)));
  if (terms.not_after) {
    answer["not_after"] = format_time(*terms.not_after);
  } else {
    put("not_after", model::text_at(before_it, "not_after"));
  }
  return answer;
}

// The level that a request asks for, but none above its parent's.
Json at_most(Json answer, const Json& parent) {
  constexpr std::array<std::string_view, 5> kLevels{"national", "regional", "industry",
                                                    "enterprise", "private"};
  const auto rank = [&](const Json& document) {
    const auto level = model::text_at(document, "level");
    return std::ranges::find(kLevels, level.value_or("national")) - kLevels.begin();
  };
  if (rank(answer) < rank(parent)) {
    answer["level"] = parent.at("level");
  }
  return answer;
}

}  // namespace

std::string in_words(const Revocation& revocation) {
  return fmt::format("{} {} was revoked by prefix {}: {}",
                     revocation.what == "key" ? "the key" : "the delegation of prefix",
                     revocation.name, revocation.prefix, revocation.why);
}

bool is_signed_by_authority(Estate& estate, const Json& document) {
  const auto own = estate.own_delegation();
  const auto delegation = own ? read_delegation(*own) : Result<Delegation>(Delegation());
  return delegation &&
         verify_document(document, [&](std::string_view kid) -> std::optional<PublicKey> {
           const DelegatedKey* key = delegation->find(kid);
           return key != nullptr && key->is_for("delegate") ? std::optional(key->key)
                                                            : std::nullopt;
         }).has_value();
}

Result<Json> prepare_delegation(Estate& estate, const Json& request, const Terms& terms) {
  CP_TRY(check_leave(estate));
  CP_TRY(check_registry_urls(terms.registries));
  CP_TRY_ASSIGN(const Delegation wanted, read_delegation(request));
  CP_TRY(check_delegation_size(request));
  CP_TRY(check_asked_registries(request));
  const std::string& own = estate.authority->prefix;
  if (parent_of_prefix(wanted.prefix) != own || wanted.parent != own) {
    return fail(Errc::bad_data, "it is no request for a prefix just below {}", own);
  }
  CP_TRY_ASSIGN(const auto before, find_child(estate, wanted.prefix));
  CP_TRY(check_request(estate, request, wanted, before, terms.replace));
  Json answer = under_terms(request, terms, before, estate.now());
  answer.erase("proof");
  answer["seq"] = before ? before->seq + 1 : 1;
  if (!terms.level) {
    CP_TRY_ASSIGN(const Json parent, estate.own_delegation());
    answer = at_most(std::move(answer), parent);
  }
  CP_TRY(check_delegation_size(answer));
  CP_TRY_ASSIGN(const Delegation read, read_delegation(answer));
  if (!read.label.empty()) {
    CP_TRY(check_label(estate, read.label, read.prefix));
  }
  if (read.not_after && *read.not_after <= estate.now()) {
    return with_hint(fail(Errc::bad_data, "not_after is in the past"),
                     "--valid-for says until when it is renewed");
  }
  return answer;
}

Result<Json> answer_request(Estate& estate, const Json& request, const Terms& terms) {
  CP_TRY_ASSIGN(Json answer, prepare_delegation(estate, request, terms));
  CP_TRY_ASSIGN(const PrivateKey key, estate.key_for("delegate"));
  return sign_document(std::move(answer), key);
}

Result<void> enter_delegation(Estate& estate, const Json& delegation) {
  CP_TRY(check_leave(estate));
  CP_TRY(check_delegation_size(delegation));
  CP_TRY_ASSIGN(const Delegation read, read_delegation(delegation));
  CP_TRY_ASSIGN(const auto before, find_child(estate, read.prefix));
  if (before && before->delegation == delegation) {
    return {};
  }
  const std::int64_t wanted = before ? before->seq + 1 : 1;
  if (read.seq != wanted) {
    return fail(Errc::denied, "the delegation of prefix {} has the number {}, and {} is next",
                read.prefix, read.seq, wanted);
  }
  if (!read.label.empty()) {
    CP_TRY(check_label(estate, read.label, read.prefix));
  }
  CP_TRY_ASSIGN(const Verdict verdict, estate.judge.accept(delegation));
  if (!verdict.holds()) {
    return fail(Errc::denied, "the delegation of prefix {}: {}", read.prefix, verdict.message);
  }
  CP_TRY_ASSIGN(auto row,
                estate.database.prepare("INSERT OR REPLACE INTO child (authority, prefix, "
                                        "seq, label, delegation) "
                                        "VALUES (?1, ?2, ?3, ?4, ?5)"));
  row.bind(1, estate.authority->row).bind(2, read.prefix).bind(3, read.seq);
  row.bind(4, read.label.empty() ? std::nullopt : std::optional(std::string_view(read.label)));
  CP_TRY(row.bind(5, model::to_line(delegation)).run());
  CP_TRY_ASSIGN(std::string digest, digest_of(delegation));
  CP_TRY(estate.registry().ledger().append({{"op", "delegate"},
                                            {"child", read.prefix},
                                            {"child_seq", read.seq},
                                            {"delegation", std::move(digest)}},
                                           estate.now()));
  return {};
}

Result<std::vector<Json>> chain_of(Estate& estate, std::string_view prefix) {
  CP_TRY_ASSIGN(const auto texts, estate.judge.evidence_for(prefix));
  std::vector<Json> documents;
  for (const std::string& text : texts) {
    CP_TRY_ASSIGN(Json document, model::parse_json(text, {"a kept document"}));
    documents.push_back(std::move(document));
  }
  return documents;
}

namespace {

// A root's keys vouch for themselves: what they signed must be what was prepared here.
Result<void> pin_own_root(Estate& estate, const Json& document, const Delegation& read) {
  Json bare = document;
  bare.erase("proof");
  CP_TRY_ASSIGN(const Json own, estate.own_delegation());
  if (bare != own) {
    return fail(Errc::denied, "it is not what was prepared here for prefix {}", read.prefix);
  }
  CP_TRY_ASSIGN(const std::string signer, verify_document(document, [&](std::string_view kid) {
                  const DelegatedKey* key = read.find(kid);
                  return key != nullptr && key->is_for("delegate") ? std::optional(key->key)
                                                                   : std::nullopt;
                }));
  CP_TRY(estate.trust.pin(read.prefix, read.find(signer)->key, estate.now()));
  estate.authority->thumbprint = signer;
  return {};
}

bool has_asked_key(const Delegation& asked, const Delegation& given) {
  return std::ranges::any_of(asked.keys, [&](const DelegatedKey& key) {
    return given.find(key.key.thumbprint()) != nullptr;
  });
}

}  // namespace

Result<Json> accept_delegation(Estate& estate, std::span<const Json> documents) {
  CP_TRY_ASSIGN(const Json own, estate.own_delegation());
  CP_TRY_ASSIGN(const Delegation asked, read_delegation(own));
  const std::string& prefix = estate.authority->prefix;
  std::optional<Json> taken;
  std::string problem = "there is no delegation of prefix " + prefix + " among them";
  for (const Json& document : documents) {
    const auto read = read_delegation(document);
    CP_TRY(read && read->prefix == prefix ? check_delegation_size(document) : Result<void>{});
    if (read && read->prefix == prefix && !asked.parent && !estate.authority->accepted) {
      CP_TRY(pin_own_root(estate, document, *read));
    }
  }
  CP_TRY_ASSIGN(const auto verdicts, accept_delegations(estate.judge, documents));
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const Json& document = documents[i];
    const Verdict& verdict = verdicts[i];
    const auto read = read_delegation(document);
    const bool is_own = read && read->prefix == prefix;
    if (verdict.is_superseded) {
      problem = is_own && !taken ? "a newer one has taken its place" : problem;
    } else if (is_own && verdict.holds() && has_asked_key(asked, *read)) {
      taken = document;
    } else if (is_own) {
      problem = verdict.holds() ? "it names none of the keys that were asked for" : verdict.message;
    } else if (!verdict.holds() && !taken) {
      problem = verdict.message;
    }
  }
  if (!taken) {
    return with_hint(fail(Errc::denied, "prefix {} was not given: {}", prefix, problem),
                     "cpid trust add --prefix P FILE pins the root that stands above it");
  }
  CP_TRY(estate.set_delegation(*taken, true));
  CP_TRY_ASSIGN(std::string digest, digest_of(*taken));
  CP_TRY(estate.registry().ledger().append(
      {{"op", "accept"},
       {"delegation_seq", model::int_at(*taken, "seq").value_or(0)},
       {"delegation", std::move(digest)}},
      estate.now()));
  return *std::move(taken);
}

}  // namespace cp::identity
