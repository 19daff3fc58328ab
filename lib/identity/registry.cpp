// SPDX-License-Identifier: Apache-2.0
#include "identity/registry.hpp"

#include "base/text.hpp"
#include "identity/audit.hpp"
#include "identity/learning.hpp"
#include "identity/registration.hpp"
#include "identity/registry_store.hpp"
#include "identity/resolved.hpp"
#include "identity/resource_rules.hpp"
#include "identity/verifier.hpp"
#include "model/json.hpp"

#include <algorithm>
#include <unistd.h>

namespace cp::identity {

using model::Json;
using store::Transaction;

struct Registry::State {
  State(store::Database opened, std::string directory, const Clock& time)
      : database(std::move(opened)), state_directory(std::move(directory)), clock(time) {}

  store::Database database;
  std::string state_directory;
  const Clock& clock;
  Authority authority;
  Json delegation;
  Passphrase passphrase;
  RegistryStore store{database, authority};
  Verifier verifier{database, authority, clock};

  Result<void> read_delegation() {
    CP_TRY_ASSIGN(delegation,
                  model::parse_json(authority.delegation, {"the authority's delegation"}));
    return {};
  }

  // An alias that a record had before stays: it can be taken away, and does not count.
  Result<void> check_labels(const Json& record) {
    const auto id = Identifier::parse(model::text_at(record, "id").value_or(""));
    std::optional<StoredRecord> stored;
    if (id && id->prefix() == authority.prefix) {
      CP_TRY_ASSIGN(stored, store.find(id->serial()));
    }
    Json before;
    if (stored) {
      CP_TRY_ASSIGN(before, model::parse_json(stored->text, {"the record"}));
    }
    return verifier.check_aliases(new_aliases(record, before));
  }
};

namespace {

constexpr std::size_t kCodesPerTransaction = 65'536;

tl::unexpected<Error> no_authority() {
  return with_hint(fail(Errc::not_found, "there is no authority here"), "run cpid init");
}

tl::unexpected<Error> no_such_alias(const RegistryStore& store, std::string_view alias) {
  const auto known = store.aliases("@").value_or(std::vector<std::string>{});
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const auto near = text::near_match(alias, candidates);
  return with_hint(fail(Errc::not_found, "nothing here is called {}", alias),
                   near ? "did you mean " + *near + "?" : "cpid list shows what is");
}

tl::unexpected<Error> no_such_code(const RegistryStore& store, const Authority& authority,
                                   const Identifier& id) {
  if (id.prefix() != authority.prefix) {
    return fail(Errc::not_found,
                "{} is not of this authority's prefix {}, and no other registry is known",
                id.text(), authority.prefix);
  }
  if (!store.is_allocated(id.serial()).value_or(false)) {
    return fail(Errc::not_found, "{} is not allocated", id.text());
  }
  return with_hint(fail(Errc::not_found, "{} is allocated, but has no record yet", id.text()),
                   "cpid describe --from local --id " + id.text() + " | cpid register");
}

}  // namespace

Registry::Registry(std::unique_ptr<State> state) : state_(std::move(state)) {}
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;
Registry::~Registry() = default;

Result<Registry> Registry::init(const std::string& state_directory, std::string_view prefix,
                                std::string_view name, const Clock& clock, Random& random) {
  Founding founding;
  founding.prefix = prefix;
  founding.name = name;
  return found(state_directory, founding, clock, random);
}

Result<Registry> Registry::found(const std::string& state_directory, const Founding& founding,
                                 const Clock& clock, Random& random) {
  if (!is_prefix(founding.prefix)) {
    return fail(Errc::usage, "{} is no prefix: decimal numbers with dots between", founding.prefix);
  }
  CP_TRY_ASSIGN(auto database, open_registry_database(state_directory));
  auto state = std::make_unique<State>(std::move(database), state_directory, clock);
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(state->database));
  CP_TRY_ASSIGN(const auto present, load_authority(state->database));
  if (present) {
    return with_hint(fail(Errc::cannot_create, "there is an authority here already, of prefix {}",
                          present->prefix),
                     "another one needs another directory in CP_STATE_DIR");
  }
  CP_TRY_ASSIGN(state->authority,
                found_authority(state->database, state_directory, founding, clock.now(), random));
  CP_TRY(state->read_delegation());
  CP_TRY_ASSIGN(std::string digest, digest_of(state->delegation));
  Json entry{{"op", "init"}, {"delegation", std::move(digest)}};
  CP_TRY(state->store.ledger().append(std::move(entry), clock.now()));
  CP_TRY(transaction.commit());
  return Registry(std::move(state));
}

