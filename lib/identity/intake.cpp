// SPDX-License-Identifier: Apache-2.0
#include "identity/intake.hpp"

#include "base/units.hpp"
#include "identity/authority.hpp"
#include "identity/ending.hpp"
#include "identity/holding.hpp"
#include "identity/label_rule.hpp"
#include "identity/registration.hpp"
#include "identity/resource_rules.hpp"
#include "model/document.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cp::identity {
namespace {

using model::Json;

constexpr auto kFuture = std::chrono::seconds(60);

template <class... Args>
tl::unexpected<Refused> turn_away(int status, Errc code, fmt::format_string<Args...> format,
                                  Args&&... args) {
  return tl::unexpected<Refused>(
      Refused{status, {code, fmt::format(format, std::forward<Args>(args)...), {}}});
}

// A failure of the store or of what stands there, as opposed to one of the document.
tl::unexpected<Refused> broken(Error error) {
  const int status = error.code == Errc::timed_out ? 503 : error.code == Errc::io ? 507 : 500;
  return tl::unexpected<Refused>(Refused{status, std::move(error)});
}

tl::unexpected<Refused> refused(int status, Error error) {
  const bool is_ours = error.code != Errc::denied && error.code != Errc::bad_data &&
                       error.code != Errc::not_found && error.code != Errc::usage;
  return is_ours ? broken(std::move(error))
                 : tl::unexpected<Refused>(Refused{status, std::move(error)});
}

// The document of SCHEMA about ID in TEXT.
tl::expected<Json, Refused> read(std::string_view text, std::string_view schema,
                                 const Identifier& id, UnixTime now) {
  auto document = model::parse_json(text, {"the body"});
  if (!document) {
    return refused(422, document.error());
  }
  if (const auto right = model::require(*document, schema); !right) {
    return refused(422, right.error());
  }
  if (model::text_at(*document, "id") != id.text()) {
    return turn_away(422, Errc::bad_data, "it is not about {}", id.text());
  }
  const auto issued = model::time_at(*document, "issued");
  if (issued && *issued > now + kFuture) {
    return turn_away(422, Errc::denied, "it was issued more than 60 s in the future");
  }
  return *std::move(document);
}

tl::expected<void, Refused> check_precondition(const Precondition& wanted,
                                               const std::optional<StoredDocument>& before) {
  if (wanted.must_be_new && before) {
    return turn_away(412, Errc::denied, "there is one already, of sequence number {}", before->seq);
  }
  if (wanted.seq && (!before || before->seq != *wanted.seq)) {
    return turn_away(412, Errc::denied, "the newest version is {}, not {}",
                     before ? before->seq : 0, *wanted.seq);
  }
  return {};
}

tl::unexpected<Refused> not_held(const Verdict& verdict) {
  const bool is_late = verdict.reason == "replay" || verdict.reason == "equivocation";
  return tl::unexpected<Refused>(
      Refused{is_late ? 409 : 422, {Errc::denied, verdict.message, verdict.reason}});
}

}  // namespace

Intake::Intake(RegistryView& view, IntakeLimits limits, RateLimiter& limiter)
    : view_(view),
      estate_(view.estate()),
      limits_(std::move(limits)),
      limiter_(limiter),
      tokens_(estate_.judge, estate_.trust, estate_.clock, estate_.authority->prefix) {}

tl::expected<Token, Refused> Intake::who(const std::string* authorization) {
  constexpr std::string_view kBearer = "Bearer ";  // in any case: RFC 9110 §11.1
  if (authorization == nullptr ||
      !text::equal_ignoring_case(std::string_view(*authorization).substr(0, kBearer.size()),
                                 kBearer)) {
    return turn_away(401, Errc::denied, "a bearer token is wanted");
  }
  auto token = tokens_.check(std::string_view(*authorization).substr(kBearer.size()));
  if (!token) {
    return refused(401, token.error());
  }
  // A child's word opens nothing here: who writes is for this authority, or those above, to say.
  if (!is_within(estate_.authority->prefix, token->issuer)) {
    return turn_away(401, Errc::denied, "its issuer, prefix {}, has no say here", token->issuer);
  }
  return *std::move(token);
}

