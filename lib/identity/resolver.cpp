// SPDX-License-Identifier: Apache-2.0
#include "identity/resolver.hpp"

#include "base/text.hpp"
#include "base/units.hpp"
#include "identity/foreign_code.hpp"
#include "identity/identifier.hpp"
#include "identity/label_rule.hpp"
#include "identity/learning.hpp"
#include "identity/registration.hpp"
#include "identity/registry.hpp"
#include "identity/registry_client.hpp"
#include "identity/registry_store.hpp"
#include "identity/resolved.hpp"
#include "identity/resolver_store.hpp"
#include "identity/token.hpp"
#include "model/json.hpp"
#include "net/http_url.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <unistd.h>

namespace cp::identity {

// A name in its canonical form, and where registries have it.
struct SearchedName {
  std::string text;
  std::string path;
  std::optional<Identifier> code;
};

namespace {

using Name = SearchedName;

using model::Json;
using ReplyKind = RegistryReply::Kind;
using std::chrono::seconds;

constexpr int kMaxReferrals = 8;
constexpr std::size_t kMaxSuccessors = 8;
constexpr seconds kUsualTime{60};
constexpr seconds kLongestTime{86'400};
constexpr seconds kUsualAbsence{30};
constexpr seconds kLongestAbsence{300};

Result<Name> read_name(std::string_view text) {
  if (text.starts_with('@')) {
    if (!is_alias(text)) {
      return fail(Errc::bad_data, "{} is no alias: @label/name is wanted", text);
    }
    const auto cut = text::cut(text.substr(1), '/');
    return Name{
        std::string(text),
        "v1/alias/" + net::percent_encoded(cut->before) + "/" + net::percent_encoded(cut->after),
        std::nullopt};
  }
  if (const auto foreign = read_foreign_code(text)) {
    return Name{std::string(text),
                "v1/known/" + net::percent_encoded(foreign->scheme) + "/" +
                    net::percent_encoded(foreign->id),
                std::nullopt};
  }
  CP_TRY_ASSIGN(Identifier id, Identifier::parse(text));
  return Name{id.text(), "v1/id/" + net::percent_encoded(id.text()), std::move(id)};
}

seconds bounded(std::optional<seconds> said, seconds usual, seconds longest) {
  return std::clamp(said.value_or(usual), seconds(1), longest);
}

// A code leads down to its owner; any other name only as far as a registry has followed those
// below it.
std::string who_else_may_know(const Name& name, const std::string& base) {
  return name.code || base.empty()
             ? ""
             : "authorities below it were not asked; cpid sync " + base + " asks them all";
}

// A foreign code is what a record says of itself: another one may say so, too.
bool is_claimed(const Name& name) { return !name.code && !name.text.starts_with('@'); }

std::string id_of(const Resolved& resolved) {
  return model::text_at(resolved.record, "id").value_or("");
}

tl::unexpected<Error> both_claim(const Name& name, const Resolved& one, const Resolved& other) {
  return fail(Errc::denied, "{} and {} both claim {}", id_of(one), id_of(other), name.text);
}

// Which of ONE, if there is one, and OTHER stands for NAME: what has ended, perhaps to go over to
// the other, claims nothing.
Result<Resolved> the_claimant(const Name& name, std::optional<Resolved> one, Resolved other) {
  const auto ended_at = [](const Resolved& resolved) {
    return model::text_at(resolved.record, "ended.at").value_or("");
  };
  const bool has_one_ended = one && !end_of(one->record).empty();
  const bool is_other_newer =
      end_of(other.record).empty() || !one || ended_at(*one) <= ended_at(other);
  if (!one || (id_of(*one) != id_of(other) && has_one_ended && is_other_newer)) {
    return other;
  }
  return id_of(*one) == id_of(other) || !end_of(other.record).empty()
             ? Result<Resolved>(*std::move(one))
             : both_claim(name, *one, other);
}

}  // namespace

struct Resolver::State {
  State(store::Database opened, ResolverStore answers, const Clock& time, ResolverSettings given,
        std::stop_token token)
      : database(std::move(opened)),
        store(std::move(answers)),
        clock(time),
        settings(std::move(given)),
        stop(std::move(token)),
        trust(database),
        judge(trust, clock, {.max_head_age = settings.max_head_age, .is_reader = true}),
        client({settings.authorities, settings.allow_net, own_origins(settings)},
               settings.patience) {
    if (!settings.token.empty()) {
      client.introduce(settings.registries.front(), settings.token);
    }
  }

