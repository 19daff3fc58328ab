// SPDX-License-Identifier: Apache-2.0
#include "identity/registry_view.hpp"

#include "identity/label_rule.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

constexpr const char* kOwnRecord =
    "SELECT seq, record FROM resource WHERE authority = ?1 AND serial = ?2";
constexpr const char* kKept =
    "SELECT seq, document FROM kept WHERE kind = ?1 AND subject = ?2 AND (?3 = '' OR anchor = ?3) "
    "ORDER BY taken_at DESC, seq DESC LIMIT 1";
constexpr const char* kNames = "SELECT code FROM name WHERE scheme = ?1 AND id = ?2 ORDER BY code";
constexpr const char* kChildOfLabel =
    "SELECT prefix, delegation FROM child WHERE authority = ?1 AND label = ?2";
constexpr const char* kBelow =
    "SELECT subject, max(seq), document FROM kept WHERE kind = 'cp.delegation' AND subject > ?1 "
    "AND subject < ?2 GROUP BY subject";
constexpr const char* kChildren =
    "SELECT prefix, seq, delegation FROM child WHERE authority = ?1 ORDER BY prefix";

// A URL that may stand in a Location header and be followed: no control characters, no blanks.
bool is_registry_url(std::string_view url) {
  return (url.starts_with("https://") || url.starts_with("http://")) &&
         std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::vector<std::string> registries_in(const Json& delegation) {
  std::vector<std::string> urls;
  const Json* list = model::find(delegation, "registries");
  if (list == nullptr || !list->is_array()) {
    return urls;
  }
  for (const Json& one : *list) {
    const auto* url = one.get_ptr<const std::string*>();
    if (url != nullptr && is_registry_url(*url)) {
      urls.push_back(url->ends_with('/') ? *url : *url + "/");
    }
  }
  return urls;
}

Result<std::optional<Referral>> referral_in(const std::string& prefix, const std::string& text) {
  CP_TRY_ASSIGN(const Json delegation, model::parse_json(text, {"a kept delegation"}));
  auto urls = registries_in(delegation);
  if (urls.empty()) {
    return std::nullopt;
  }
  return Referral{prefix, std::move(urls), text};
}

bool holds_now(const Json& state, UnixTime now) {
  const auto observed = model::time_at(state, "observed_at");
  const auto valid_for = model::number_at(state, "valid_for_s");
  return observed && valid_for &&
         now < *observed + std::chrono::nanoseconds(static_cast<std::int64_t>(*valid_for * 1e9));
}

}  // namespace

Result<store::Statement*> RegistryView::statement(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    CP_TRY_ASSIGN(auto prepared, estate_.database.prepare(sql));
    found = statements_.emplace(sql, std::move(prepared)).first;
  }
  found->second.reset();
  return &found->second;
}

// Prefix 0 is one authority's alone (SECURITY §1): another's documents are none of ours.
Result<std::optional<StoredDocument>> RegistryView::kept(const char* kind,
                                                         const std::string& subject,
                                                         std::string_view prefix) {
  const Authority& own = *estate_.authority;
  if (prefix == "0" && own.prefix != "0") {
    return std::nullopt;
  }
  CP_TRY_ASSIGN(store::Statement * row, statement(kKept));
  row->bind(1, kind).bind(2, subject).bind(3, prefix == "0" ? own.thumbprint : std::string());
  CP_TRY_ASSIGN(const bool found, row->step());
  std::optional<StoredDocument> document;
  if (found) {
    document = StoredDocument{subject, row->integer(0), std::string(row->text(1))};
  }
  row->reset();
  return document;
}

Result<bool> RegistryView::is_void(std::string_view prefix) {
  if (prefix == estate_.authority->prefix) {
    return false;
  }
  CP_TRY_ASSIGN(const auto revocation, estate_.judge.revocation_of(prefix));
  return revocation.has_value();
}