Intake::Step Intake::accept(const Json& document) {
  const auto verdict = estate_.judge.accept(document);
  return !verdict ? Step(broken(verdict.error())) : verdict->holds() ? Step{} : not_held(*verdict);
}

// A record of this authority's own prefix, signed elsewhere with its key.
Intake::Step Intake::keep_own(const Identifier& id, const Json& document,
                              const std::optional<StoredDocument>& before) {
  const RegistryStore store = estate_.registry();
  if (!end_of(document).empty()) {
    const auto ended = accept_end(estate_, document);
    return ended ? Step{} : refused(409, ended.error());
  }
  const auto is_allocated = store.is_allocated(id.serial());
  if (!is_allocated) {
    return broken(is_allocated.error());
  }
  if (!*is_allocated) {
    return turn_away(422, Errc::denied, "{} was not allocated here", id.text());
  }
  const auto verdict = estate_.judge.examine(document);
  if (!verdict) {
    return broken(verdict.error());
  }
  if (!verdict->holds()) {
    return tl::unexpected<Refused>(Refused{422, {Errc::denied, verdict->message, verdict->reason}});
  }
  const std::int64_t next = (before ? before->seq : 0) + 1;
  const auto old = before ? model::parse_json(before->text) : Result<Json>(Json::object());
  if (model::int_at(document, "seq") != next || !old || !end_of(*old).empty()) {
    return turn_away(409, Errc::denied, "it does not follow the newest version, {}", next - 1);
  }
  if (const auto its_own =
          check_aliases(estate_.trust, estate_.judge, id.prefix(), new_aliases(document, *old));
      !its_own) {
    return refused(422, its_own.error());
  }
  if (const auto claimed = store.claim_aliases(id, aliases_of(document)); !claimed) {
    return refused(409, claimed.error());
  }
  const auto kept = keep_record(store, document, id, "register", estate_.now());
  return kept ? Step{} : broken(kept.error());
}

// Whoever follows the feed gets what was taken here for those who have no registry of their own.
Intake::Step Intake::enter_kept(const Json& document, const Identifier& id) {
  const auto enter = [&]() -> Result<void> {
    CP_TRY_ASSIGN(std::string digest, digest_of(document));
    CP_TRY(estate_.registry().ledger().append(
        {{"op", "keep"},
         {"id", id.text()},
         {"record_seq", model::int_at(document, "seq").value_or(0)},
         {"record", std::move(digest)}},
        estate_.now()));
    return {};
  };
  const auto entered = enter();
  return entered ? Step{} : broken(entered.error());
}

// A record of a prefix below, beside the others of that prefix.
Intake::Step Intake::accept_record(const Json& document, const Identifier& id,
                                   const std::optional<StoredDocument>& before) {
  const std::string prefix(id.prefix());
  const auto held = holding_of(estate_.database, prefix);
  const auto verdict = estate_.judge.accept(document);
  if (!held || !verdict) {
    return broken(held ? verdict.error() : held.error());
  }
  if (!verdict->holds()) {
    return not_held(*verdict);
  }
  if (const auto its_own = check_aliases(
          estate_.trust, estate_.judge, prefix,
          end_of(document).empty() ? aliases_of(document) : std::vector<std::string>{});
      !its_own) {
    return refused(422, its_own.error());
  }
  if (const auto added = add_holding(estate_.database, prefix, verdict->grown); !added) {
    return broken(added.error());
  }
  const ChildLimits& most = limits_.children.of(prefix);
  if (verdict->grown.records > 0 && held->records + verdict->grown.records > most.records) {
    return turn_away(403, Errc::denied, "prefix {} has {} records here, and may have no more",
                     prefix, held->records);
  }
  if (verdict->grown.bytes > 0 && held->bytes + verdict->grown.bytes > most.bytes) {
    return turn_away(403, Errc::denied, "the records of prefix {} may have no more than {} here",
                     prefix, units::show_bytes(static_cast<double>(most.bytes)));
  }
  const bool is_known = before && before->seq == model::int_at(document, "seq");
  return is_known ? Step{} : enter_kept(document, id);
}

