// SPDX-License-Identifier: Apache-2.0
#include "identity/judge.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "identity/canonical.hpp"
#include "identity/identifier.hpp"
#include "identity/proof.hpp"
#include "identity/registration.hpp"
#include "identity/resource_rules.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

constexpr auto kMaxHeadValidity = std::chrono::days(7);
constexpr auto kSkew = std::chrono::seconds(60);
constexpr double kMaxStateValidity = 3'600;

// Why a document is not good: denied, with the word for it where an error has its hint. Every other
// code is a failure of the store.
template <class... Args>
tl::unexpected<Error> refuse(std::string_view reason, fmt::format_string<Args...> format,
                             Args&&... args) {
  return with_hint(fail(Errc::denied, format, std::forward<Args>(args)...), std::string(reason));
}

std::string_view schema_name(std::string_view schema) { return schema.substr(0, schema.find('/')); }

std::string time_text(UnixTime time) {
  return format_time(std::chrono::floor<std::chrono::seconds>(time));
}

Result<std::string> form_without_proof(Json document) {
  document.erase("proof");
  return canonical(document);
}

// DOCUMENT with each of its signatures and no other one.
std::vector<Json> each_signature_alone(const Json& document) {
  const Json* proof = model::find(document, "proof");
  if (proof == nullptr || !proof->is_array()) {
    return {document};
  }
  std::vector<Json> alone;
  for (const Json& one : *proof) {
    alone.push_back(document);
    alone.back()["proof"] = one;
    if (alone.size() > 2) {
      break;  // that many are too many
    }
  }
  return alone;
}

// The keys that FIND_KEY knows and that have signed DOCUMENT; of others nothing is said.
std::vector<std::string> known_signers(const Json& document, const jws::FindKey& find_key) {
  std::vector<std::string> signers;
  for (const Json& one : each_signature_alone(document)) {
    if (auto signer = verify_document(one, find_key)) {
      signers.push_back(*std::move(signer));
    }
  }
  return signers;
}

bool says_it_is_signed_by(const Json& document, const std::string& thumbprint) {
  const auto all = each_signature_alone(document);
  return std::ranges::any_of(
      all, [&](const Json& one) { return model::text_at(one, "proof.key") == thumbprint; });
}

jws::FindKey keys_that_delegate(const Delegation& delegation) {
  return [&delegation](std::string_view kid) -> std::optional<PublicKey> {
    const DelegatedKey* key = delegation.find(kid);
    return key != nullptr && key->is_for("delegate") ? std::optional(key->key) : std::nullopt;
  };
}

// What is kept is shown to others, who take so much and no more.
Result<void> check_stored_size(const Json& document, const Kept& kept) {
  const std::size_t bytes = kept.text.size();
  if (kept.kind == "cp.resource") {
    return check_record_size(document, bytes);
  }
  return bytes <= limits::document_bytes
             ? Result<void>{}
             : fail(Errc::bad_data, "a document has {} bytes at most, and this one {}",
                    limits::document_bytes, bytes);
}

// Where THUMBPRINT stands among the keys; before the first when it does not.
std::ptrdiff_t place_of(std::string_view thumbprint, const Delegation& delegation) {
  const DelegatedKey* key = delegation.find(thumbprint);
  return key != nullptr ? key - delegation.keys.data() : -1;
}

}  // namespace

// An authority whose delegation was verified down from an anchor.
struct Judge::Authority {
  Delegation delegation;
  std::vector<std::string> chain;
  int depth_left = 0;
  UnixTime not_before = UnixTime::min();  // of the whole chain, its signing keys included
  UnixTime not_after = UnixTime::max();

  void narrow(const std::optional<UnixTime>& from, const std::optional<UnixTime>& to) {
    not_before = std::max(not_before, from.value_or(not_before));
    not_after = std::min(not_after, to.value_or(not_after));
  }
};

// A document on its way through the checks.
struct Judge::Case {
  const Json& document;
  std::string_view line;  // what it was parsed from; may be empty
  std::string schema;     // "cp.resource/1"
  std::string prefix;     // whose key must have signed
  std::string subject;    // what the sequence counts for: a code or a prefix
  std::string key;
  std::vector<std::string> chain;
  std::vector<Verdict::Head> heads;
  std::int64_t seq = 0;
  bool starts_anew_with_key = false;
  std::optional<PublicKey> new_anchor;
  Holding grown{};
  std::optional<Error> over;  // it is a delegation whose time is over: it replaces older ones still
  bool is_superseded = false;
};

Result<void> check_head_size(const Json& head) {
  constexpr std::size_t kMaxBytes = 256U << 10U;
  const Json* list = model::find(head, "revoked");
  if (list != nullptr && list->is_array() && list->size() > kMaxRevoked) {
    return fail(Errc::bad_data,
                "a head declares {} keys, prefixes and tokens void at most, and "
                "this one {}",
                kMaxRevoked, list->size());
  }
  const std::size_t bytes = model::to_line(head).size();
  return bytes <= kMaxBytes ? Result<void>{}
                            : fail(Errc::bad_data, "a head has {} bytes at most, and this one {}",
                                   kMaxBytes, bytes);
}

Judge::Judge(TrustStore& store, const Clock& clock) : Judge(store, clock, Options{}) {}

Judge::Judge(TrustStore& store, const Clock& clock, Options options)
    : store_(store), clock_(clock), options_(options) {}