  static std::vector<std::string> own_origins(const ResolverSettings& settings) {
    std::vector<std::string> origins;
    for (const std::string& url : settings.registries) {
      if (const auto parsed = net::HttpUrl::parse(url)) {
        origins.push_back(parsed->origin());
      }
    }
    return origins;
  }

  store::Database database;
  ResolverStore store;
  const Clock& clock;
  ResolverSettings settings;
  std::stop_token stop;
  TrustStore trust;
  Judge judge;
  RegistryClient client;
  std::optional<Registry> own;
  std::vector<std::string> ask_also;  // while the owner of a successor is sought
  std::size_t owners_sought = 0;

  // One search for a name.
  struct Search {
    const Name& name;
    std::deque<std::string> bases;
    std::set<std::string> asked;
    std::string last_prefix;  // of the last referral
    int hops = 0;
    std::vector<std::string> notes;
    std::optional<Resolved> refused;  // an answer that does not hold
    std::optional<Error> failure;     // the first registry that could not be asked
    std::optional<Error> absence;
    seconds absent_for = kUsualAbsence;
    bool is_unanswered = false;  // and so FAILURE is how it ended
  };

  bool is_mine(const Name& name) const {
    return own && name.code && name.code->prefix() == own->prefix();
  }

  Result<Resolved> resolve(std::string_view text) {
    CP_TRY_ASSIGN(Name name, read_name(text));
    CP_TRY_ASSIGN(Resolved found, find(name));
    std::vector<std::string> notes = std::move(found.notes);
    std::set<std::string> passed;
    while (found.trust == "verified") {
      const std::string end = end_of(found.record);
      if (end.empty()) {
        break;
      }
      const auto next =
          Identifier::parse(model::text_at(found.record, "ended.successor").value_or(""));
      const std::string id = id_of(found);
      if (!next) {
        return fail(Errc::not_found, "{} is no more: {}", id, end);
      }
      // Two owners can have signed opposite moves at once.
      passed.insert(id);
      if (passed.contains(next->text()) || passed.size() > kMaxSuccessors) {
        return fail(Errc::denied, "{} is no more: {}, and that {}", id, end,
                    passed.contains(next->text()) ? "leads back to it"
                                                  : "is one move more than anybody follows");
      }
      CP_TRY_ASSIGN(name, read_name(next->text()));
      auto successor = find(name);
      if (!successor && successor.error().code == Errc::not_found) {
        return fail(Errc::not_found, "{} is no more: {}", id, end);
      }
      CP_TRY_ASSIGN(found, std::move(successor));
      notes.insert(notes.end(), found.notes.begin(), found.notes.end());
    }
    found.notes = std::move(notes);
    return found;
  }

  Result<Resolved> find(const Name& name) {
    Result<Resolved> mine = fail(Errc::not_found, "{} is not known here", name.text);
    if (own) {
      mine = own->find(name.text);
      if (mine && is_claimed(name) && mine->trust == "verified") {
        return against_others(name, *std::move(mine));
      }
      if (mine || is_mine(name) || mine.error().code != Errc::not_found) {
        return mine;
      }
    }
    return elsewhere(name, mine);
  }

  // What is known as NAME here, unless somebody else claims that, too.
  Result<Resolved> against_others(const Name& name, Resolved mine) {
    CP_TRY_ASSIGN(const auto kept, kept_here(name));
    if (kept) {
      CP_TRY_ASSIGN(mine, the_claimant(name, std::move(mine), *kept));
    }
    auto other = elsewhere(name, mine);
    if (other && other->trust == "verified") {
      return the_claimant(name, std::move(mine), *std::move(other));
    }
    if (!other && other.error().code == Errc::denied) {
      return other;
    }
    const bool is_silent = !other && other.error().code == Errc::not_found;
    if (!is_silent) {
      mine.notes.push_back(other ? other->problem : other.error().message);
    }
    return mine;
  }

  // That one knows nothing says nothing of another one whom the user names.
  bool knew_all_named(const ResolverStore::Answer& answer) const {
    const auto asked = text::split(answer.source, ' ');
    return !answer.code.empty() || std::ranges::all_of(settings.registries, [&](const auto& url) {
      return std::ranges::find(asked, url) != asked.end();
    });
  }