Intake::Step Intake::use_quota(const Token& token, const Grant& grant, const Identifier& id,
                               std::size_t bytes) {
  const auto use = [&]() -> Result<Holding> {
    CP_TRY_ASSIGN(auto before, estate_.database.prepare("SELECT bytes FROM registered WHERE "
                                                        "issuer = ?1 AND jti = ?2 AND code = ?3"));
    CP_TRY_ASSIGN(const bool is_known,
                  before.bind(1, token.issuer).bind(2, token.id).bind(3, id.text()).step());
    const std::int64_t more = static_cast<std::int64_t>(bytes) - (is_known ? before.integer(0) : 0);
    before.reset();
    CP_TRY_ASSIGN(auto enter,
                  estate_.database.prepare("INSERT OR REPLACE INTO registered (issuer, "
                                           "jti, code, bytes) VALUES (?1, ?2, ?3, ?4)"));
    enter.bind(1, token.issuer).bind(2, token.id).bind(3, id.text());
    CP_TRY(enter.bind(4, static_cast<std::int64_t>(bytes)).run());
    CP_TRY_ASSIGN(auto row,
                  estate_.database.prepare(
                      "INSERT INTO used (issuer, jti, records, bytes) "
                      "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
                      "records = records + excluded.records, bytes = bytes + excluded.bytes "
                      "RETURNING records, bytes"));
    row.bind(1, token.issuer).bind(2, token.id).bind(3, std::int64_t{is_known ? 0 : 1});
    CP_TRY(row.bind(4, more).step());
    return Holding{row.integer(0), row.integer(1)};
  };
  const auto used = use();
  if (!used) {
    return broken(used.error());
  }
  if (grant.quota && static_cast<std::uint64_t>(used->records) > *grant.quota) {
    return turn_away(403, Errc::denied, "the token's quota of {} records is used up", *grant.quota);
  }
  if (grant.bytes && static_cast<std::uint64_t>(used->bytes) > *grant.bytes) {
    return turn_away(403, Errc::denied, "the token's quota of {} is used up",
                     units::show_bytes(static_cast<double>(*grant.bytes)));
  }
  return {};
}

Intake::Step Intake::admit(const Token& token, const Grant& grant, const Identifier& id,
                           std::size_t bytes) {
  const std::string prefix(id.prefix());
  const bool is_own = prefix == estate_.authority->prefix;
  if (!is_own) {
    const auto referral = view_.referral(prefix);
    if (!referral) {
      return broken(referral.error());
    }
    if (*referral) {
      Refused elsewhere{307, {Errc::denied, "prefix " + prefix + " has registries of its own", ""}};
      elsewhere.referral = *referral;
      return tl::unexpected<Refused>(std::move(elsewhere));
    }
  }
  const UnixTime now = estate_.now();
  const auto use = [&](const std::string& name, const Rate& rate, double amount) -> Step {
    const auto wait = limiter_.use(name, rate, amount, now);
    if (!wait) {
      return {};
    }
    Refused later{429,
                  {Errc::timed_out, fmt::format("{} has used up {}", name, show_rate(rate)), ""}};
    later.retry_after = *wait;
    return tl::unexpected<Refused>(std::move(later));
  };
  const std::string name = "token " + token.issuer + " " + token.id;
  Step step = use(name, limits_.token, 1);
  if (step && grant.per_hour) {
    constexpr std::uint64_t kMost = 1'000'000'000;
    const Rate own{static_cast<std::int64_t>(std::clamp<std::uint64_t>(*grant.per_hour, 1, kMost)),
                   std::chrono::hours(1)};
    step = use(name + " " + grant.op, own, *grant.per_hour == 0 ? 2 : 1);
  }
  if (step && !is_own) {
    const ChildLimits& most = limits_.children.of(prefix);
    step = use("prefix " + prefix, most.rate, 1);
    step = step ? use("prefix " + prefix + " in bytes", most.traffic(), static_cast<double>(bytes))
                : step;
  }
  return step;
}

