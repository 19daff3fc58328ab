// SPDX-License-Identifier: Apache-2.0
#include "identity/ending.hpp"

#include "identity/label_rule.hpp"
#include "identity/proof.hpp"
#include "identity/registration.hpp"
#include "identity/resource_rules.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

// The newest record that NAME names.
Result<Json> find_record(Estate& estate, std::string_view name) {
  CP_TRY(estate.require_authority());
  CP_TRY(require_in_force(*estate.authority, estate.judge));
  std::optional<std::string> serial;
  if (name.starts_with('@')) {
    CP_TRY_ASSIGN(serial, estate.registry().serial_of_alias(name));
  } else {
    CP_TRY_ASSIGN(const Identifier id, Identifier::parse(name));
    if (id.prefix() == estate.authority->prefix) {
      serial = std::string(id.serial());
    }
  }
  std::optional<StoredRecord> stored;
  if (serial) {
    CP_TRY_ASSIGN(stored, estate.registry().find(*serial));
  }
  if (!stored) {
    return fail(Errc::not_found, "nothing is registered here under {}", name);
  }
  return model::parse_json(stored->text, {"the record"});
}

// The newest version of CODE that is known here; null when none is.
Result<Json> newest_of(Estate& estate, const Identifier& code) {
  if (code.prefix() == estate.authority->prefix) {
    CP_TRY_ASSIGN(const auto stored, estate.registry().find(code.serial()));
    return stored ? model::parse_json(stored->text, {"the record"}) : Result<Json>(Json());
  }
  CP_TRY_ASSIGN(const auto anchors, estate.trust.anchors_above(code.prefix()));
  for (const Anchor& anchor : anchors) {
    CP_TRY_ASSIGN(const auto kept,
                  estate.trust.find(anchor.key.thumbprint(), "cp.resource", code.text()));
    if (kept) {
      return model::parse_json(kept->text, {"a kept record"});
    }
  }
  return Json();
}

// Whether FROM may go to NEXT: a record that is there, and leads, as far as is known here, to one
// that is there still. One that led back would leave all of them without any.
Result<void> check_way(Estate& estate, const Identifier& from, Identifier next) {
  constexpr int kMostSteps = 64;
  const std::string first = next.text();
  for (int steps = 0; steps < kMostSteps; ++steps) {
    if (next.text() == from.text()) {
      return steps == 0 ? fail(Errc::denied, "{} cannot stand for itself", first)
                        : fail(Errc::denied, "{} leads back to {}", first, from.text());
    }
    CP_TRY_ASSIGN(const Json record, newest_of(estate, next));
    if (record.is_null()) {
      return next.prefix() == estate.authority->prefix
                 ? with_hint(fail(Errc::denied, "{} has no record", next.text()),
                             "register it first")
                 : Result<void>{};
    }
    const std::string end = end_of(record);
    const auto successor = model::text_at(record, "ended.successor");
    if (!end.empty() && !successor) {
      return fail(Errc::denied, "{} is no more: {}", next.text(), end);
    }
    if (!successor) {
      return {};
    }
    CP_TRY_ASSIGN(next, Identifier::parse(*successor));
  }
  return fail(Errc::denied, "{} leads from one code to the next more than {} times", first,
              kMostSteps);
}

Result<void> check_successor(Estate& estate, const Json& record, const End& end) {
  if (end.successor.empty()) {
    return {};
  }
  CP_TRY_ASSIGN(const Identifier next, Identifier::parse(end.successor));
  if (next.prefix() == estate.authority->prefix) {
    CP_TRY_ASSIGN(const bool allocated, estate.registry().is_allocated(next.serial()));
    if (!allocated) {
      return fail(Errc::denied, "{} was not allocated here", next.text());
    }
  }
  CP_TRY_ASSIGN(const Identifier id, Identifier::parse(model::text_at(record, "id").value_or("")));
  return check_way(estate, id, next);
}

Json ended(Json record, const End& end, UnixTime now) {
  Json said{{"how", end.how}, {"at", format_time(std::chrono::floor<std::chrono::seconds>(now))}};
  if (!end.why.empty()) {
    said["why"] = end.why;
  }
  if (!end.successor.empty()) {
    said["successor"] = Identifier::parse(end.successor).value().text();
  }
  record["ended"] = std::move(said);
  record.erase("proof");
  return record;
}

bool goes_elsewhere(const Json& record, std::string_view prefix) {
  const auto next = Identifier::parse(model::text_at(record, "ended.successor").value_or(""));
  return next && next->prefix() != prefix;
}

std::string_view op_of(const Json& record) {
  const std::string how = model::text_at(record, "ended.how").value_or("");
  return how == "moved"     ? "move"
         : how == "merged"  ? "merge"
         : how == "revoked" ? "revoke"
                            : "tombstone";
}

// RECORD as the next version, signed by this owner and not kept yet.
Result<Json> half_signed(Estate& estate, Json record, const PrivateKey& key) {
  record["seq"] = model::int_at(record, "seq").value_or(0) + 1;
  record["issued"] = format_time(std::chrono::floor<std::chrono::seconds>(estate.now()));
  return sign_document(std::move(record), key);
}

}  // namespace