Result<void> Judge::load() {
  CP_TRY_ASSIGN(const std::int64_t version, store_.version());
  if (version != version_) {
    forget();
    version_ = version;
  }
  if (!loaded_) {
    CP_TRY_ASSIGN(anchors_, store_.anchors());
    std::ranges::stable_sort(anchors_, [](const Anchor& a, const Anchor& b) {
      return a.prefix.size() > b.prefix.size();
    });
    loaded_ = true;
  }
  return {};
}

void Judge::forget() {
  loaded_ = false;
  anchors_.clear();
  revocations_.clear();
  authorities_.clear();
  heads_.clear();
}

// What a head of PREFIX, or of one above it up to ANCHOR's, has declared void. Asked for by name:
// who declares much void must not slow down what others have signed.
Result<std::optional<Revocation>> Judge::revoked(const Anchor& anchor, std::string_view prefix,
                                                 std::string_view what, std::string_view name,
                                                 std::int64_t seq) {
  constexpr std::size_t kMostRemembered = 4'096;
  const std::string thumbprint = anchor.key.thumbprint();
  for (auto by = std::optional(std::string(prefix)); by; by = parent_of_prefix(*by)) {
    std::array question{thumbprint, *by, std::string(what), std::string(name)};
    auto known = revocations_.find(question);
    if (known == revocations_.end()) {
      CP_TRY_ASSIGN(auto found, store_.revocation(thumbprint, *by, what, name));
      if (revocations_.size() >= kMostRemembered) {
        revocations_.clear();
      }
      known = revocations_.emplace(std::move(question), std::move(found)).first;
    }
    if (known->second && (what == "key" || seq <= known->second->seq)) {
      return known->second;
    }
  }
  return std::nullopt;
}

// Whether the key KID of AUTHORITY may sign USE now.
Result<void> Judge::check_key(const Anchor& anchor, const Authority& authority,
                              std::string_view kid, std::string_view use) {
  const Delegation& delegation = authority.delegation;
  const DelegatedKey* key = delegation.find(kid);
  // First of all: one that was revoked stays so when the next delegation has dropped it.
  CP_TRY_ASSIGN(const auto found, revoked(anchor, delegation.prefix, "key", kid, 0));
  if (found) {
    return refuse("revoked", "its key {} was revoked by prefix {}: {}", kid.substr(0, 64),
                  found->prefix, found->why);
  }
  if (key == nullptr) {
    return refuse("unknown_key", "its key {} is not one that prefix {} was given",
                  kid.substr(0, 64), delegation.prefix);
  }
  if (!key->is_for(use)) {
    return refuse("wrong_use", "its key {} may not sign as {}, only as {}", kid, use,
                  text::join(key->uses, ", "));
  }
  if (!key->may(use, clock_.now())) {
    return refuse("key_expired", "its key {} is not valid now", kid);
  }
  return {};
}

Result<std::string> Judge::signer_of(const Anchor& anchor, const Json& document,
                                     const Authority& authority, std::string_view use) {
  Result<void> fit;
  auto signer = verify_document(document, [&](std::string_view kid) -> std::optional<PublicKey> {
    fit = check_key(anchor, authority, kid, use);
    return fit ? std::optional(authority.delegation.find(kid)->key) : std::nullopt;
  });
  if (!signer && !fit) {
    return tl::unexpected<Error>(fit.error());
  }
  return signer;
}

// The verified authority of PREFIX under ANCHOR.
Result<const Judge::Authority*> Judge::authority(const Anchor& anchor, std::string_view prefix) {
  const std::pair name{anchor.key.thumbprint(), std::string(prefix)};
  auto found = authorities_.find(name);
  if (found == authorities_.end()) {
    CP_TRY_ASSIGN(Authority loaded, load_authority(anchor, name.second));
    found = authorities_.emplace(name, std::make_shared<Authority>(std::move(loaded))).first;
  }
  const Authority& known = *found->second;
  const UnixTime now = clock_.now();
  if (now < known.not_before) {
    return refuse("not_yet_valid", "the delegation of prefix {} begins at {}", prefix,
                  time_text(known.not_before));
  }
  if (known.not_after <= now) {
    return refuse("delegation_expired", "the delegation of prefix {} ended at {}", prefix,
                  time_text(known.not_after));
  }
  return &known;
}

