// SPDX-License-Identifier: Apache-2.0
#include "identity/registry_store.hpp"

#include "base/file.hpp"
#include "identity/serials.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::identity {
namespace {

using model::Json;

// Prefix 0 means something only beside its authority's key, so everything is kept under the
// authority's row (SECURITY §1).
constexpr std::array<std::string_view, 12> kMigrations{
    R"(
CREATE TABLE authority (
  id INTEGER PRIMARY KEY,
  prefix TEXT NOT NULL,
  thumbprint TEXT NOT NULL,
  delegation TEXT NOT NULL,
  key_file TEXT NOT NULL,
  UNIQUE (prefix, thumbprint)
) STRICT;
CREATE TABLE anchor (
  prefix TEXT NOT NULL,
  thumbprint TEXT NOT NULL,
  x TEXT NOT NULL,
  pinned_at TEXT NOT NULL,
  PRIMARY KEY (prefix, thumbprint)
) STRICT, WITHOUT ROWID;
CREATE TABLE ledger (
  authority INTEGER NOT NULL REFERENCES authority (id),
  seq INTEGER NOT NULL,
  entry TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (authority, seq)
) STRICT;
CREATE TABLE identifier (
  authority INTEGER NOT NULL REFERENCES authority (id),
  serial TEXT NOT NULL,
  PRIMARY KEY (authority, serial)
) STRICT, WITHOUT ROWID;
CREATE TABLE resource (
  authority INTEGER NOT NULL REFERENCES authority (id),
  serial TEXT NOT NULL,
  seq INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (authority, serial)
) STRICT, WITHOUT ROWID;
CREATE TABLE alias (
  alias TEXT PRIMARY KEY,
  authority INTEGER NOT NULL REFERENCES authority (id),
  serial TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alias_of ON alias (authority, serial);
CREATE TRIGGER ledger_is_not_changed BEFORE UPDATE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_not_cut BEFORE DELETE ON ledger
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER identifier_is_not_changed BEFORE UPDATE ON identifier
  BEGIN SELECT RAISE(ABORT, 'identifiers are never given back'); END;
CREATE TRIGGER identifier_is_not_freed BEFORE DELETE ON identifier
  BEGIN SELECT RAISE(ABORT, 'identifiers are never given back'); END;
)",
    R"(
ALTER TABLE authority ADD COLUMN accepted INTEGER NOT NULL DEFAULT 1;
CREATE TABLE kept (
  anchor TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  signer TEXT NOT NULL,
  seq INTEGER NOT NULL,
  document TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  PRIMARY KEY (anchor, kind, subject, signer)
) STRICT;
CREATE TABLE evidence (
  anchor TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  seq INTEGER NOT NULL,
  document TEXT NOT NULL,
  against TEXT NOT NULL,
  found_at TEXT NOT NULL,
  PRIMARY KEY (anchor, kind, subject, seq, document)
) STRICT;
CREATE TABLE revoked (
  anchor TEXT NOT NULL,
  prefix TEXT NOT NULL,
  what TEXT NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (anchor, prefix, what, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE revocation (
  authority INTEGER NOT NULL REFERENCES authority (id),
  what TEXT NOT NULL,
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (authority, what, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE child (
  authority INTEGER NOT NULL REFERENCES authority (id),
  prefix TEXT NOT NULL,
  seq INTEGER NOT NULL,
  label TEXT,
  delegation TEXT NOT NULL,
  PRIMARY KEY (authority, prefix),
  UNIQUE (authority, label)
) STRICT, WITHOUT ROWID;
INSERT INTO kept SELECT thumbprint, 'cp.delegation', prefix, '', 1, delegation, 0 FROM authority;
)",
    R"(
CREATE TABLE counter (
  authority INTEGER NOT NULL REFERENCES authority (id),
  length INTEGER NOT NULL,
  last TEXT NOT NULL,
  PRIMARY KEY (authority, length)
) STRICT, WITHOUT ROWID;
)",
    R"(
CREATE TABLE token (
  authority INTEGER NOT NULL REFERENCES authority (id),
  jti TEXT NOT NULL,
  expires INTEGER NOT NULL,
  claims TEXT NOT NULL,
  PRIMARY KEY (authority, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_expires ON token (authority, expires);
CREATE INDEX revoked_token ON revoked (name) WHERE what = 'token';
)",
    // Other names of resources, whoever stores
    // them: aliases, and what they are known as.
    R"(
CREATE TABLE name (
  scheme TEXT NOT NULL,
  id TEXT NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY (scheme, id, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_of ON name (code);
CREATE INDEX kept_about ON kept (kind, subject);
CREATE TRIGGER resource_has_names AFTER INSERT ON resource BEGIN
  DELETE FROM name WHERE code = json_extract(NEW.record, '$.id');
  INSERT OR IGNORE INTO name SELECT 'alias', value, json_extract(NEW.record, '$.id')
    FROM json_each(NEW.record, '$.alias') WHERE type = 'text';
  INSERT OR IGNORE INTO name SELECT json_extract(value, '$.scheme'), json_extract(value, '$.id'),
      json_extract(NEW.record, '$.id')
    FROM json_each(NEW.record, '$.also_known_as')
    WHERE type = 'object' AND json_type(value, '$.scheme') = 'text'
      AND json_type(value, '$.id') = 'text' AND json_extract(value, '$.scheme') <> 'alias';
END;
CREATE TRIGGER kept_has_names AFTER INSERT ON kept WHEN NEW.kind = 'cp.resource' BEGIN
  DELETE FROM name WHERE code = NEW.subject;
  INSERT OR IGNORE INTO name SELECT 'alias', value, NEW.subject
    FROM json_each(NEW.document, '$.alias') WHERE type = 'text';
  INSERT OR IGNORE INTO name SELECT json_extract(value, '$.scheme'), json_extract(value, '$.id'),
      NEW.subject
    FROM json_each(NEW.document, '$.also_known_as')
    WHERE type = 'object' AND json_type(value, '$.scheme') = 'text'
      AND json_type(value, '$.id') = 'text' AND json_extract(value, '$.scheme') <> 'alias';
END;
INSERT OR REPLACE INTO resource SELECT * FROM resource;
INSERT OR REPLACE INTO kept SELECT * FROM kept WHERE kind = 'cp.resource';
CREATE TABLE registered (
  issuer TEXT NOT NULL,
  jti TEXT NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY (issuer, jti, code)
) STRICT, WITHOUT ROWID;
)",
    // What is counted by: the records themselves
    // would have to be read.
    R"(
CREATE INDEX resource_count ON resource (authority, seq);
)",
    // Most records have no other names: taking
    // them apart to see that is too dear.
    R"(
DROP TRIGGER kept_has_names;
CREATE TRIGGER kept_has_names AFTER INSERT ON kept WHEN NEW.kind = 'cp.resource'
    AND (instr(NEW.document, '"alias"') OR instr(NEW.document, '"also_known_as"')
         OR EXISTS (SELECT 1 FROM name WHERE code = NEW.subject)) BEGIN
  DELETE FROM name WHERE code = NEW.subject;
  INSERT OR IGNORE INTO name SELECT 'alias', value, NEW.subject
    FROM json_each(NEW.document, '$.alias') WHERE type = 'text';
  INSERT OR IGNORE INTO name SELECT json_extract(value, '$.scheme'), json_extract(value, '$.id'),
      NEW.subject
    FROM json_each(NEW.document, '$.also_known_as')
    WHERE type = 'object' AND json_type(value, '$.scheme') = 'text'
      AND json_type(value, '$.id') = 'text' AND json_extract(value, '$.scheme') <> 'alias';
END;
)",
    // How much of each prefix is kept, once it
    // was counted; how much each token has used.
    R"(
CREATE TABLE holding (
  prefix TEXT PRIMARY KEY,
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE registered ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
CREATE TABLE used (
  issuer TEXT NOT NULL,
  jti TEXT NOT NULL,
  records INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (issuer, jti)
) STRICT, WITHOUT ROWID;
INSERT INTO used SELECT issuer, jti, count(*), 0 FROM registered GROUP BY issuer, jti;
)",
    // TrustStore::keep does it, who has the
    // record at hand.
    R"(
DROP TRIGGER kept_has_names;
)",
    // The order in which anchors were pinned.
    R"(
ALTER TABLE anchor ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
UPDATE anchor SET position = (SELECT count(*) FROM anchor AS older
  WHERE (older.pinned_at, older.prefix, older.thumbprint) <= (anchor.pinned_at, anchor.prefix, anchor.thumbprint));
)",
    // Who has which label, in the order in which
    // that was learned.
    R"(
CREATE TABLE label (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  anchor TEXT NOT NULL,
  prefix TEXT NOT NULL,
  label TEXT NOT NULL,
  UNIQUE (anchor, prefix)
) STRICT;
CREATE INDEX label_is_whose ON label (label);
INSERT INTO label (anchor, prefix, label) SELECT anchor, subject, json_extract(document, '$.label')
  FROM kept WHERE kind = 'cp.delegation' AND json_type(document, '$.label') = 'text'
  ORDER BY taken_at, subject;
)",
    // Every version of an anchor's own delegation:
    // whoever has pinned an old key needs all
    // that lead to the newest. Of those that were
    // replaced before this none is left.
    R"(
CREATE TABLE succession (
  anchor TEXT NOT NULL,
  prefix TEXT NOT NULL,
  seq INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (anchor, prefix, seq)
) STRICT;
INSERT INTO succession SELECT kept.anchor, kept.subject, kept.seq, kept.document FROM kept
  JOIN anchor ON kept.anchor = anchor.thumbprint AND kept.subject = anchor.prefix
  WHERE kept.kind = 'cp.delegation';
)"};