  // What others say of NAME, whatever there is here.
  Result<Resolved> elsewhere(const Name& name, const Result<Resolved>& mine) {
    CP_TRY_ASSIGN(auto synced, from_feeds(name));
    CP_TRY_ASSIGN(const auto known, store.find(name.text));
    const UnixTime now = clock.now();
    // What one registry has answered before says nothing of what another one claims.
    const bool asks_all = is_claimed(name) && !settings.registries.empty() &&
                          (settings.registries.size() > 1 || synced || mine);
    const bool has_come_since = known && known->code.empty() && synced;
    const bool is_fresh = known && !asks_all && !has_come_since && knew_all_named(*known) &&
                          known->fetched_at <= now && now < known->fresh_until;
    if (known && (is_fresh || (settings.is_offline && !has_come_since))) {
      CP_TRY_ASSIGN(auto kept, from_answer(name, *known));
      // One that no longer holds may do so again with what its registry says now.
      if (kept && (kept->trust == "verified" || settings.is_offline)) {
        return *std::move(kept);
      }
    }
    if (synced && (settings.is_offline ||
                   (synced->trust == "verified" && !asks_all && synced->age < kUsualTime))) {
      return *std::move(synced);
    }
    std::deque<std::string> bases;
    if (!settings.is_offline) {
      CP_TRY_ASSIGN(bases, first_bases(name));
    }
    if (bases.empty()) {
      return without_asking(name, known && known->code.empty(), std::move(synced), mine);
    }
    Search search{name, std::move(bases), {}, "", 0, {}, {}, {}, {}};
    auto asked = ask(search);
    if (asked && asks_all && synced && synced->trust == "verified" && asked->trust == "verified") {
      asked = the_claimant(name, std::move(asked).value(), *synced);
    }
    if (search.is_unanswered && mine) {
      return fail(Errc::unavailable, "{}", asked.error().message);  // who contests nothing
    }
    return search.is_unanswered ? stale(name, known, std::move(synced), asked.error())
                                : std::move(asked);
  }

  // Nobody is asked, since nobody is to be, or nobody is known. IS_ABSENT: somebody said before
  // that there is no such name.
  Result<Resolved> without_asking(const Name& name, bool is_absent, std::optional<Resolved> synced,
                                  const Result<Resolved>& mine) {
    if (synced) {
      return *std::move(synced);
    }
    if (!is_absent) {
      CP_TRY_ASSIGN(auto kept, kept_here(name));
      if (kept) {
        return *std::move(kept);
      }
    }
    if (settings.is_offline) {
      return fail(
          Errc::not_found, "{} is not known here, and {} asks nobody", name.text,
          database.is_read_only() ? "a state directory that cannot be written" : "--offline");
    }
    return mine ? fail(Errc::not_found, "{} is known to nobody else", name.text)
                : nobody_to_ask(mine.error());
  }

  Result<Resolved> nobody_to_ask(Error error) const {
    if (!own) {
      error.message += ", and there is no registry to ask";
    }
    if (error.hint.empty()) {
      error.hint = "--registry, or registry.urls of the configuration, names one to ask";
    }
    return tl::unexpected<Error>(std::move(error));
  }

  // Nobody answered: an older answer does, and says so.
  Result<Resolved> stale(const Name& name, const std::optional<ResolverStore::Answer>& known,
                         std::optional<Resolved> synced, const Error& why) {
    std::optional<Resolved> kept = std::move(synced);
    if (known && !known->code.empty()) {
      CP_TRY_ASSIGN(auto fetched, from_answer(name, *known));
      kept = fetched && (!kept || fetched->age < kept->age) ? std::move(fetched) : std::move(kept);
    }
    if (!kept) {
      return tl::unexpected<Error>(why);
    }
    kept->notes.push_back(fmt::format("{} is {} old: {}", name.text,
                                      units::show_duration(kept->age.value_or(seconds(0))),
                                      why.message));
    return *std::move(kept);
  }

  // The record that was kept, judged anew.
  Result<std::optional<Resolved>> judged(const Name& name, const std::string& anchor,
                                         const std::string& code) {
    CP_TRY_ASSIGN(const auto kept, trust.find(anchor, "cp.resource", code));
    if (!kept) {
      return std::nullopt;
    }
    Resolved resolved;
    CP_TRY_ASSIGN(resolved.record, model::parse_json(kept->text, {"a kept record"}));
    CP_TRY_ASSIGN(const Verdict verdict, judge.examine(resolved.record));
    take_verdict(resolved, verdict);
    check_name(name, resolved);
    CP_TRY(check_label(name, resolved));
    return resolved;
  }