Result<Judge::Authority> Judge::load_authority(const Anchor& anchor, const std::string& prefix) {
  CP_TRY_ASSIGN(const auto kept, store_.find(anchor.key.thumbprint(), "cp.delegation", prefix));
  if (!kept) {
    return refuse("no_delegation", "the delegation of prefix {} is not known", prefix);
  }
  CP_TRY_ASSIGN(const Json document, model::parse_json(kept->text, {"a kept delegation"}));
  Authority loaded;
  CP_TRY_ASSIGN(loaded.delegation, read_delegation(document));
  loaded.narrow(loaded.delegation.not_before, loaded.delegation.not_after);
  const auto find_anchor = [&](std::string_view kid) {
    return kid == anchor.key.thumbprint() ? std::optional(anchor.key) : std::nullopt;
  };
  if (prefix == anchor.prefix) {
    // One that moved the pin has two signatures, the new anchor's and one of an old key, which it
    // may name no more.
    if (known_signers(document, find_anchor).empty()) {
      const auto whole = verify_document(document, find_anchor);
      return refuse("bad_signature", "the delegation of prefix {} does not hold: {}", prefix,
                    whole ? "its anchor did not sign it" : whole.error().message);
    }
    loaded.depth_left = loaded.delegation.max_depth;
    loaded.chain = {prefix};
    return loaded;
  }
  CP_TRY_ASSIGN(const Authority* parent, authority(anchor, parent_of_prefix(prefix).value_or("")));
  CP_TRY(check_child(anchor, *parent, loaded.delegation));
  const auto signer = signer_of(anchor, document, *parent, "delegate");
  if (!signer) {
    return with_hint(fail(signer.error().code, "the delegation of prefix {} does not hold: {}",
                          prefix, signer.error().message),
                     signer.error().hint);
  }
  const DelegatedKey* by = parent->delegation.find(*signer);
  loaded.narrow(by->not_before, by->not_after);
  loaded.narrow(parent->not_before, parent->not_after);
  loaded.depth_left = std::min(parent->depth_left - 1, loaded.delegation.max_depth);
  loaded.chain = parent->chain;
  loaded.chain.push_back(prefix);
  return loaded;
}

// Whether PARENT may have delegated CHILD.
Result<void> Judge::check_child(const Anchor& anchor, const Authority& parent,
                                const Delegation& child) {
  const Delegation& from = parent.delegation;
  if (child.parent != from.prefix) {
    return refuse("wrong_parent", "the delegation of prefix {} does not name {} as its parent",
                  child.prefix, from.prefix);
  }
  if (!from.may_delegate || parent.depth_left < 1) {
    return refuse("may_not_delegate", "prefix {} may not delegate{}", from.prefix,
                  from.may_delegate ? " so deep" : "");
  }
  CP_TRY_ASSIGN(const auto found,
                revoked(anchor, from.prefix, "delegation", child.prefix, child.seq));
  if (found) {
    return refuse("revoked", "the delegation of prefix {} was revoked by prefix {}: {}",
                  child.prefix, found->prefix, found->why);
  }
  return {};
}

// One that is over is refused, too, but not before it has taken the place of an older one: who
// shortens a delegation does not leave the longer one in force.
Result<void> Judge::check_time(const Delegation& read, Case& matter) const {
  const UnixTime now = clock_.now();
  if (read.not_before && now < *read.not_before) {
    return refuse("not_yet_valid", "it begins at {}", time_text(*read.not_before));
  }
  if (read.not_after && *read.not_after <= now) {
    matter.over =
        refuse("delegation_expired", "it ended at {}", time_text(*read.not_after)).value();
  }
  return {};
}

// SECURITY §2: what can stand in the anchor's place is named by the old key and has signed itself.
Result<void> Judge::check_new_keys(const Anchor& anchor, const std::optional<Kept>& kept,
                                   const Delegation& read,
                                   const std::vector<std::string>& signers) {
  if (!kept || read.seq <= kept->seq) {
    return {};
  }
  CP_TRY_ASSIGN(const Json document, model::parse_json(kept->text, {"a kept delegation"}));
  CP_TRY_ASSIGN(const Delegation before, read_delegation(document));
  for (const DelegatedKey& key : read.keys) {
    const std::string& thumbprint = key.key.thumbprint();
    const DelegatedKey* const old = before.find(thumbprint);
    const bool is_known = thumbprint == anchor.key.thumbprint() ||
                          (old != nullptr && old->is_for("delegate")) ||
                          std::ranges::find(signers, thumbprint) != signers.end();
    if (key.is_for("delegate") && !is_known) {
      return refuse("one_signature", "its new key {} may delegate, and has not signed it",
                    thumbprint);
    }
  }
  return {};
}

// Whether the document of MATTER, READ, was the newest here once, or is shown to have been it by
// the version that came next: who has signed that is a key that this one names and that signed it.
Result<bool> Judge::is_superseded(const Anchor& anchor, const Delegation& read, Case& matter) {
  CP_TRY_ASSIGN(const auto versions, store_.succession(anchor.key.thumbprint(), anchor.prefix));
  const auto next =
      std::ranges::find_if(versions, [&](const Kept& one) { return one.seq >= matter.seq; });
  if (next == versions.end()) {
    return false;
  }
  CP_TRY_ASSIGN(const Json document, model::parse_json(next->text, {"a kept delegation"}));
  const auto own = known_signers(matter.document, keys_that_delegate(read));
  if (next->seq == matter.seq) {
    matter.key = own.empty() ? "" : own.front();
    CP_TRY_ASSIGN(const std::string known, canonical(document));
    CP_TRY_ASSIGN(const std::string shown, canonical(matter.document));
    return known == shown;
  }
  for (const std::string& signer : known_signers(document, keys_that_delegate(read))) {
    CP_TRY_ASSIGN(const auto found, revoked(anchor, anchor.prefix, "key", signer, 0));
    if (std::ranges::find(own, signer) != own.end() && !found) {
      matter.key = signer;
      return true;
    }
  }
  return false;
}