constexpr std::size_t kSerialsPerEntry = 1'000;

StoredRecord record_in(const store::Statement& row) {
  return {std::string(row.text(0)), row.integer(1), std::string(row.text(2))};
}

}  // namespace

std::string registry_path(const std::string& state_directory) {
  return path_join(state_directory, "identity.db");
}

Result<store::Database> open_registry_database(const std::string& state_directory) {
  return store::Database::open(registry_path(state_directory),
                               {.migrations = kMigrations, .falls_back_to_reading = true});
}

namespace {

tl::unexpected<Error> used_up(std::size_t length) {
  return with_hint(fail(Errc::failed, "the serials of {} characters are used up", length),
                   "ask for longer ones with --length");
}

}  // namespace

// Enters serials that nobody had, and keeps those.
class RegistryStore::Taking {
 public:
  static Result<Taking> begin(const RegistryStore& store, std::size_t count) {
    CP_TRY_ASSIGN(auto insert, store.database_.prepare("INSERT OR IGNORE INTO identifier "
                                                       "(authority, serial) VALUES (?1, ?2)"));
    return Taking(store, std::move(insert), count);
  }

  // Whether nobody had it.
  Result<bool> take(const std::string& serial) {
    CP_TRY(insert_.bind(1, store_.authority_.row).bind_borrowed(2, serial).run());
    const bool is_new = store_.database_.changes() == 1;
    if (is_new) {
      taken_.push_back(serial);
    }
    return is_new;
  }
  std::size_t missing() const { return count_ - taken_.size(); }