Result<void> check_why(std::string_view why) {
  constexpr std::size_t kMost = 4U << 10U;
  return why.size() <= kMost
             ? Result<void>{}
             : fail(Errc::bad_data, "the reason has {} bytes, and at most {} are taken", why.size(),
                    kMost);
}

Result<Json> end_record(Estate& estate, std::string_view name, const End& end) {
  CP_TRY(check_why(end.why));
  CP_TRY_ASSIGN(const Json record, find_record(estate, name));
  if (const std::string before = end_of(record); !before.empty()) {
    return fail(Errc::denied, "{} is no more: {}", name, before);
  }
  CP_TRY(check_successor(estate, record, end));
  CP_TRY_ASSIGN(const PrivateKey key, estate.key_for("record"));
  Json last = ended(record, end, estate.now());
  if (goes_elsewhere(last, estate.authority->prefix)) {
    return half_signed(estate, std::move(last), key);
  }
  return enter_record(estate.registry(), *estate.authority, last, key, estate.now(), estate.random,
                      op_of(last));
}

Result<Json> accept_end(Estate& estate, const Json& document) {
  CP_TRY_ASSIGN(const Json before,
                find_record(estate, model::text_at(document, "id").value_or("")));
  CP_TRY_ASSIGN(const Identifier id,
                Identifier::parse(model::text_at(document, "id").value_or("")));
  if (before == document) {
    return before;
  }
  if (const std::string end = end_of(before); !end.empty()) {
    return fail(Errc::denied, "{} is no more: {}", id.text(), end);
  }
  const std::int64_t next = model::int_at(before, "seq").value_or(0) + 1;
  if (end_of(document).empty() || model::int_at(document, "seq") != next) {
    return fail(Errc::denied, "it is not the end of {} after its version {}", id.text(), next - 1);
  }
  CP_TRY_ASSIGN(const Verdict verdict, estate.judge.examine(document));
  if (verdict.reason == "other_owner") {
    return with_hint(fail(Errc::denied, "{}: {}", id.text(), verdict.message),
                     "put the other owner's chain, which cpid bundle prints there, before the "
                     "record in FILE, or give it to cpid verify");
  }
  if (!verdict.holds()) {
    return fail(Errc::denied, "{}: {}", id.text(), verdict.message);
  }
  if (const auto successor = model::text_at(document, "ended.successor")) {
    CP_TRY_ASSIGN(const Identifier code, Identifier::parse(*successor));
    CP_TRY(check_way(estate, id, code));
  }
  CP_TRY(keep_record(estate.registry(), document, id, op_of(document), estate.now()));
  return document;
}

Result<Json> set_alias(Estate& estate, std::string_view name, const std::string& alias,
                       bool there) {
  CP_TRY_ASSIGN(Json record, find_record(estate, name));
  if (there && !is_alias(alias)) {
    return fail(Errc::bad_data, "{} is no alias: @label/name is wanted", alias);
  }
  std::vector<std::string> aliases = aliases_of(record);
  const auto known = std::ranges::find(aliases, alias);
  if (there == (known != aliases.end())) {
    return there ? fail(Errc::denied, "{} is called {} already", name, alias)
                 : fail(Errc::not_found, "{} is not called {}", name, alias);
  }
  if (there && aliases.size() >= kMostAliases) {
    return fail(Errc::bad_data, "{} has {} aliases, and at most {} are taken", name, aliases.size(),
                kMostAliases);
  }
  if (there) {
    const std::vector<std::string> added{alias};
    CP_TRY(check_aliases(estate.trust, estate.judge, estate.authority->prefix, added));
    aliases.push_back(alias);
  } else {
    aliases.erase(known);
  }
  record["alias"] = aliases;
  record.erase("proof");
  CP_TRY_ASSIGN(const PrivateKey key, estate.key_for("record"));
  return enter_record(estate.registry(), *estate.authority, record, key, estate.now(),
                      estate.random, "alias");
}

Result<void> check_say(Estate& estate, const Json& document) {
  CP_TRY(estate.require_authority());
  const std::string& own = estate.authority->prefix;
  const auto prefix = model::text_at(document, "prefix");
  if (prefix) {
    return prefix == own || parent_of_prefix(*prefix) == own
               ? Result<void>{}
               : fail(Errc::denied, "prefix {} has no say in prefix {}", own, *prefix);
  }
  CP_TRY_ASSIGN(const Identifier id,
                Identifier::parse(model::text_at(document, "id").value_or("")));
  if (id.prefix() == own) {
    return {};
  }
  const auto next = Identifier::parse(model::text_at(document, "ended.successor").value_or(""));
  if (next && next->prefix() == own) {
    CP_TRY_ASSIGN(const bool allocated, estate.registry().is_allocated(next->serial()));
    return allocated ? check_way(estate, id, *next)
                     : fail(Errc::denied, "{} was not allocated here", next->text());
  }
  return fail(Errc::denied, "{} is not of prefix {}", id.text(), own);
}

}  // namespace cp::identity