Result<void> Judge::judge_root(const Anchor& anchor, Case& matter) {
  CP_TRY_ASSIGN(const Delegation read, read_delegation(matter.document));
  if (read.parent) {
    return refuse(
        "wrong_parent",
        "it names a parent, and the anchor that is pinned for prefix {} stands for itself",
        anchor.prefix);
  }
  CP_TRY_ASSIGN(const auto kept,
                store_.find(anchor.key.thumbprint(), "cp.delegation", anchor.prefix));
  if (kept && read.seq < kept->seq) {
    CP_TRY_ASSIGN(matter.is_superseded, is_superseded(anchor, read, matter));
    matter.chain = {anchor.prefix};
    return matter.is_superseded
               ? Result<void>{}
               : refuse("replay", "its sequence number is {}, and {} was seen already", read.seq,
                        kept->seq);
  }
  const auto find_key = [&](std::string_view kid) -> std::optional<PublicKey> {
    const DelegatedKey* own = read.find(kid);
    return kid == anchor.key.thumbprint() ? std::optional(anchor.key)
           : own != nullptr               ? std::optional(own->key)
                                          : std::nullopt;
  };
  if (!says_it_is_signed_by(matter.document, anchor.key.thumbprint())) {
    return refuse("unknown_key", "it is not signed by the anchor that is pinned for prefix {}",
                  anchor.prefix);
  }
  // What an anchor's first delegation here took the place of is not known: it may be signed by a
  // key that it names no more.
  const bool is_first = !kept || kept->seq == read.seq;
  const auto signers = is_first ? known_signers(matter.document, find_key)
                                : verify_signers(matter.document, find_key);
  if (!signers) {
    return tl::unexpected<Error>(signers.error());
  }
  if (std::ranges::find(*signers, anchor.key.thumbprint()) == signers->end()) {
    return refuse("bad_signature", "the signature of its anchor is wrong");
  }
  CP_TRY_ASSIGN(const auto found,
                revoked(anchor, anchor.prefix, "key", anchor.key.thumbprint(), 0));
  if (found) {
    return refuse("revoked", "its key was revoked: {}", found->why);
  }
  CP_TRY(check_new_keys(anchor, kept, read, *signers));
  CP_TRY(check_time(read, matter));
  const UnixTime now = clock_.now();
  matter.key = anchor.key.thumbprint();
  matter.chain = {anchor.prefix};
  if (signers->size() > 1 && !matter.over) {
    const std::string& other = signers->front() == matter.key ? (*signers)[1] : signers->front();
    const DelegatedKey* key = read.find(other);
    // Where the pin is the new key's already, the other one is the old one, which stands before it.
    if (is_first && place_of(other, read) < place_of(matter.key, read)) {
      return {};
    }
    if (key == nullptr || !key->may("delegate", now)) {
      return refuse("wrong_use", "the new key {} may not delegate", other);
    }
    matter.new_anchor = key->key;
  }
  return {};
}

Result<void> Judge::judge_delegation(const Anchor& anchor, Case& matter) {
  CP_TRY_ASSIGN(const Delegation read, read_delegation(matter.document));
  if (const auto fits = check_delegation_size(matter.document); !fits) {
    return refuse("too_long", "{}", fits.error().message);
  }
  matter.seq = read.seq;
  if (read.prefix == anchor.prefix) {
    return judge_root(anchor, matter);
  }
  const auto above = parent_of_prefix(read.prefix);
  CP_TRY_ASSIGN(const Authority* parent, authority(anchor, above.value_or("")));
  CP_TRY(check_child(anchor, *parent, read));
  CP_TRY_ASSIGN(matter.key, signer_of(anchor, matter.document, *parent, "delegate"));
  CP_TRY(check_time(read, matter));
  matter.chain = parent->chain;
  matter.chain.push_back(read.prefix);
  return {};
}

Result<void> Judge::judge_head(const Anchor& anchor, Case& matter) {
  if (const auto fits = check_head_size(matter.document); !fits) {
    return refuse("too_long", "{}", fits.error().message);
  }
  CP_TRY_ASSIGN(const Authority* by, authority(anchor, matter.prefix));
  CP_TRY_ASSIGN(matter.key, signer_of(anchor, matter.document, *by, "head"));
  const auto issued = model::time_at(matter.document, "issued");
  const auto valid_until = model::time_at(matter.document, "valid_until");
  const auto hash = model::text_at(matter.document, "hash");
  const Json* list = model::find(matter.document, "revoked");
  if (!issued || !valid_until || !hash || list == nullptr || !list->is_array()) {
    return refuse("malformed", "it is no whole cp.head/1");
  }
  const UnixTime now = clock_.now();
  if (*issued > now + kSkew) {
    return refuse("future", "it was issued at {}, which is not yet", time_text(*issued));
  }
  if (*valid_until > *issued + kMaxHeadValidity) {
    return refuse("malformed", "it claims to be valid for more than 7 days");
  }
  if (*valid_until <= now) {
    return refuse("expired", "it expired at {}", time_text(*valid_until));
  }
  matter.chain = by->chain;
  return {};
}

// The key for records of AUTHORITY that made one of the signatures, each of which stands alone in
// SIGNED; else what is wrong with the one that is its own, as far as that can be told.
Result<std::string> Judge::signer_among(const Anchor& anchor, const std::vector<Json>& signed_alone,
                                        const Authority& authority) {
  Result<std::string> signer = refuse("one_signature", "it is not signed");
  for (const Json& one : signed_alone) {
    auto found = signer_of(anchor, one, authority, "record");
    if (found) {
      return found;
    }
    const bool is_others = found.error().hint == "unknown_key";
    if (!is_others || signer.error().hint == "one_signature") {
      signer = std::move(found);
    }
  }
  return signer;
}