  Result<std::vector<std::string>> finish(UnixTime now) && {
    CP_TRY(store_.enter(taken_, now));
    return std::move(taken_);
  }

 private:
  Taking(const RegistryStore& store, store::Statement insert, std::size_t count)
      : store_(store), insert_(std::move(insert)), count_(count) {
    taken_.reserve(count);
  }

  const RegistryStore& store_;
  store::Statement insert_;
  std::size_t count_;
  std::vector<std::string> taken_;
};

Result<std::vector<std::string>> RegistryStore::allocate(std::size_t count, std::size_t length,
                                                         UnixTime now, Random& random) const {
  constexpr int kFruitlessRounds = 1'000;
  CP_TRY_ASSIGN(auto taking, Taking::begin(*this, count));
  for (int fruitless = 0; taking.missing() > 0 && fruitless < kFruitlessRounds; ++fruitless) {
    for (const std::string& serial :
         draw_serials(authority_.prefix, taking.missing(), length, random)) {
      CP_TRY_ASSIGN(const bool is_new, taking.take(serial));
      fruitless = is_new ? 0 : fruitless;
    }
  }
  CP_TRY(take_leftovers(taking, length, random));
  return std::move(taking).finish(now);
}

// What drawing does not find any more is among the last free ones: all are looked at, from anywhere
// on and round.
Result<void> RegistryStore::take_leftovers(Taking& taking, std::size_t length,
                                           Random& random) const {
  if (taking.missing() == 0) {
    return {};
  }
  const std::string start = draw_serials(authority_.prefix, 1, length, random).front();
  std::string serial = start;
  do {
    CP_TRY(taking.take(serial));
    serial = next_serial(authority_.prefix, serial, length);
    if (serial.empty()) {
      serial = next_serial(authority_.prefix, "", length);
    }
  } while (taking.missing() > 0 && serial != start);
  return taking.missing() == 0 ? Result<void>{} : used_up(length);
}