Result<Registry> Registry::open(const std::string& state_directory, const Clock& clock) {
  if (::access(registry_path(state_directory).c_str(), F_OK) != 0) {
    return no_authority();
  }
  CP_TRY_ASSIGN(auto database, open_registry_database(state_directory));
  auto state = std::make_unique<State>(std::move(database), state_directory, clock);
  CP_TRY_ASSIGN(auto authority, load_authority(state->database));
  if (!authority) {
    return no_authority();
  }
  state->authority = *std::move(authority);
  CP_TRY(state->read_delegation());
  return Registry(std::move(state));
}

void Registry::set_passphrase(Passphrase passphrase) { state_->passphrase = std::move(passphrase); }

const std::string& Registry::prefix() const { return state_->authority.prefix; }
const std::string& Registry::thumbprint() const { return state_->authority.thumbprint; }
const Json& Registry::delegation() const { return state_->delegation; }

Result<void> Registry::mint(std::uint64_t count, std::size_t length, Random& random,
                            const Minted& minted, Serials order) {
  if (length < kMinSerial || length > kMaxSerial) {
    return fail(Errc::usage, "a serial has {} to {} characters", kMinSerial, kMaxSerial);
  }
  CP_TRY(state_->verifier.require_in_force());
  CP_TRY(state_->store.check_room(count, length));
  // The pages that random serials fall on stay in memory: 64 MiB hold a few million.
  CP_TRY(state_->database.execute("PRAGMA cache_size = -65536"));
  while (count > 0) {
    const auto some = std::min<std::uint64_t>(count, kCodesPerTransaction);
    CP_TRY_ASSIGN(auto transaction, Transaction::begin(state_->database));
    CP_TRY_ASSIGN(auto serials,
                  order == Serials::next
                      ? state_->store.allocate_next(some, length, state_->clock.now())
                      : state_->store.allocate(some, length, state_->clock.now(), random));
    CP_TRY(transaction.commit());
    for (std::string& serial : serials) {
      serial = Identifier::make(prefix(), serial).value().text();
    }
    CP_TRY(minted(serials));
    count -= some;
  }
  return {};
}

Result<Json> Registry::register_resource(Json record, Random& random) {
  if (record.is_object()) {
    record.erase("proof");
  }
  CP_TRY(check_resource(record));
  CP_TRY(check_usable(record));
  CP_TRY(state_->verifier.require_in_force());
  CP_TRY_ASSIGN(const PrivateKey key,
                signing_key(state_->database, state_->state_directory, state_->authority, "record",
                            state_->clock.now(), state_->passphrase));
  CP_TRY_ASSIGN(auto transaction, Transaction::begin(state_->database));
  CP_TRY(state_->check_labels(record));
  CP_TRY_ASSIGN(Json done, enter_record(state_->store, state_->authority, record, key,
                                        state_->clock.now(), random));
  CP_TRY(transaction.commit());
  return done;
}

Result<Resolved> Registry::resolve(std::string_view name) const {
  CP_TRY_ASSIGN(Resolved found, find(name));
  return follow(std::move(found));
}

Result<Resolved> Registry::find(std::string_view name) const {
  if (const auto foreign = read_foreign_code(name)) {
    return resolve_foreign(*foreign);
  }
  return name.starts_with('@') ? resolve_alias(name) : resolve_code(name);
}

Result<Resolved> Registry::resolve_code(std::string_view code) const {
  CP_TRY_ASSIGN(const Identifier id, Identifier::parse(code));
  std::optional<StoredRecord> stored;
  if (id.prefix() == prefix()) {
    CP_TRY_ASSIGN(stored, state_->store.find(id.serial()));
  }
  if (!stored) {
    return no_such_code(state_->store, state_->authority, id);
  }
  return state_->verifier.judge(*stored);
}