// A resource that went to another owner needs that one's signature beside the old one's. That it
// went is the old owner's word; the other one may be unknown here.
Result<void> Judge::judge_successor(const Anchor& anchor, Case& matter,
                                    const std::string& successor) {
  CP_TRY_ASSIGN(const Identifier next, Identifier::parse(successor));
  CP_TRY_ASSIGN(const Authority* from, authority(anchor, matter.prefix));
  const std::vector<Json> signatures = each_signature_alone(matter.document);
  if (signatures.size() > 2) {
    return refuse("malformed", "it has more than two signatures");
  }
  const auto by_old = signer_among(anchor, signatures, *from);
  const auto to = any_authority(next.prefix());
  if (!to) {
    CP_TRY(by_old);
    const bool is_unknown = to.error().hint == "no_delegation" || to.error().hint == "no_anchor";
    return is_unknown
               ? refuse("other_owner", "it went to {}, and {}", next.text(), to.error().message)
               : tl::unexpected<Error>(to.error());
  }
  const auto by_new = signer_among(*to->first, signatures, *to->second);
  if (signatures.size() < 2 && (by_old || by_new)) {
    return refuse("one_signature", "it went to {}, and only one of both owners has signed",
                  next.text());
  }
  CP_TRY(by_old);
  if (!by_new && by_new.error().hint == "unknown_key") {
    return refuse("other_owner", "it went to {}, and none of the keys of prefix {} has signed it",
                  next.text(), next.prefix());
  }
  CP_TRY(by_new);
  if (*by_old == *by_new) {
    return refuse("one_signature", "both owners have one key, and it has signed once");
  }
  matter.key = *by_old;
  matter.chain = from->chain;
  return {};
}

Result<void> Judge::judge_resource(const Anchor& anchor, Case& matter) {
  CP_TRY(check_end(matter.document));
  const auto successor = model::text_at(matter.document, "ended.successor");
  const auto next = Identifier::parse(successor.value_or(""));
  if (successor && !next) {
    return refuse("malformed", "what it became is no identifier");
  }
  if (successor && next->prefix() != matter.prefix) {
    CP_TRY(judge_successor(anchor, matter, *successor));
  } else {
    CP_TRY_ASSIGN(const Authority* by, authority(anchor, matter.prefix));
    CP_TRY_ASSIGN(matter.key, signer_of(anchor, matter.document, *by, "record"));
    matter.chain = by->chain;
  }
  const auto valid_until = model::time_at(matter.document, "valid_until");
  if (!valid_until || *valid_until <= clock_.now()) {
    return refuse("expired", "it expired at {}",
                  model::text_at(matter.document, "valid_until").value_or("an unknown time"));
  }
  return {};
}

Result<void> Judge::judge_state(const Anchor& anchor, Case& matter) {
  CP_TRY_ASSIGN(const Authority* by, authority(anchor, matter.prefix));
  CP_TRY_ASSIGN(matter.key, signer_of(anchor, matter.document, *by, "state"));
  matter.chain = by->chain;
  matter.starts_anew_with_key = true;
  const auto observed = model::time_at(matter.document, "observed_at");
  const auto valid_for = model::number_at(matter.document, "valid_for_s");
  if (!observed || !valid_for || *valid_for <= 0 || *valid_for > kMaxStateValidity) {
    return refuse("malformed", "valid_for_s is not more than 0 and up to {} s", kMaxStateValidity);
  }
  const UnixTime now = clock_.now();
  if (matter.seq > unix_milliseconds(now + kSkew) || *observed > now + kSkew) {
    return refuse("future", "it is more than 60 s in the future");
  }
  if (*observed + std::chrono::nanoseconds(static_cast<std::int64_t>(*valid_for * 1e9)) <= now) {
    return refuse("expired", "it was good for {} s from {} on", *valid_for, time_text(*observed));
  }
  return {};
}

Result<std::optional<Verdict::Head>> Judge::head_of(const Anchor& anchor,
                                                    const std::string& prefix) {
  const std::pair name{anchor.key.thumbprint(), prefix};
  if (const auto known = heads_.find(name); known != heads_.end()) {
    return known->second;
  }
  std::optional<Verdict::Head> head;
  CP_TRY_ASSIGN(const auto kept, store_.find(anchor.key.thumbprint(), "cp.head", prefix));
  if (kept) {
    CP_TRY_ASSIGN(const Json document, model::parse_json(kept->text, {"a kept head"}));
    head = Verdict::Head{prefix, kept->seq, model::time_at(document, "issued").value_or(UnixTime()),
                         model::time_at(document, "valid_until").value_or(UnixTime())};
  }
  heads_.emplace(name, head);
  return head;
}

Result<void> Judge::check_heads(const Anchor& anchor, Case& matter) {
  const UnixTime now = clock_.now();
  for (const std::string& prefix : matter.chain) {
    CP_TRY_ASSIGN(const auto head, head_of(anchor, prefix));
    if (head) {
      matter.heads.push_back(*head);
    }
    if (!options_.max_head_age || matter.schema == "cp.head/1" ||
        matter.schema == "cp.delegation/1") {
      continue;
    }
    if (!head) {
      return refuse("no_head", "no head of prefix {} is known", prefix);
    }
    if (head->valid_until <= now || head->issued + *options_.max_head_age < now) {
      return refuse("old_head", "the newest head of prefix {} is of {}", prefix,
                    time_text(head->issued));
    }
  }
  return {};
}