  Result<std::optional<Resolved>> from_answer(const Name& name,
                                              const ResolverStore::Answer& answer) {
    const auto age = std::chrono::floor<seconds>(clock.now() - answer.fetched_at);
    if (answer.code.empty()) {
      return with_hint(
          fail(Errc::not_found, "{} (asked {} ago)", answer.message, units::show_duration(age)),
          who_else_may_know(name, answer.source.substr(answer.source.rfind(' ') + 1)));
    }
    CP_TRY_ASSIGN(auto resolved, judged(name, answer.anchor, answer.code));
    if (resolved) {
      resolved->source = answer.source;
      resolved->age = age;
    }
    return resolved;
  }

  // What sync has stored.
  Result<std::optional<Resolved>> from_feeds(const Name& name) {
    CP_TRY_ASSIGN(const auto feeds, store.feeds());
    if (feeds.empty()) {
      return std::nullopt;
    }
    std::optional<Resolved> answer;
    std::optional<Resolved> refused;
    CP_TRY_ASSIGN(const auto candidates, stored_under(name));
    for (const ResolverStore::Named& one : candidates) {
      CP_TRY_ASSIGN(auto resolved, judged(name, one.anchor, one.code));
      const auto feed = std::ranges::find_if(feeds, [&](const ResolverStore::Feed& at) {
        const auto code = Identifier::parse(one.code);
        return code && is_within(code->prefix(), at.prefix);
      });
      if (!resolved || feed == feeds.end()) {
        continue;
      }
      if (!name.code && resolved->trust != "verified") {
        CP_TRY_ASSIGN(const Name own_name, read_name(one.code));
        CP_TRY_ASSIGN(resolved, judged(own_name, one.anchor, one.code));
        refused = resolved && resolved->trust != "verified" ? resolved : refused;
        continue;
      }
      resolved->source = feed->url;
      const UnixTime as_of = feed->synced_at > UnixTime() ? feed->synced_at : feed->tried_at;
      resolved->age = std::chrono::floor<seconds>(clock.now() - as_of);
      CP_TRY_ASSIGN(answer, the_claimant(name, std::move(answer), *std::move(resolved)));
      if (name.code) {
        break;
      }
    }
    return answer ? answer : refused;
  }

  // What others' records say that came here otherwise, such as by `cpid verify` or a child's own
  // hand, as far as it holds.
  Result<std::optional<Resolved>> kept_here(const Name& name) {
    std::vector<std::string> codes;
    if (name.code) {
      codes.push_back(name.text);
    } else {
      CP_TRY_ASSIGN(codes, trust.codes_called(name.text));
    }
    std::optional<Resolved> answer;
    for (const std::string& code : codes) {
      CP_TRY_ASSIGN(const Name of_it, read_name(code));
      if (is_mine(of_it)) {
        continue;
      }
      CP_TRY_ASSIGN(const auto anchors, trust.anchors_above(of_it.code->prefix()));
      for (const Anchor& anchor : anchors) {
        CP_TRY_ASSIGN(auto one, judged(name, anchor.key.thumbprint(), code));
        if (one && one->trust == "verified") {
          one->notes.push_back(name.text + " is as it was verified here; nobody was asked");
          CP_TRY_ASSIGN(answer, the_claimant(name, std::move(answer), *std::move(one)));
        }
      }
    }
    return answer;
  }

  // The records, and the anchors they came under, that NAME may stand for. Of an alias those whose
  // label it can be: anybody could put any number of others before them.
  Result<std::vector<ResolverStore::Named>> stored_under(const Name& name) {
    std::vector<ResolverStore::Named> candidates;
    if (name.code) {
      CP_TRY_ASSIGN(const auto anchors, trust.anchors_above(name.code->prefix()));
      for (const Anchor& anchor : anchors) {
        candidates.push_back({name.text, anchor.key.thumbprint()});
      }
      return candidates;
    }
    CP_TRY_ASSIGN(candidates, store.named(name.text));
    if (name.text.starts_with('@')) {
      CP_TRY_ASSIGN(const auto prefixes, prefixes_of_label(trust, name.text));
      std::erase_if(candidates, [&](const ResolverStore::Named& one) {
        const auto code = Identifier::parse(one.code);
        return !code || !prefixes.contains(std::string(code->prefix()));
      });
    }
    return candidates;
  }