Result<std::optional<StoredDocument>> RegistryView::record(const Identifier& id) {
  CP_TRY_ASSIGN(const bool is_gone, is_void(id.prefix()));
  if (is_gone) {
    return std::nullopt;
  }
  if (id.prefix() != estate_.authority->prefix) {
    return kept("cp.resource", id.text(), id.prefix());
  }
  CP_TRY_ASSIGN(store::Statement * row, statement(kOwnRecord));
  CP_TRY_ASSIGN(const bool found,
                row->bind(1, estate_.authority->row).bind_borrowed(2, id.serial()).step());
  std::optional<StoredDocument> document;
  if (found) {
    document = StoredDocument{id.text(), row->integer(0), std::string(row->text(1))};
  }
  // A statement that is not reset holds its view of the store, and the log cannot be folded in.
  row->reset();
  return document;
}

Result<std::optional<StoredDocument>> RegistryView::state(const Identifier& id) {
  CP_TRY_ASSIGN(const bool is_gone, is_void(id.prefix()));
  CP_TRY_ASSIGN(auto document, is_gone ? std::optional<StoredDocument>()
                                       : kept("cp.state", id.text(), id.prefix()));
  if (document) {
    CP_TRY_ASSIGN(const Json state, model::parse_json(document->text, {"a kept state"}));
    if (!holds_now(state, estate_.now())) {
      document.reset();
    }
  }
  return document;
}

Result<std::vector<std::string>> RegistryView::names(std::string_view scheme, std::string_view id) {
  CP_TRY_ASSIGN(store::Statement * row, statement(kNames));
  row->bind(1, scheme).bind(2, id);
  std::vector<std::string> codes;
  while (true) {
    CP_TRY_ASSIGN(const bool found, row->step());
    if (!found) {
      row->reset();
      break;
    }
    codes.emplace_back(row->text(0));
  }
  std::vector<std::string> there;
  for (std::string& code : codes) {
    CP_TRY_ASSIGN(const Identifier one, Identifier::parse(code));
    CP_TRY_ASSIGN(const bool is_gone, is_void(one.prefix()));
    if (!is_gone) {
      there.push_back(std::move(code));
    }
  }
  return there;
}

Result<bool> RegistryView::counts(std::string_view alias, std::string_view code) {
  CP_TRY_ASSIGN(const Identifier id, Identifier::parse(code));
  const std::vector<std::string> asked{std::string(alias)};
  const auto its_own = check_aliases(estate_.trust, estate_.judge, id.prefix(), asked);
  return its_own || its_own.error().code == Errc::denied ? Result<bool>(its_own.has_value())
                                                         : tl::unexpected<Error>(its_own.error());
}

Result<std::vector<std::string>> RegistryView::codes_of_alias(std::string_view alias) {
  CP_TRY_ASSIGN(const auto all, names("alias", alias));
  std::vector<std::string> codes;
  for (const std::string& code : all) {
    CP_TRY_ASSIGN(const bool is_its_own, counts(alias, code));
    if (is_its_own) {
      codes.push_back(code);
    }
  }
  return codes.size() > 1 ? bearers(alias, codes) : codes;
}

// An alias goes from a resource that has ended to whoever takes it next: of CODES those that are
// there still, or the one that ended last.
Result<std::vector<std::string>> RegistryView::bearers(std::string_view alias,
                                                       const std::vector<std::string>& codes) {
  CP_TRY_ASSIGN(const auto own, estate_.registry().serial_of_alias(alias));
  std::vector<std::string> there;
  std::pair<std::string, std::string> last;  // when, and which
  for (const std::string& code : codes) {
    CP_TRY_ASSIGN(const Identifier id, Identifier::parse(code));
    CP_TRY_ASSIGN(const auto kept, record(id));
    const bool is_anothers = id.prefix() == estate_.authority->prefix && own != id.serial();
    if (!kept || is_anothers) {
      continue;
    }
    CP_TRY_ASSIGN(const Json document, model::parse_json(kept->text, {"a record"}));
    const auto at = model::text_at(document, "ended.at");
    if (!at) {
      there.push_back(code);
    }
    last = std::max(last, std::pair(at.value_or(""), code));
  }
  return !there.empty() || last.second.empty() ? there : std::vector<std::string>{last.second};
}

Result<std::vector<std::string>> RegistryView::codes_known_as(std::string_view scheme,
                                                              std::string_view id) {
  // "alias" is our own word in that table, and no scheme of others.
  return scheme == "alias" ? Result<std::vector<std::string>>{} : names(scheme, id);
}

