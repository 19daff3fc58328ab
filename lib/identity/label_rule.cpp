// SPDX-License-Identifier: Apache-2.0
#include "identity/label_rule.hpp"

#include "base/text.hpp"
#include "identity/identifier.hpp"
#include "identity/judge.hpp"
#include "identity/trust_store.hpp"
#include "model/json.hpp"

#include <algorithm>

namespace cp::identity {
namespace {

using Allotted = TrustStore::Allotted;

std::string label_of(std::string_view alias) {
  const auto cut = text::cut(alias.substr(1), '/');
  return cut ? std::string(cut->before) : std::string();
}

Result<std::vector<Allotted>> those_that_hold(const TrustStore& store, Judge& judge,
                                              std::string_view label) {
  CP_TRY_ASSIGN(const auto all, store.allotted(label));
  std::vector<Allotted> holding;
  for (const Allotted& one : all) {
    CP_TRY_ASSIGN(const auto document, model::parse_json(one.delegation, {"a kept delegation"}));
    CP_TRY_ASSIGN(const Verdict verdict, judge.examine(document));
    if (verdict.holds()) {
      holding.push_back(one);
    }
  }
  return holding;
}

Result<bool> is_pinned(const TrustStore& store, std::string_view prefix, std::string_view anchor) {
  CP_TRY_ASSIGN(const auto anchors, store.anchors());
  return std::ranges::any_of(anchors, [&](const Anchor& one) {
    return one.prefix == prefix && one.key.thumbprint() == anchor;
  });
}

Result<std::string> why_not_that_of(const TrustStore& store, Judge& judge, std::string_view alias,
                                    std::string_view prefix, std::string_view anchor,
                                    std::vector<std::string>& notes) {
  const std::string label = label_of(alias);
  CP_TRY_ASSIGN(const auto allotted, those_that_hold(store, judge, label));
  if (allotted.empty()) {
    CP_TRY_ASSIGN(const bool is_root, is_pinned(store, prefix, anchor));
    return is_root ? "" : fmt::format("the label {} was not allotted to {}", label, prefix);
  }
  const Allotted& first = allotted.front();
  if (anchor != first.anchor) {
    return fmt::format("the label {} is that of {}, whose anchor was pinned before", label,
                       first.prefix);
  }
  if (first.prefix != prefix) {
    const bool has_it_too = std::ranges::any_of(allotted, [&](const Allotted& one) {
      return one.anchor == anchor && one.prefix == prefix;
    });
    return fmt::format("the label {} was allotted to {}{}, not to {}", label, first.prefix,
                       has_it_too ? " first" : "", prefix);
  }
  if (allotted.size() > 1) {
    const Allotted& other = allotted[1];
    notes.push_back(other.anchor == anchor
                        ? fmt::format("the label {} was given to {}, too, and counts for {}", label,
                                      other.prefix, prefix)
                        : fmt::format("the label {} is also that of {} under the anchor {}; the "
                                      "anchor that was pinned first counts",
                                      label, other.prefix, other.anchor));
  }
  return std::string();
}

}  // namespace

Result<std::string> why_not_its_label(const TrustStore& store, Judge& judge, std::string_view alias,
                                      std::string_view code, std::string_view anchor,
                                      std::vector<std::string>& notes) {
  CP_TRY_ASSIGN(const Identifier id, Identifier::parse(code));
  return why_not_that_of(store, judge, alias, id.prefix(), anchor, notes);
}

Result<std::string> why_not_the_label(const TrustStore& store, Judge& judge,
                                      const model::Json& delegation, std::string_view anchor) {
  const auto label = model::text_at(delegation, "label");
  if (!label) {
    return std::string();
  }
  std::vector<std::string> notes;
  return why_not_that_of(store, judge, "@" + *label + "/x",
                         model::text_at(delegation, "prefix").value_or(""), anchor, notes);
}

Result<void> check_aliases(const TrustStore& store, Judge& judge, std::string_view prefix,
                           std::span<const std::string> aliases) {
  if (aliases.empty()) {
    return {};
  }
  CP_TRY_ASSIGN(const std::string anchor, judge.anchor_of(prefix));
  for (const std::string& alias : aliases) {
    std::vector<std::string> notes;
    CP_TRY_ASSIGN(const std::string why,
                  why_not_that_of(store, judge, alias, prefix, anchor, notes));
    if (!why.empty()) {
      return fail(Errc::denied, "{} cannot be an alias here: {}", alias, why);
    }
  }
  return {};
}

Result<std::set<std::string>> prefixes_of_label(const TrustStore& store, std::string_view alias) {
  CP_TRY_ASSIGN(const auto allotted, store.allotted(label_of(alias)));
  CP_TRY_ASSIGN(const auto anchors, store.anchors());
  std::set<std::string> prefixes;
  for (const Allotted& one : allotted) {
    prefixes.insert(one.prefix);
  }
  for (const Anchor& anchor : anchors) {
    prefixes.insert(anchor.prefix);
  }
  return prefixes;
}

}  // namespace cp::identity