// SECURITY §2: lower is a replay, equal with other content is equivocation.
Result<void> Judge::compare_and_keep(const Anchor& anchor, Case& matter) {
  const std::string thumbprint = anchor.key.thumbprint();
  Kept now{std::string(schema_name(matter.schema)), matter.subject,
           matter.starts_anew_with_key ? matter.key : "", matter.seq,
           matter.line.empty() ? model::to_line(matter.document) : std::string(matter.line)};
  if (matter.is_superseded) {
    return store_.keep_in_succession(thumbprint, now);
  }
  CP_TRY_ASSIGN(const auto before, store_.find(thumbprint, now.kind, now.subject, now.signer));
  if (before && now.seq < before->seq) {
    return refuse("replay", "its sequence number is {}, and {} was seen already", now.seq,
                  before->seq);
  }
  if (before && now.seq == before->seq) {
    CP_TRY_ASSIGN(const Json old, model::parse_json(before->text, {"a kept document"}));
    CP_TRY_ASSIGN(const std::string old_form, form_without_proof(old));
    CP_TRY_ASSIGN(const std::string new_form, form_without_proof(matter.document));
    if (old_form == new_form) {
      return {};
    }
    CP_TRY(store_.keep_evidence(thumbprint, now, before->text, clock_.now()));
    return refuse("equivocation",
                  "another document with the sequence number {} was seen; both are kept", now.seq);
  }
  if (before && matter.new_anchor && now.seq != before->seq + 1) {
    return refuse("gap", "it changes the anchor, and does not follow number {}", before->seq);
  }
  if (const auto fits = check_stored_size(matter.document, now); !fits) {
    return refuse("too_long", "{}", fits.error().message);
  }
  if (now.kind == "cp.resource") {
    matter.grown = {before ? 0 : 1,
                    static_cast<std::int64_t>(now.text.size()) -
                        static_cast<std::int64_t>(before ? before->text.size() : 0)};
  }
  note(anchor, now, !before);
  return store_.keep(thumbprint, now, clock_.now());
}

// A head each time: it may be longer than the one before.
void Judge::note(const Anchor& anchor, const Kept& kept, bool is_new) {
  const bool is_told = kept.kind == "cp.head" || (kept.kind == "cp.delegation" && is_new);
  if (!options_.is_reader || !is_told || kept.subject == anchor.prefix) {
    return;
  }
  const std::size_t end = kept.subject.find('.', anchor.prefix.size() + 1);
  if (end != std::string::npos) {
    told_.push_back({anchor.key.thumbprint(), kept.subject.substr(0, end), kept.subject});
  }
}

Result<std::size_t> Judge::forget_unused() {
  std::map<std::pair<std::string, std::string>, Holding> held;
  std::size_t count = 0;
  // The last first: those who stand on others came after them.
  for (auto one = told_.rbegin(); one != told_.rend(); ++one) {
    const auto [at, is_first] = held.try_emplace({one->anchor, one->child});
    Holding& here = at->second;
    if (is_first) {
      CP_TRY_ASSIGN(here, store_.chains_below(one->anchor, one->child));
    }
    if (here.records <= kMostUnused && here.bytes <= kMostUnusedBytes) {
      continue;
    }
    CP_TRY_ASSIGN(const Holding freed, store_.forget_unless_needed(one->anchor, one->prefix));
    here.records -= freed.records;
    here.bytes -= freed.bytes;
    count += static_cast<std::size_t>(freed.records);
  }
  told_.clear();
  forget();
  return count;
}

// What was void once stays so, as long as there is room for it: when there is not, only what this
// head says counts, which has its bound.
Result<void> Judge::take_head(const Anchor& anchor, const Json& head) {
  const std::string thumbprint = anchor.key.thumbprint();
  const std::string prefix = model::text_at(head, "prefix").value_or("");
  CP_TRY(enter_revoked(anchor, head));
  CP_TRY_ASSIGN(const std::int64_t count, store_.count_revocations(thumbprint, prefix));
  if (count <= 2 * static_cast<std::int64_t>(kMaxRevoked)) {
    return {};
  }
  CP_TRY(store_.forget_revocations(thumbprint, prefix));
  return enter_revoked(anchor, head);
}

Result<void> Judge::enter_revoked(const Anchor& anchor, const Json& head) {
  const std::string prefix = model::text_at(head, "prefix").value_or("");
  for (const Json& one : *model::find(head, "revoked")) {
    const auto key = model::text_at(one, "key");
    const auto child = model::text_at(one, "delegation");
    const auto token = model::text_at(one, "token");
    const std::string why = model::text_at(one, "why").value_or("");
    if (key) {
      CP_TRY(store_.revoke(anchor.key.thumbprint(), {prefix, "key", *key, 0, why}));
    }
    if (token) {
      CP_TRY(store_.revoke(anchor.key.thumbprint(),
                           {prefix, "token", *token, model::int_at(one, "exp").value_or(0), why}));
    }
    if (child && *child != prefix && is_within(*child, prefix)) {
      CP_TRY(store_.revoke(anchor.key.thumbprint(), {prefix, "delegation", *child,
                                                     model::int_at(one, "seq").value_or(0), why}));
    }
  }
  return {};
}

