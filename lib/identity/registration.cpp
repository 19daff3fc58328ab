// SPDX-License-Identifier: Apache-2.0
#include "identity/registration.hpp"

#include "base/limits.hpp"
#include "identity/canonical.hpp"
#include "identity/proof.hpp"
#include "identity/sha256.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

constexpr std::size_t kSerialLength = 8;
constexpr auto kValidity = std::chrono::days(365);

// RECORD with the members of ENVELOPE first, as CONTRACT shows it.
Json with_envelope(const Json& record, Json envelope) {
  for (auto member = record.begin(); member != record.end(); ++member) {
    if (!envelope.contains(member.key())) {
      envelope[member.key()] = member.value();
    }
  }
  return envelope;
}

// The identifier that RECORD is for: the one it names, which must be ours, or a new one.
Result<Identifier> identifier_for(const RegistryStore& store, const Authority& authority,
                                  const Json& record, UnixTime now, Random& random) {
  const auto named = model::text_at(record, "id");
  if (!named) {
    CP_TRY_ASSIGN(const auto serials, store.allocate(1, kSerialLength, now, random));
    return Identifier::make(authority.prefix, serials.front()).value();
  }
  CP_TRY_ASSIGN(Identifier id, Identifier::parse(*named));
  if (id.prefix() != authority.prefix) {
    return fail(Errc::denied, "{} is not of this authority's prefix {}", id.text(),
                authority.prefix);
  }
  CP_TRY_ASSIGN(const bool allocated, store.is_allocated(id.serial()));
  if (!allocated) {
    return with_hint(fail(Errc::denied, "{} was not allocated here", id.text()),
                     "get identifiers from cpid mint, or leave id out");
  }
  return id;
}

// The sequence number that follows the newest record's, if RECORD was made from that one.
Result<std::int64_t> next_seq(const RegistryStore& store, const Json& record,
                              const Identifier& id) {
  CP_TRY_ASSIGN(const auto stored, store.find(id.serial()));
  const std::int64_t newest = stored ? stored->seq : 0;
  if (stored) {
    CP_TRY_ASSIGN(const Json old, model::parse_json(stored->text, {"the record"}));
    if (const std::string end = end_of(old); !end.empty()) {
      return fail(Errc::denied, "{} is no more: {}", id.text(), end);
    }
  }
  const auto made_from = model::int_at(record, "seq");
  if (made_from && *made_from != newest) {
    return with_hint(
        fail(Errc::denied, "{} is at sequence number {}, and the record was made from {}",
             id.text(), newest, *made_from),
        "resolve it again and repeat the change");
  }
  return newest + 1;
}

Result<Json> envelope_for(const Authority& authority, const Json& record, const Identifier& id,
                          std::int64_t seq, UnixTime now) {
  const auto valid_until = model::time_at(record, "valid_until");
  if (valid_until && *valid_until <= now) {
    return with_hint(fail(Errc::bad_data, "valid_until is in the past"),
                     "leave it out to get a year");
  }
  const auto prefix = model::text_at(record, "provider.prefix");
  if (prefix && *prefix != authority.prefix) {
    return fail(Errc::denied, "provider.prefix is {}, and this authority's is {}", *prefix,
                authority.prefix);
  }
  const UnixTime second = std::chrono::floor<std::chrono::seconds>(now);
  return Json{{"schema", "cp.resource/1"},
              {"id", id.text()},
              {"seq", seq},
              {"issued", format_time(second)},
              {"valid_until", format_time(valid_until.value_or(second + kValidity))}};
}

// Says whose the resource is; a name that the record brings stays.
Result<void> name_provider(Json& record, const Authority& authority) {
  CP_TRY_ASSIGN(const Json delegation,
                model::parse_json(authority.delegation, {"the authority's delegation"}));
  record["provider"]["prefix"] = authority.prefix;
  const auto name = model::text_at(delegation, "name");
  if (name && model::find(record, "provider.name") == nullptr) {
    record["provider"]["name"] = *name;
  }
  return {};
}

}  // namespace

std::string end_of(const Json& record) {
  const auto how = model::text_at(record, "ended.how");
  if (!how) {
    return "";
  }
  const auto successor = model::text_at(record, "ended.successor");
  const auto why = model::text_at(record, "ended.why");
  return *how + (successor ? " to " + *successor : "") + (why ? ": " + *why : "");
}

Result<void> check_record_size(const Json& record, std::size_t bytes) {
  // The entry names the aliases once more: 64 of 193 bytes, two for each at worst. What becomes of
  // a record has to fit, too: why, the successor, and the other owner's signature.
  constexpr std::size_t kEntryBytes = 32U << 10U;
  constexpr std::size_t kEndBytes = 96U << 10U;
  const std::size_t most =
      limits::document_bytes - kEntryBytes - (end_of(record).empty() ? kEndBytes : 0);
  return bytes <= most
             ? Result<void>{}
             : fail(Errc::bad_data, "a record has {} bytes at most, and this one {}", most, bytes);
}

Result<void> keep_record(const RegistryStore& store, const Json& record, const Identifier& id,
                         std::string_view op, UnixTime now) {
  const std::int64_t seq = model::int_at(record, "seq").value_or(0);
  std::string text = model::to_line(record);
  CP_TRY(check_record_size(record, text.size()));
  CP_TRY_ASSIGN(const std::string form, canonical(record));
  Json entry{{"op", op},
             {"id", id.text()},
             {"record_seq", seq},
             {"record", sha256_text(sha256({form}))},
             {"alias", aliases_of(record)}};
  CP_TRY(store.ledger().append(std::move(entry), now));
  return store.put({std::string(id.serial()), seq, std::move(text)});
}

std::vector<std::string> aliases_of(const Json& record) {
  const Json* list = model::find(record, "alias");
  return list == nullptr ? std::vector<std::string>{} : list->get<std::vector<std::string>>();
}

std::vector<std::string> new_aliases(const Json& record, const Json& before) {
  std::vector<std::string> aliases = aliases_of(record);
  const std::vector<std::string> old = aliases_of(before);
  std::erase_if(aliases, [&old](const std::string& alias) {
    return std::ranges::find(old, alias) != old.end();
  });
  return aliases;
}

Result<Json> enter_record(const RegistryStore& store, const Authority& authority,
                          const Json& record, const PrivateKey& key, UnixTime now, Random& random,
                          std::string_view op) {
  CP_TRY_ASSIGN(const Identifier id, identifier_for(store, authority, record, now, random));
  CP_TRY_ASSIGN(const std::int64_t seq, next_seq(store, record, id));
  CP_TRY(store.claim_aliases(id, aliases_of(record)));
  CP_TRY_ASSIGN(Json envelope, envelope_for(authority, record, id, seq, now));
  Json enveloped = with_envelope(record, std::move(envelope));
  CP_TRY(name_provider(enveloped, authority));
  CP_TRY_ASSIGN(Json done, sign_document(std::move(enveloped), key));
  CP_TRY(keep_record(store, done, id, op, now));
  return done;
}

}  // namespace cp::identity