  static void take_verdict(Resolved& resolved, const Verdict& verdict) {
    resolved.trust = verdict.trust;
    resolved.problem = verdict.holds() ? "" : verdict.message + " (" + verdict.reason + ")";
    resolved.anchor = verdict.anchor;
    for (const Verdict::Head& head : verdict.heads) {
      resolved.heads.emplace_back(head.prefix, head.issued);
    }
  }

  // A record answers to its own names alone.
  static void check_name(const Name& name, Resolved& resolved) {
    const auto names = names_of(resolved.record);
    const bool is_named = name.code ? model::text_at(resolved.record, "id") == name.text
                                    : std::ranges::find(names, name.text) != names.end();
    if (!is_named) {
      resolved.trust = "failed";
      resolved.problem = "the record that came does not name " + name.text;
    }
  }

  // Nobody takes an alias of a label that is another's.
  Result<void> check_label(const Name& name, Resolved& resolved) {
    if (resolved.trust == "verified" && name.text.starts_with('@')) {
      CP_TRY_ASSIGN(resolved.problem,
                    why_not_its_label(trust, judge, name.text,
                                      model::text_at(resolved.record, "id").value_or(""),
                                      resolved.anchor, resolved.notes));
      resolved.trust = resolved.problem.empty() ? "verified" : "failed";
    }
    return {};
  }

  // The registries of the authorities above, the nearest first, then those of the user.
  Result<std::deque<std::string>> first_bases(const Name& name) {
    std::deque<std::string> bases;
    for (auto prefix = name.code ? std::optional<std::string>(name.code->prefix()) : std::nullopt;
         prefix; prefix = parent_of_prefix(*prefix)) {
      const auto anchor = judge.anchor_of(*prefix);
      if (!anchor) {
        continue;
      }
      CP_TRY_ASSIGN(const auto kept, trust.find(*anchor, "cp.delegation", *prefix));
      const auto document = kept ? model::parse_json(kept->text) : Result<Json>(Json());
      const Json* urls = document ? model::find(*document, "registries") : nullptr;
      for (const Json& url : urls != nullptr && urls->is_array() ? *urls : Json::array()) {
        const auto base = registry_url(url.is_string() ? url.get<std::string>() : std::string());
        if (base) {
          bases.push_back(*base);
        }
      }
    }
    bases.insert(bases.end(), settings.registries.begin(), settings.registries.end());
    bases.insert(bases.end(), ask_also.begin(), ask_also.end());
    return bases;
  }

  // Which of several roots has a label shows in their delegations alone, whoever is asked first.
  Result<void> learn_all_labels(Search& search) {
    CP_TRY_ASSIGN(const auto anchors, trust.anchors());
    if (anchors.size() > 1 && search.bases.size() > 1 && search.name.text.starts_with('@')) {
      for (const std::string& base : search.bases) {
        static_cast<void>(learn_bootstrap(search, base));  // `ask_one` tells why not
      }
    }
    return {};
  }

  Result<Resolved> ask(Search& search) {
    CP_TRY(learn_all_labels(search));
    std::optional<Resolved> found;
    while (!search.bases.empty() && search.hops < kMaxReferrals &&
           (!found || is_claimed(search.name))) {
      const std::string base = search.bases.front();
      search.bases.pop_front();
      if (!search.asked.insert(base).second) {
        continue;
      }
      ++search.hops;
      CP_TRY_ASSIGN(auto answer, ask_one(search, base));
      if (answer) {
        auto claimant = the_claimant(search.name, std::move(found), *std::move(answer));
        if (!claimant) {
          return contested(search.name, claimant.error());
        }
        found = *std::move(claimant);
      }
    }
    if (!found) {
      return conclude(search);
    }
    found->notes.insert(found->notes.begin(), search.notes.begin(), search.notes.end());
    return *std::move(found);
  }

  // Neither answer counts from now on.
  Result<Resolved> contested(const Name& name, const Error& error) {
    const UnixTime now = clock.now();
    CP_TRY(store.keep(name.text, {"", "", "", error.message, now, now}));
    return tl::unexpected<Error>(error);
  }