Result<void> Judge::take_effect(const Anchor& anchor, const Case& matter) {
  if (matter.schema != "cp.delegation/1" && matter.schema != "cp.head/1") {
    return {};
  }
  if (matter.schema == "cp.head/1") {
    CP_TRY(take_head(anchor, matter.document));
  }
  if (matter.new_anchor) {
    CP_TRY(
        store_.replace(anchor.prefix, anchor.key.thumbprint(), *matter.new_anchor, clock_.now()));
  }
  forget();
  return {};
}

Result<void> Judge::try_anchor(const Anchor& anchor, Case& matter, bool remember) {
  if (matter.schema == "cp.delegation/1") {
    CP_TRY(judge_delegation(anchor, matter));
  } else if (matter.schema == "cp.head/1") {
    CP_TRY(judge_head(anchor, matter));
  } else if (matter.schema == "cp.state/1") {
    CP_TRY(judge_state(anchor, matter));
  } else {
    CP_TRY(judge_resource(anchor, matter));
  }
  CP_TRY(check_heads(anchor, matter));
  if (remember) {
    CP_TRY(compare_and_keep(anchor, matter));
  }
  if (matter.over) {
    authorities_.clear();
    return tl::unexpected<Error>(*matter.over);
  }
  return {};
}

Result<Verdict> Judge::judge(const Json& document, std::string_view line, bool remember) {
  const std::string schema = model::text_at(document, "schema").value_or("");
  if (use_of(schema).empty() || schema == "cp.token/1") {
    return Verdict{"failed", "malformed", "it is no document that is signed", "", "", {}, {}};
  }
  Case matter{document, line, schema, "", "", "", {}, {}, 0, false, std::nullopt};
  if (schema == "cp.resource/1" || schema == "cp.state/1") {
    const auto id = Identifier::parse(model::text_at(document, "id").value_or(""));
    matter.subject = id ? id->text() : "";
    matter.prefix = id ? std::string(id->prefix()) : "";
  } else {
    matter.subject = matter.prefix = model::text_at(document, "prefix").value_or("");
  }
  const auto seq = model::int_at(document, "seq");
  if (!is_prefix(matter.prefix) || !seq || *seq < 0 ||
      (model::text_at(document, "id").value_or(matter.subject) != matter.subject)) {
    return Verdict{"failed", "malformed", "it has no canonical identifier, prefix or seq", "", "",
                   {},       {}};
  }
  matter.seq = *seq;
  if (model::find(document, "proof") == nullptr) {
    return Verdict{"unsigned", "unsigned", "it is not signed", "", "", {}, {}};
  }
  CP_TRY(load());
  Verdict verdict{matter.prefix == "0" ? "unsigned" : "failed",
                  "no_anchor",
                  "no trust anchor is pinned for prefix " + matter.prefix,
                  "",
                  "",
                  {},
                  {}};
  bool is_first = true;
  std::optional<Verdict> superseded;
  for (std::size_t i = 0; i < anchors_.size(); ++i) {
    const Anchor anchor = anchors_[i];
    if (!is_within(matter.prefix, anchor.prefix)) {
      continue;
    }
    matter.chain.clear();
    matter.heads.clear();
    matter.new_anchor.reset();
    matter.over.reset();
    matter.is_superseded = false;
    const auto tried = try_anchor(anchor, matter, remember);
    if (tried) {
      Verdict holds{"verified",   "",           "",           anchor.key.thumbprint(), matter.key,
                    matter.chain, matter.heads, matter.grown, matter.is_superseded};
      // Under another anchor of its prefix it may be the newest.
      if (holds.is_superseded) {
        superseded = std::move(holds);
        continue;
      }
      if (remember) {
        CP_TRY(take_effect(anchor, matter));
      }
      return holds;
    }
    if (tried.error().code != Errc::denied && tried.error().code != Errc::bad_data) {
      return tl::unexpected<Error>(tried.error());
    }
    if (is_first) {
      const std::string& word = tried.error().hint;
      verdict.reason = tried.error().code == Errc::bad_data ? "malformed"
                       : word.empty()                       ? "bad_signature"
                                                            : word;
      verdict.message = tried.error().message;
      verdict.trust =
          matter.prefix == "0" && verdict.reason == "unknown_key" ? "unsigned" : "failed";
      verdict.chain = matter.chain;
      verdict.heads = matter.heads;
      is_first = false;
    }
  }
  return superseded ? *std::move(superseded) : std::move(verdict);
}

Result<Verdict> Judge::examine(const Json& document) { return judge(document, {}, false); }
Result<Verdict> Judge::accept(const Json& document, std::string_view line) {
  return judge(document, line, true);
}

Result<Verdict> Judge::remember(const Json& document, const Verdict& verdict,
                                std::string_view line) {
  CP_TRY(load());
  const auto anchor = std::ranges::find_if(
      anchors_, [&](const Anchor& one) { return one.key.thumbprint() == verdict.anchor; });
  const std::string schema = model::text_at(document, "schema").value_or("");
  if (anchor == anchors_.end() || (schema != "cp.resource/1" && schema != "cp.state/1")) {
    return accept(document, line);
  }
  Case matter{document,
              line,
              schema,
              "",
              model::text_at(document, "id").value_or(""),
              verdict.key,
              {},
              {},
              model::int_at(document, "seq").value_or(0),
              schema == "cp.state/1",
              std::nullopt};
  const auto kept = compare_and_keep(*anchor, matter);
  if (kept) {
    Verdict remembered = verdict;
    remembered.grown = matter.grown;
    return remembered;
  }
  if (kept.error().code != Errc::denied) {
    return tl::unexpected<Error>(kept.error());
  }
  return Verdict{"failed", kept.error().hint, kept.error().message, "", "", {}, {}};
}