// What became of a resource that has ended: its successor, or nothing.
Result<Resolved> Registry::follow(Resolved resolved) const {
  constexpr int kMaxHops = 8;
  for (int hops = 0; resolved.trust == "verified"; ++hops) {
    const std::string end = end_of(resolved.record);
    if (end.empty()) {
      return resolved;
    }
    const std::string id = model::text_at(resolved.record, "id").value_or("");
    const auto next =
        Identifier::parse(model::text_at(resolved.record, "ended.successor").value_or(""));
    std::optional<StoredRecord> stored;
    if (next && next->prefix() == prefix() && hops < kMaxHops) {
      CP_TRY_ASSIGN(stored, state_->store.find(next->serial()));
    }
    if (!stored) {
      return fail(Errc::not_found, "{} is no more: {}", id, end);
    }
    CP_TRY_ASSIGN(resolved, state_->verifier.judge(*stored));
  }
  return resolved;
}

Result<Resolved> Registry::resolve_alias(std::string_view alias) const {
  if (!is_alias(alias)) {
    return fail(Errc::bad_data, "{} is no alias: @label/name is wanted", alias);
  }
  CP_TRY_ASSIGN(const auto serial, state_->store.serial_of_alias(alias));
  std::optional<StoredRecord> stored;
  if (serial) {
    CP_TRY_ASSIGN(stored, state_->store.find(*serial));
  }
  if (!stored) {
    return no_such_alias(state_->store, alias);
  }
  CP_TRY_ASSIGN(Resolved resolved, state_->verifier.judge(*stored));
  if (resolved.trust != "verified") {
    return resolved;
  }
  const auto names = aliases_of(resolved.record);
  if (std::ranges::find(names, alias) == names.end()) {
    return Resolved{std::move(resolved.record), "failed",
                    "its record does not name " + std::string(alias), false, ""};
  }
  const std::vector<std::string> asked{std::string(alias)};
  if (const auto counts = state_->verifier.check_aliases(asked); !counts) {
    const bool is_refused = counts.error().code == Errc::denied;
    return fail(is_refused ? Errc::not_found : counts.error().code, "{}", counts.error().message);
  }
  return resolved;
}

// Of those that claim CODE the one that has not ended counts.
Result<Resolved> Registry::resolve_foreign(const ForeignCode& code) const {
  const std::string name = fmt::format("{}:{}", code.scheme, code.id);
  CP_TRY_ASSIGN(const auto serials, state_->store.serials_known_as(code));
  std::optional<Resolved> found;
  for (const std::string& serial : serials) {
    CP_TRY_ASSIGN(const auto stored, state_->store.find(serial));
    if (!stored) {
      continue;
    }
    CP_TRY_ASSIGN(Resolved claimant, state_->verifier.judge(*stored));
    const auto names = names_of(claimant.record);
    if (std::ranges::find(names, name) == names.end() ||
        (found && !end_of(claimant.record).empty())) {
      continue;
    }
    if (found && end_of(found->record).empty()) {
      return fail(Errc::denied, "{} and {} both claim {}",
                  model::text_at(found->record, "id").value_or(""),
                  model::text_at(claimant.record, "id").value_or(""), name);
    }
    found = std::move(claimant);
  }
  return found ? Result<Resolved>(*std::move(found))
               : fail(Errc::not_found, "nothing here is known as {}", name);
}

Result<bool> Registry::is_allocated(const Identifier& id) const {
  if (id.prefix() != prefix()) {
    return false;
  }
  return state_->store.is_allocated(id.serial());
}

Result<void> Registry::for_each(const std::function<Result<void>(const Resolved&)>& each) const {
  return state_->store.for_each([this, &each](const StoredRecord& stored) -> Result<void> {
    CP_TRY_ASSIGN(const Resolved resolved, state_->verifier.judge(stored));
    const bool has_ended = resolved.trust == "verified" && !end_of(resolved.record).empty();
    return has_ended ? Result<void>{} : each(resolved);
  });
}

Result<void> Registry::for_each_code(
    const std::function<Result<void>(std::string_view code)>& each) const {
  const auto visit = [this, &each](const Json& entry) {
    return for_each_serial(entry, [this, &each](const std::string& serial) -> Result<void> {
      const auto id = Identifier::make(prefix(), serial);
      return id ? each(id->text()) : fail(Errc::bad_data, "{} in the ledger is no serial", serial);
    });
  };
  CP_TRY(state_->store.ledger().verify(visit));
  return {};
}

Result<std::vector<std::string>> Registry::aliases(std::string_view beginning) const {
  return state_->store.aliases(beginning);
}

Result<Registry::Audit> Registry::audit() const { return audit_store(state_->store); }

}  // namespace cp::identity