  Result<Resolved> conclude(Search& search) {
    if (search.refused) {
      search.refused->notes = std::move(search.notes);
      return *std::move(search.refused);
    }
    search.is_unanswered = search.failure || !search.bases.empty() || !search.absence;
    if (search.failure) {
      return tl::unexpected<Error>(*std::move(search.failure));
    }
    if (!search.bases.empty()) {
      return fail(Errc::protocol, "{}: referred more than {} times", search.name.text,
                  kMaxReferrals);
    }
    if (!search.absence) {
      return fail(Errc::protocol, "{}: the registries refer to each other in a circle",
                  search.name.text);
    }
    const UnixTime now = clock.now();
    const std::vector<std::string> asked(search.asked.begin(), search.asked.end());
    CP_TRY(store.keep(search.name.text, {"", "", text::join(asked, " "), search.absence->message,
                                         now, now + search.absent_for}));
    return tl::unexpected<Error>(*std::move(search.absence));
  }

  // One registry's answer; nullopt: ask the next one.
  Result<std::optional<Resolved>> ask_one(Search& search, const std::string& base) {
    const auto problem = learn_bootstrap(search, base);
    if (!problem) {
      return fell_out(search, problem.error());
    }
    if (!problem->empty()) {
      return refuse(search, *problem);
    }
    CP_TRY_ASSIGN(const auto known, store.find(search.name.text));
    std::optional<std::int64_t> seq;
    if (known && !known->code.empty() && known->source == base) {
      CP_TRY_ASSIGN(const auto kept, trust.find(known->anchor, "cp.resource", known->code));
      seq = kept ? std::optional(kept->seq) : std::nullopt;
    }
    const auto reply = client.ask(base, search.name.path, seq, stop);
    if (!reply) {
      return fell_out(search, reply.error());
    }
    switch (reply->kind) {
      case ReplyKind::unchanged:
        return still_so(search, base, *reply, known);
      case ReplyKind::record:
        return take(search, base, *reply);
      case ReplyKind::gone:
        if (reply->document.is_object() && model::text_at(reply->document, "id")) {
          return take(search, base, *reply);
        }
        return fell_out(search, {Errc::protocol,
                                 fmt::format("{} says that {} is no more, and proves nothing", base,
                                             search.name.text),
                                 ""});
      case ReplyKind::none:
        search.absent_for = bounded(reply->max_age, kUsualAbsence, kLongestAbsence);
        search.absence = Error{Errc::not_found, base + " knows no " + search.name.text,
                               who_else_may_know(search.name, base)};
        return std::nullopt;
      case ReplyKind::referral:
        return refer(search, base, *reply);
      case ReplyKind::conflict:
        if (is_claimed(search.name)) {
          return fail(Errc::denied, "{}: two resources claim {}", base, search.name.text);
        }
        return refuse(search, fmt::format("{}: two resources claim {}", base, search.name.text));
    }
    return std::nullopt;
  }

  static std::optional<Resolved> fell_out(Search& search, const Error& error) {
    search.notes.push_back(error.message);
    search.failure = search.failure.value_or(error);
    return std::nullopt;
  }

  static std::optional<Resolved> refuse(Search& search, const std::string& why) {
    search.notes.push_back(why);
    search.refused = Resolved{Json::object(), "failed", why, false, "", {}, {}, {}, {}};
    return std::nullopt;
  }

  // The delegations, and the head that says what is void: why BASE is not believed, when that is
  // old or goes back; empty when it is.
  Result<std::string> learn_bootstrap(Search& search, const std::string& base) {
    CP_TRY_ASSIGN(const auto known, store.find(base));
    const UnixTime now = clock.now();
    const bool is_fresh = known && known->fetched_at <= now && now < known->fresh_until;
    if (is_fresh && now - known->fetched_at < settings.max_head_age.value_or(kUsualTime)) {
      return "";
    }
    CP_TRY_ASSIGN(const Json bootstrap, client.bootstrap(base, stop));
    CP_TRY_ASSIGN(auto transaction, store::Transaction::begin(database));
    CP_TRY_ASSIGN(const Learned learned, learn(judge, bootstrap));
    CP_TRY(transaction.commit());
    for (const std::string& problem : learned.problems) {
      search.notes.push_back(base + ": " + problem);
    }
    if (!learned.head_problem.empty()) {
      return base + ": " + learned.head_problem;
    }
    CP_TRY(store.keep(base, {"", "", base, "", now, now + kUsualTime}));
    return "";
  }