Result<std::string> RegistryStore::last_counted(std::size_t length) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT last FROM counter WHERE authority = ?1 "
                                            "AND length = ?2"));
  row.bind(1, authority_.row).bind(2, static_cast<std::int64_t>(length));
  CP_TRY_ASSIGN(const bool found, row.step());
  return found ? std::string(row.text(0)) : std::string();
}

Result<std::vector<std::string>> RegistryStore::allocate_next(std::size_t count, std::size_t length,
                                                              UnixTime now) const {
  CP_TRY_ASSIGN(std::string last, last_counted(length));
  CP_TRY_ASSIGN(auto taking, Taking::begin(*this, count));
  while (taking.missing() > 0) {
    last = next_serial(authority_.prefix, last, length);
    if (last.empty()) {
      return used_up(length);
    }
    CP_TRY(taking.take(last));
  }
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR REPLACE INTO counter "
                                            "(authority, length, last) VALUES (?1, ?2, ?3)"));
  row.bind(1, authority_.row).bind(2, static_cast<std::int64_t>(length)).bind(3, last);
  CP_TRY(row.run());
  return std::move(taking).finish(now);
}

Result<void> RegistryStore::enter(std::span<const std::string> serials, UnixTime now) const {
  while (!serials.empty()) {
    const auto some = serials.first(std::min(serials.size(), kSerialsPerEntry));
    CP_TRY(ledger().append({{"op", "mint"}, {"serials", some}}, now));
    serials = serials.subspan(some.size());
  }
  return {};
}

Result<bool> RegistryStore::is_allocated(std::string_view serial) const {
  CP_TRY_ASSIGN(auto all, allocations());
  return all.contain(serial);
}

Result<RegistryStore::Allocations> RegistryStore::allocations() const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT 1 FROM identifier WHERE authority = ?1 "
                                            "AND serial = ?2"));
  return Allocations(std::move(row), authority_.row);
}

Result<bool> RegistryStore::Allocations::contain(std::string_view serial) {
  row_.reset();
  return row_.bind(1, authority_).bind(2, serial).step();
}

Result<std::int64_t> RegistryStore::count_allocated() const {
  CP_TRY_ASSIGN(auto row,
                database_.prepare("SELECT count(*) FROM identifier WHERE authority = ?1"));
  CP_TRY(row.bind(1, authority_.row).step());
  return row.integer(0);
}

Result<void> RegistryStore::check_room(std::uint64_t count, std::size_t length) const {
  constexpr std::uint64_t kNeverUsedUp = 1ULL << 32U;
  const std::uint64_t all = count_serials(authority_.prefix, length);
  if (count > all) {
    return with_hint(fail(Errc::usage, "prefix {} has {} serials of {} characters in all",
                          authority_.prefix, all, length),
                     "ask for longer ones with --length");
  }
  if (all >= kNeverUsedUp) {
    return {};
  }
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT count(*) FROM identifier WHERE authority = ?1 "
                                            "AND length(serial) = ?2"));
  CP_TRY(row.bind(1, authority_.row).bind(2, static_cast<std::int64_t>(length)).step());
  const std::uint64_t left = all - static_cast<std::uint64_t>(row.integer(0));
  return count <= left
             ? Result<void>{}
             : with_hint(fail(Errc::failed, "prefix {} has {} free serials of {} characters left",
                              authority_.prefix, left, length),
                         "ask for longer ones with --length");
}