template <class Fit>
std::invoke_result_t<Fit, const Anchor&> Judge::first_that_fits(std::string_view prefix, Fit fit) {
  CP_TRY(load());
  std::optional<Error> first;
  for (const Anchor& anchor : anchors_) {
    if (!is_within(prefix, anchor.prefix)) {
      continue;
    }
    auto found = fit(anchor);
    if (found) {
      return found;
    }
    first = first ? first : std::optional(found.error());
  }
  return first ? tl::unexpected<Error>(*std::move(first))
               : refuse("no_anchor", "no trust anchor is pinned for prefix {}", prefix);
}

Result<std::pair<const Anchor*, const Judge::Authority*>> Judge::any_authority(
    std::string_view prefix) {
  using Found = std::pair<const Anchor*, const Authority*>;
  return first_that_fits(prefix, [&](const Anchor& anchor) -> Result<Found> {
    CP_TRY_ASSIGN(const Authority* const found, authority(anchor, prefix));
    return Found{&anchor, found};
  });
}

namespace {

// ERROR for people, to whom the word for it is no advice.
template <class T>
Result<T> told(Result<T> result) {
  if (!result && result.error().code == Errc::denied && !result.error().hint.empty()) {
    result.error().message += " (" + std::exchange(result.error().hint, "") + ")";
  }
  return result;
}

}  // namespace

Result<Delegation> Judge::delegation(std::string_view prefix) {
  CP_TRY_ASSIGN(const auto found, told(any_authority(prefix)));
  return found.second->delegation;
}

Result<std::string> Judge::anchor_of(std::string_view prefix) {
  CP_TRY_ASSIGN(const auto found, told(any_authority(prefix)));
  return found.first->key.thumbprint();
}

Result<PublicKey> Judge::key_of(std::string_view prefix, std::string_view kid,
                                std::string_view use) {
  return first_that_fits(prefix, [&](const Anchor& anchor) -> Result<PublicKey> {
    CP_TRY_ASSIGN(const Authority* const found, authority(anchor, prefix));
    CP_TRY(check_key(anchor, *found, kid, use));
    return found->delegation.find(kid)->key;
  });
}

// What has declared a delegation between ANCHOR's and PREFIX's void, its own included.
Result<std::optional<Revocation>> Judge::revoked_above(const Anchor& anchor,
                                                       std::string_view prefix) {
  std::optional<std::string> link(prefix);
  for (; link && *link != anchor.prefix; link = parent_of_prefix(*link)) {
    CP_TRY_ASSIGN(const auto any, revoked(anchor, *link, "delegation", *link, 0));
    if (!any) {
      continue;  // as nearly always
    }
    CP_TRY_ASSIGN(const auto kept, store_.find(anchor.key.thumbprint(), "cp.delegation", *link));
    CP_TRY_ASSIGN(const auto found,
                  revoked(anchor, *link, "delegation", *link, kept ? kept->seq : 0));
    if (found) {
      return found;
    }
  }
  return std::nullopt;
}

template <class Find>
Result<std::optional<Revocation>> Judge::under_every_anchor(std::string_view prefix, Find find) {
  CP_TRY(load());
  std::optional<Revocation> first;
  for (const Anchor& anchor : anchors_) {
    if (!is_within(prefix, anchor.prefix)) {
      continue;
    }
    CP_TRY_ASSIGN(const std::optional<Revocation> found, find(anchor));
    if (!found) {
      return std::nullopt;
    }
    first = first ? std::move(first) : found;
  }
  return first;
}

Result<std::optional<Revocation>> Judge::revocation_of(std::string_view prefix) {
  return under_every_anchor(prefix,
                            [&](const Anchor& anchor) { return revoked_above(anchor, prefix); });
}

Result<std::optional<Revocation>> Judge::revocation_of_key(std::string_view prefix,
                                                           std::string_view kid) {
  return under_every_anchor(
      prefix, [&](const Anchor& anchor) { return revoked(anchor, prefix, "key", kid, 0); });
}

Result<std::vector<std::string>> Judge::evidence_for(std::string_view prefix) {
  CP_TRY_ASSIGN(const auto found, told(any_authority(prefix)));
  std::vector<std::string> documents;
  for (const char* kind : {"cp.delegation", "cp.head"}) {
    for (const std::string& link : found.second->chain) {
      if (kind == std::string_view("cp.delegation") && link == found.first->prefix) {
        CP_TRY_ASSIGN(const auto versions, store_.succession(found.first->key.thumbprint(), link));
        for (std::size_t i = 0; i + 1 < versions.size(); ++i) {
          documents.push_back(versions[i].text);
        }
      }
      CP_TRY_ASSIGN(const auto kept, store_.find(found.first->key.thumbprint(), kind, link));
      if (kept) {
        documents.push_back(kept->text);
      }
    }
  }
  return documents;
}

}  // namespace cp::identity