  Result<std::optional<Resolved>> still_so(const Search& search, const std::string& base,
                                           const RegistryReply& reply,
                                           std::optional<ResolverStore::Answer> known) {
    if (!known || known->code.empty()) {
      return std::nullopt;  // it was not asked for
    }
    known->fetched_at = clock.now();
    known->fresh_until = known->fetched_at + bounded(reply.max_age, kUsualTime, kLongestTime);
    CP_TRY(store.keep(search.name.text, *known));
    CP_TRY_ASSIGN(auto resolved, judged(search.name, known->anchor, known->code));
    if (resolved) {
      resolved->source = base;
    }
    return resolved;
  }

  Result<std::optional<Resolved>> take(Search& search, const std::string& base,
                                       const RegistryReply& reply) {
    Resolved resolved;
    resolved.record = reply.document;
    resolved.source = base;
    resolved.trust = "verified";
    check_name(search.name, resolved);
    if (resolved.trust == "verified") {
      CP_TRY_ASSIGN(Verdict verdict, accept(reply.document));
      if (verdict.reason == "no_delegation") {
        CP_TRY(learn_way_down(search, base, reply.document));
        CP_TRY_ASSIGN(verdict, accept(reply.document));
      }
      if (verdict.reason == "other_owner") {
        const std::string advice = learn_of_owner(search, base, reply.document);
        CP_TRY_ASSIGN(verdict, accept(reply.document));
        verdict.message += verdict.reason == "other_owner" ? advice : "";
      }
      take_verdict(resolved, verdict);
      CP_TRY(check_label(search.name, resolved));
    }
    if (resolved.trust != "verified") {
      resolved.problem = base + ": " + resolved.problem;
      search.notes.push_back(resolved.problem);
      search.refused = std::move(resolved);
      return std::nullopt;
    }
    const UnixTime now = clock.now();
    const std::string code = model::text_at(resolved.record, "id").value_or("");
    const UnixTime until = now + bounded(reply.max_age, kUsualTime, kLongestTime);
    CP_TRY(store.keep(search.name.text, {code, resolved.anchor, base, "", now, until}));
    return resolved;
  }

  Result<Verdict> accept(const Json& document) {
    CP_TRY_ASSIGN(auto transaction, store::Transaction::begin(database));
    CP_TRY_ASSIGN(Verdict verdict, judge.accept(document));
    CP_TRY(transaction.commit());
    return verdict;
  }

  // Of what registries told on the way.
  Result<void> forget_unused() {
    if (!judge.was_told()) {
      return {};
    }
    CP_TRY_ASSIGN(auto transaction, store::Transaction::begin(database));
    CP_TRY(judge.forget_unused());
    return transaction.commit();
  }

  // BASE has RECORD of somebody farther down than its bootstrap tells of.
  Result<void> learn_way_down(Search& search, const std::string& base, const Json& record) {
    const auto id = Identifier::parse(model::text_at(record, "id").value_or(""));
    if (!id) {
      return {};
    }
    const auto chain = client.chain(base, std::string(id->prefix()), stop);
    if (!chain) {
      search.notes.push_back(chain.error().message);
      return {};
    }
    CP_TRY_ASSIGN(auto transaction, store::Transaction::begin(database));
    CP_TRY_ASSIGN(const auto problems, learn_chain(judge, *chain, id->prefix()));
    CP_TRY(transaction.commit());
    for (const std::string& problem : problems) {
      search.notes.push_back(base + ": " + problem);
    }
    return {};
  }

  // RECORD went to an owner who is not known here: on the way to its successor his delegation may
  // be found, BASE being asked, too. Gives what to do where it is not.
  std::string learn_of_owner(Search& search, const std::string& base, const Json& record) {
    const auto next = read_name(model::text_at(record, "ended.successor").value_or(""));
    if (!next || !next->code || owners_sought == kMaxSuccessors) {
      return "";
    }
    ++owners_sought;
    ask_also.push_back(base);
    const auto found = find(*next);
    ask_also.pop_back();
    --owners_sought;
    if (!found) {
      search.notes.push_back(found.error().message);
    }
    return fmt::format(
        "; ask its owner's registry (cpid resolve --registry URL {}), or give his "
        "delegation to cpid verify",
        next->text);
  }