Result<std::optional<StoredRecord>> RegistryStore::find(std::string_view serial) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT serial, seq, record FROM resource "
                                            "WHERE authority = ?1 AND serial = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, authority_.row).bind(2, serial).step());
  return found ? std::optional(record_in(row)) : std::nullopt;
}

Result<std::optional<std::string>> RegistryStore::serial_of_alias(std::string_view alias) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT serial FROM alias WHERE alias = ?1 "
                                            "AND authority = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, alias).bind(2, authority_.row).step());
  return found ? std::optional(std::string(row.text(0))) : std::nullopt;
}

Result<std::vector<std::string>> RegistryStore::serials_known_as(const ForeignCode& code) const {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT code FROM name WHERE scheme = ?1 AND id = ?2 "
                                             "AND scheme <> 'alias' ORDER BY code"));
  rows.bind(1, code.scheme).bind(2, code.id);
  std::vector<std::string> serials;
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return serials;
    }
    const auto id = Identifier::parse(rows.text(0));
    if (id && id->prefix() == authority_.prefix) {
      serials.emplace_back(id->serial());
    }
  }
}

Result<std::vector<std::string>> RegistryStore::aliases(std::string_view beginning) const {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT alias FROM alias WHERE alias >= ?1 "
                                             "AND authority = ?2 ORDER BY alias"));
  rows.bind(1, beginning).bind(2, authority_.row);
  std::vector<std::string> found;
  while (true) {
    CP_TRY_ASSIGN(const bool row, rows.step());
    if (!row || !rows.text(0).starts_with(beginning)) {
      return found;
    }
    found.emplace_back(rows.text(0));
  }
}

Result<void> RegistryStore::for_each(
    const std::function<Result<void>(const StoredRecord&)>& each) const {
  CP_TRY_ASSIGN(auto rows, database_.prepare("SELECT serial, seq, record FROM resource "
                                             "WHERE authority = ?1 ORDER BY serial"));
  rows.bind(1, authority_.row);
  while (true) {
    CP_TRY_ASSIGN(const bool found, rows.step());
    if (!found) {
      return {};
    }
    CP_TRY(each(record_in(rows)));
  }
}

Result<bool> RegistryStore::has_ended(std::string_view serial) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("SELECT json_type(record, '$.ended') = 'object' FROM "
                                            "resource WHERE authority = ?1 AND serial = ?2"));
  CP_TRY_ASSIGN(const bool found, row.bind(1, authority_.row).bind(2, serial).step());
  return found && row.integer(0) != 0;
}

Result<void> RegistryStore::claim_aliases(const Identifier& id,
                                          std::span<const std::string> aliases) const {
  CP_TRY_ASSIGN(auto release, database_.prepare("DELETE FROM alias WHERE authority = ?1 "
                                                "AND serial = ?2"));
  CP_TRY(release.bind(1, authority_.row).bind(2, id.serial()).run());
  CP_TRY_ASSIGN(auto claim, database_.prepare("INSERT OR REPLACE INTO alias "
                                              "(alias, authority, serial) VALUES (?1, ?2, ?3)"));
  for (const std::string& alias : aliases) {
    CP_TRY_ASSIGN(const auto owner, serial_of_alias(alias));
    const bool is_anothers = owner && *owner != id.serial();
    CP_TRY_ASSIGN(const bool is_free, is_anothers ? has_ended(*owner) : Result<bool>(true));
    if (!is_free) {
      const auto other = Identifier::make(authority_.prefix, *owner);
      return with_hint(fail(Errc::denied, "{} names {} already", alias,
                            other ? other->text() : "another resource"),
                       "register the record under that id, or choose another alias");
    }
    CP_TRY(claim.bind(1, alias).bind(2, authority_.row).bind(3, id.serial()).run());
  }
  return {};
}

Result<void> RegistryStore::put(const StoredRecord& record) const {
  CP_TRY_ASSIGN(auto row, database_.prepare("INSERT OR REPLACE INTO resource "
                                            "(authority, serial, seq, record) "
                                            "VALUES (?1, ?2, ?3, ?4)"));
  row.bind(1, authority_.row).bind(2, record.serial).bind(3, record.seq).bind(4, record.text);
  return row.run();
}

}  // namespace cp::identity