tl::expected<Taken, Refused> Intake::conclude(store::Transaction& transaction, const Step& step,
                                              const Taken& taken) {
  // Equivocation has left evidence, and nothing else.
  const bool is_evidence = !step && step.error().error.hint == "equivocation";
  if (step || is_evidence) {
    if (const auto committed = transaction.commit(); !committed) {
      return broken(committed.error());
    }
  }
  return step ? tl::expected<Taken, Refused>(taken) : tl::unexpected<Refused>(step.error());
}

tl::expected<Taken, Refused> Intake::put_record(const Token& token, const Identifier& id,
                                                std::string_view text,
                                                const Precondition& precondition) {
  const std::string& own = estate_.authority->prefix;
  const Grant* grant = token.allows({.op = "register", .target = id.text(), .prefix = id.prefix()});
  if (grant == nullptr || !is_within(id.prefix(), own)) {
    return turn_away(403, Errc::denied, "the token does not allow to register {}", id.text());
  }
  if (const Step admitted = admit(token, *grant, id, text.size()); !admitted) {
    return tl::unexpected<Refused>(admitted.error());
  }
  if (!precondition.must_be_new && !precondition.seq) {
    return turn_away(428, Errc::denied, "If-None-Match: * or If-Match: \"SEQ\" is wanted");
  }
  auto document = read(text, "cp.resource", id, estate_.now());
  if (!document) {
    return tl::unexpected<Refused>(document.error());
  }
  auto right = check_resource(*document);
  right = right ? check_record_size(*document, model::to_line(*document).size()) : right;
  if (!right) {
    return refused(422, right.error());
  }
  auto transaction = store::Transaction::begin(estate_.database);
  const auto before = view_.record(id);
  if (!transaction || !before) {
    return broken(!transaction ? transaction.error() : before.error());
  }
  Step step = check_precondition(precondition, *before);
  if (step) {
    step = id.prefix() == own ? keep_own(id, *document, *before)
                              : accept_record(*document, id, *before);
  }
  if (step) {
    step = use_quota(token, *grant, id, text.size());
  }
  return conclude(*transaction, step, {!*before, model::int_at(*document, "seq").value_or(0)});
}

tl::expected<Taken, Refused> Intake::put_state(const Token& token, const Identifier& id,
                                               std::string_view text,
                                               const Precondition& precondition) {
  const Grant* grant = token.allows({.op = "state", .target = id.text(), .prefix = id.prefix()});
  if (grant == nullptr || !is_within(id.prefix(), estate_.authority->prefix)) {
    return turn_away(403, Errc::denied, "the token does not allow to say how {} is", id.text());
  }
  if (const Step admitted = admit(token, *grant, id, text.size()); !admitted) {
    return tl::unexpected<Refused>(admitted.error());
  }
  auto document = read(text, "cp.state", id, estate_.now());
  if (!document) {
    return tl::unexpected<Refused>(document.error());
  }
  auto transaction = store::Transaction::begin(estate_.database);
  const auto record = view_.record(id);
  const auto before = view_.state(id);
  if (!transaction || !record || !before) {
    return broken(!transaction ? transaction.error() : !record ? record.error() : before.error());
  }
  if (!*record) {
    return turn_away(404, Errc::not_found, "nothing is registered under {}", id.text());
  }
  Step step = check_precondition(precondition, *before);
  if (step) {
    step = accept(*document);
  }
  return conclude(*transaction, step, {!*before, model::int_at(*document, "seq").value_or(0)});
}

}  // namespace cp::identity