  // Each referral must be nearer to the name, or it could go on for ever.
  Result<std::optional<Resolved>> refer(Search& search, const std::string& base,
                                        const RegistryReply& reply) {
    const bool is_nearer =
        is_prefix(reply.prefix) && reply.prefix.size() > search.last_prefix.size() &&
        (!search.name.code || is_within(search.name.code->prefix(), reply.prefix));
    if (!is_nearer) {
      search.notes.push_back(
          fmt::format("{}: refers to prefix {}, which is no nearer", base, reply.prefix));
      return std::nullopt;
    }
    search.last_prefix = reply.prefix;
    if (reply.registries.empty()) {
      return fell_out(search, {Errc::protocol,
                               fmt::format("{}: refers to the registries of prefix {}, and names "
                                           "none that can be asked",
                                           base, reply.prefix),
                               ""});
    }
    if (reply.document.is_object()) {
      CP_TRY_ASSIGN(auto transaction, store::Transaction::begin(database));
      CP_TRY_ASSIGN(const Verdict verdict, judge.accept(reply.document));
      CP_TRY(transaction.commit());
      if (!verdict.holds()) {
        search.notes.push_back(base + ": its referral: " + verdict.message);
      }
    }
    search.bases.insert(search.bases.begin(), reply.registries.begin(), reply.registries.end());
    return std::nullopt;
  }
};

Resolver::Resolver(std::unique_ptr<State> state) : state_(std::move(state)) {}
Resolver::~Resolver() = default;

Result<std::unique_ptr<Resolver>> Resolver::open(const std::string& state_directory,
                                                 const Clock& clock, ResolverSettings settings,
                                                 std::stop_token stop) {
  for (std::string& url : settings.registries) {
    CP_TRY_ASSIGN(url, registry_url(url));
  }
  auto own = Registry::open(state_directory, clock);
  const bool is_empty = ::access(registry_path(state_directory).c_str(), F_OK) != 0;
  if (!own && (own.error().code != Errc::not_found || (is_empty && settings.registries.empty()))) {
    return tl::unexpected<Error>(own.error());
  }
  CP_TRY_ASSIGN(auto database, open_registry_database(state_directory));
  CP_TRY_ASSIGN(auto answers, ResolverStore::open(state_directory));
  // What registries say has to be written down, or nobody could tell a replay.
  settings.is_offline |= database.is_read_only();
  auto state = std::make_unique<State>(std::move(database), std::move(answers), clock,
                                       std::move(settings), std::move(stop));
  if (own) {
    state->own = std::move(*own);
  }
  return std::unique_ptr<Resolver>(new Resolver(std::move(state)));
}

Result<std::unique_ptr<Resolver>> Resolver::open_configured(const Paths& paths, const Clock& clock,
                                                            const Setting& setting) {
  CP_TRY_ASSIGN(auto settings, read_resolver_settings(setting));
  if (!settings.registries.empty()) {
    CP_TRY(open_state_directory(paths));
  }
  return open(paths.state, clock, std::move(settings));
}

Result<Resolved> Resolver::resolve(std::string_view name) const {
  auto found = state_->resolve(name);
  CP_TRY(state_->forget_unused());
  return found;
}

Result<void> ResolverSettings::take_token(const std::string& file) {
  if (registries.size() != 1) {
    return with_hint(
        fail(Errc::usage, "a token is for one registry, and {} are named", registries.size()),
        "name the one that wants it, alone");
  }
  CP_TRY_ASSIGN(token, read_token_file(file));
  return {};
}

Result<ResolverSettings> read_resolver_settings(const Setting& setting) {
  const auto words = [&setting](std::string_view key) {
    std::string list = setting(key);
    std::vector<std::string> all;
    if (list.starts_with('[')) {  // an array of the configuration file
      std::erase_if(list, [](char c) { return c == '[' || c == ']' || c == '"'; });
    }
    for (const std::string_view word : text::split(list, ',')) {
      if (!text::trim(word).empty()) {
        all.emplace_back(text::trim(word));
      }
    }
    return all;
  };
  ResolverSettings settings;
  settings.registries = words("registry.urls");
  settings.authorities = setting("registry.ca");
  auto allowed = net::AllowNet::parse(words("registry.allow_net"));
  if (!allowed) {
    return fail(Errc::bad_config, "registry.allow_net: {}", allowed.error().message);
  }
  settings.allow_net = *std::move(allowed);
  for (std::string& url : settings.registries) {
    auto known = registry_url(url);
    if (!known) {
      return fail(Errc::bad_config, "registry.urls: {}", known.error().message);
    }
    url = *std::move(known);
  }
  if (const std::string file = setting("registry.token"); !file.empty()) {
    CP_TRY(settings.take_token(file));
  }
  return settings;
}

}  // namespace cp::identity