Result<std::optional<Referral>> RegistryView::referral(std::string_view prefix) {
  const std::string& own = estate_.authority->prefix;
  std::optional<std::string> above = std::string(prefix);
  for (; above && *above != own; above = parent_of_prefix(*above)) {
    CP_TRY_ASSIGN(const auto delegation, kept("cp.delegation", *above, *above));
    if (delegation) {
      CP_TRY_ASSIGN(auto found, referral_in(*above, delegation->text));
      if (found) {
        return found;
      }
    }
  }
  return std::nullopt;
}

Result<std::optional<Referral>> RegistryView::referral_of_label(std::string_view label) {
  CP_TRY_ASSIGN(store::Statement * row, statement(kChildOfLabel));
  CP_TRY_ASSIGN(const bool found, row->bind(1, estate_.authority->row).bind(2, label).step());
  if (!found) {
    return referral_of_label_below(label);
  }
  const std::string prefix(row->text(0));
  const std::string delegation(row->text(1));
  row->reset();
  return referral_in(prefix, delegation);
}

// A label that a child has given away, as far as the child was followed.
Result<std::optional<Referral>> RegistryView::referral_of_label_below(std::string_view label) {
  const std::string& own = estate_.authority->prefix;
  CP_TRY_ASSIGN(const auto allotted, estate_.trust.allotted(label));
  for (const TrustStore::Allotted& one : allotted) {
    if (one.prefix != own && is_within(one.prefix, own)) {
      return referral(one.prefix);
    }
  }
  return std::nullopt;
}

Result<std::string> RegistryView::head() { return head(estate_.authority->prefix); }

Result<std::string> RegistryView::head(const std::string& prefix) {
  CP_TRY_ASSIGN(auto document, kept("cp.head", prefix, prefix));
  return document ? std::move(document->text) : std::string();
}

Result<std::optional<StoredDocument>> RegistryView::delegation(const std::string& prefix) {
  return kept("cp.delegation", prefix, prefix);
}

Result<std::vector<std::string>> RegistryView::own_versions() {
  const std::string& own = estate_.authority->prefix;
  CP_TRY_ASSIGN(const auto newest, delegation(own));
  std::vector<std::string> texts;
  if (newest) {
    texts.push_back(newest->text);
  }
  CP_TRY_ASSIGN(const auto anchors, estate_.trust.anchors());
  for (const Anchor& anchor : anchors) {
    if (anchor.prefix != own) {
      continue;
    }
    CP_TRY_ASSIGN(const auto versions, estate_.trust.succession(anchor.key.thumbprint(), own));
    for (const Kept& version : versions) {
      texts.push_back(version.text);
    }
  }
  return texts;
}

Result<std::vector<std::string>> RegistryView::evidence(const std::string& prefix) {
  return estate_.judge.evidence_for(prefix);
}

Result<std::vector<std::string>> RegistryView::chain() {
  CP_TRY_ASSIGN(auto documents, evidence(estate_.authority->prefix));
  std::erase_if(documents, [](const std::string& text) {
    return text.find(R"("schema":"cp.delegation/1")") == std::string::npos;
  });
  return documents;
}

Result<std::vector<StoredDocument>> RegistryView::children() {
  CP_TRY_ASSIGN(store::Statement * row, statement(kChildren));
  row->bind(1, estate_.authority->row);
  return all_of(row);
}

// "." and "/" are next to each other.
Result<std::vector<StoredDocument>> RegistryView::below() {
  const std::string& own = estate_.authority->prefix;
  CP_TRY_ASSIGN(store::Statement * row, statement(kBelow));
  row->bind(1, own + ".").bind(2, own + "/");
  return all_of(row);
}

Result<std::vector<StoredDocument>> RegistryView::all_of(store::Statement* row) {
  std::vector<StoredDocument> all;
  while (true) {
    CP_TRY_ASSIGN(const bool found, row->step());
    if (!found) {
      row->reset();
      return all;
    }
    all.push_back({std::string(row->text(0)), row->integer(1), std::string(row->text(2))});
  }
}

}  // namespace cp::identity
