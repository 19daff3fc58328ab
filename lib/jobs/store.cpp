// SPDX-License-Identifier: Apache-2.0
#include "jobs/store.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "jobs/event_log.hpp"
#include "model/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace cp::jobs {
namespace {

using model::JobState;
using model::Json;
using store::Statement;
using store::Transaction;

constexpr std::array<std::string_view, 2> kMigrations{R"(
CREATE TABLE jobs(
  id TEXT PRIMARY KEY,
  parent TEXT REFERENCES jobs(id),
  element INTEGER,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  document TEXT NOT NULL,      -- cp.job/1, follows from the events
  spec TEXT,                   -- cp.jobspec/1; an element's is its array's
  candidates TEXT,
  environment BLOB,            -- NAME=VALUE, each with a NUL behind it; gone when the job has ended
  lease_ns INTEGER,
  cancel INTEGER NOT NULL DEFAULT 0,
  driver INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX jobs_open ON jobs(state) WHERE state NOT IN ('COMPLETED','FAILED','CANCELED');
CREATE INDEX jobs_parent ON jobs(parent, state) WHERE parent IS NOT NULL;
CREATE TABLE events(
  seq INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  at TEXT NOT NULL,
  change TEXT NOT NULL
);
CREATE INDEX events_job ON events(job);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
CREATE TABLE drivers(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  is_agent INTEGER NOT NULL DEFAULT 0,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
);
)",
                                                      R"(
CREATE INDEX jobs_newest ON jobs(substr(id, 1, 28) DESC, element);
CREATE INDEX jobs_free ON jobs(driver) WHERE state NOT IN ('COMPLETED','FAILED','CANCELED');
)"};

constexpr std::string_view kOpen = "j.state NOT IN ('COMPLETED','FAILED','CANCELED')";

Json parse_own(std::string_view text) { return Json::parse(text, nullptr, false); }

std::string joined(const std::vector<std::string>& environment) {
  std::string out;
  for (const auto& entry : environment) {
    out += entry;
    out += '\0';
  }
  return out;
}

std::vector<std::string> taken_apart(std::string_view blob) {
  std::vector<std::string> out;
  if (!blob.empty()) {
    for (const auto part : text::split(blob.substr(0, blob.size() - 1), '\0')) {
      out.emplace_back(part);
    }
  }
  return out;
}

// Which rows FILTER lets through, and in which order; ?1 to ?3 are its texts.
std::string condition_of(const JobStore::Filter& filter) {
  const auto state = model::job_state_of(filter.state);
  const bool is_open = filter.open_only || (state && !model::is_terminal(*state));
  // Few among many: their index finds them, and the order's would lead past all the others.
  const bool are_few = is_open || !filter.parent.empty();
  std::string condition = "WHERE 1";
  condition += is_open ? fmt::format(" AND {}", kOpen) : "";
  condition += filter.state.empty() ? "" : " AND j.state = ?1";
  condition += filter.name.empty() ? "" : " AND j.name = ?2";
  condition += filter.parent.empty() ? "" : " AND j.parent = ?3";
  condition += filter.parent.empty() && !filter.with_elements ? " AND j.parent IS NULL" : "";
  condition += fmt::format(" ORDER BY {}substr(j.id, 1, 28) DESC, j.element", are_few ? "+" : "");
  condition += filter.limit > 0 ? fmt::format(" LIMIT {}", filter.limit) : "";
  return condition;
}

// A parameter that the condition does not name has no number to bind.
void bind_values(Statement& rows, const JobStore::Filter& filter) {
  if (!filter.state.empty()) {
    rows.bind(1, filter.state);
  }
  if (!filter.name.empty()) {
    rows.bind(2, filter.name);
  }
  if (!filter.parent.empty()) {
    rows.bind(3, filter.parent);
  }
}

Result<void> insert_job(store::Database& database, const Job& job, std::int64_t driver) {
  CP_TRY_ASSIGN(Statement row, database.prepare(R"(
INSERT INTO jobs(id, parent, element, name, state, document, spec, candidates, environment, lease_ns,
  driver) VALUES(?,?,?,?,?,?,?,?,?,?,?))"));
  row.bind(1, job.id);
  if (job.parent.empty()) {
    row.bind_null(2).bind_null(3);
  } else {
    row.bind(2, job.parent).bind(3, job.element);
  }
  row.bind(4, job.name).bind(5, model::name_of(job.state)).bind(6, model::to_line(to_json(job)));
  if (job.parent.empty()) {
    row.bind(7, model::to_line(to_json(job.spec)));
    row.bind(8, model::to_line(to_json(job.candidates)));
    row.bind_blob(9, joined(job.environment));
  } else {
    row.bind_null(7).bind_null(8).bind_null(9);
  }
  row.bind(10, job.lease ? std::optional(job.lease->count()) : std::nullopt).bind(11, driver);
  return row.run();
}

}  // namespace

Draft::Draft(Job job) : job_(std::move(job)), last_("{}") {}

bool Draft::note(UnixTime at) {
  Json after = patchable(to_json(job_));
  const Json change = difference(parse_own(last_), after);
  const bool only_seen_again = change.size() == 1 && change.contains("observed_at");
  if (change.empty() || only_seen_again) {
    return false;
  }
  events_.push_back({0, job_.id, at, model::to_line(change)});
  last_ = model::to_line(after);
  return true;
}

model::Json replay(std::span<const Event> events) {
  Json document = Json::object();
  for (const auto& event : events) {
    document.merge_patch(parse_own(event.change));
  }
  return document;
}

JobStore::JobStore(std::string directory, store::Database database, const Clock& clock)
    : state_directory_(std::move(directory)),
      database_(std::make_unique<store::Database>(std::move(database))),
      clock_(&clock) {}

Result<JobStore> JobStore::open(const std::string& state_directory, const Clock& clock) {
  store::Database::Options options{.migrations = kMigrations, .keep_log = true};
  CP_TRY_ASSIGN(auto database,
                store::Database::open(path_join(state_directory, "jobs.db"), options));
  return JobStore(state_directory, std::move(database), clock);
}

Result<void> JobStore::create(std::span<Draft> drafts) {
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  CP_TRY(enlist());
  for (auto& draft : drafts) {
    CP_TRY(insert_job(*database_, draft.job_, driver_));
    CP_TRY(append(draft));
  }
  CP_TRY(transaction.commit());
  for (auto& draft : drafts) {
    draft.events_.clear();
    draft.driver_ = driver_;
    draft.version_ = 1;
  }
  return {};
}

Result<void> JobStore::append(const Draft& draft) {
  CP_TRY_ASSIGN(Statement event,
                database_->prepare("INSERT INTO events(job, at, change) VALUES(?,?,?)"));
  for (const auto& one : draft.events_) {
    event.bind(1, one.job).bind(2, format_time(one.at)).bind(3, one.change);
    CP_TRY(event.run());
  }
  return {};
}

Result<void> JobStore::save(Draft& draft) {
  if (!draft.has_events()) {
    return {};
  }
  const Job& job = draft.job_;
  const auto not_ours = [&] {
    return fail(Errc::failed, "{}: another process drives this job now", job.id);
  };
  if (!is_driven_here(draft)) {
    return not_ours();
  }
  const bool ended = job.has_ended();
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  CP_TRY_ASSIGN(Statement row, database_->prepare(ended ? R"(
UPDATE jobs SET state = ?, document = ?, version = version + 1, driver = 0, environment = NULL
  WHERE id = ? AND version = ? AND driver = ?)"
                                                        : R"(
UPDATE jobs SET state = ?, document = ?, version = version + 1
  WHERE id = ? AND version = ? AND driver = ?)"));
  row.bind(1, model::name_of(job.state)).bind(2, model::to_line(to_json(job))).bind(3, job.id);
  row.bind(4, draft.version_).bind(5, draft.driver_);
  CP_TRY(row.run());
  if (database_->changes() != 1) {
    return not_ours();
  }
  CP_TRY(append(draft));
  bool is_idle = false;
  if (ended) {
    CP_TRY_ASSIGN(Statement idle, database_->prepare(R"(
DELETE FROM drivers WHERE id = ?1 AND is_agent = 0
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE driver = ?1 AND state NOT IN ('COMPLETED','FAILED','CANCELED')))"));
    CP_TRY(idle.bind(1, driver_).run());
    is_idle = database_->changes() == 1;
  }
  CP_TRY(transaction.commit());
  driver_ = is_idle ? 0 : driver_;
  draft.events_.clear();
  ++draft.version_;
  draft.driver_ = ended ? 0 : draft.driver_;
  return {};
}

Result<Statement> JobStore::select(const std::string& condition) {
  return database_->prepare(R"(
SELECT j.document, COALESCE(j.spec, p.spec), COALESCE(j.candidates, p.candidates),
  COALESCE(j.environment, p.environment), j.lease_ns, j.cancel OR COALESCE(p.cancel, 0), j.driver,
  j.version, j.parent, j.element FROM jobs j LEFT JOIN jobs p ON p.id = j.parent )" +
                            condition);
}

Result<Draft> JobStore::read_row(Statement& row) {
  Job job;
  const Json document = parse_own(row.text(0));
  CP_TRY(read_document(document, job));
  CP_TRY_ASSIGN(job.spec, model::parse_jobspec(parse_own(row.text(1))));
  job.candidates = read_candidates(parse_own(row.text(2)));
  job.environment = taken_apart(row.text(3));
  if (!row.is_null(4)) {
    job.lease = std::chrono::nanoseconds(row.integer(4));
  }
  job.cancel_requested = row.integer(5) != 0;
  if (!row.is_null(8)) {
    job.parent = row.text(8);
    job.element = row.integer(9);
  }
  const std::int64_t driver = row.integer(6);
  const std::int64_t version = row.integer(7);
  Draft draft(std::move(job));
  draft.last_ = model::to_line(patchable(document));
  draft.driver_ = driver;
  draft.version_ = version;
  return draft;
}

Result<Draft> JobStore::load(std::string_view id) {
  CP_TRY_ASSIGN(Statement row, select("WHERE j.id = ?"));
  row.bind(1, id);
  CP_TRY_ASSIGN(const bool found, row.step());
  if (!found) {
    return fail(Errc::not_found, "there is no job {}", id);
  }
  return read_row(row);
}

Result<std::vector<Draft>> JobStore::list(const Filter& filter) {
  CP_TRY_ASSIGN(Statement rows, select(condition_of(filter)));
  bind_values(rows, filter);
  std::vector<Draft> out;
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return out;
    }
    CP_TRY_ASSIGN(Draft draft, read_row(rows));
    out.push_back(std::move(draft));
  }
}

Result<void> JobStore::for_each_document(const Filter& filter,
                                         const std::function<void(std::string_view)>& each) {
  CP_TRY_ASSIGN(Statement rows,
                database_->prepare("SELECT j.document FROM jobs j " + condition_of(filter)));
  bind_values(rows, filter);
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return {};
    }
    each(rows.text(0));
  }
}

Result<std::map<std::string, std::int64_t>> JobStore::element_states(std::string_view parent) {
  CP_TRY_ASSIGN(
      Statement rows,
      database_->prepare("SELECT state, count(*) FROM jobs WHERE parent = ? GROUP BY state"));
  rows.bind(1, parent);
  std::map<std::string, std::int64_t> out;
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return out;
    }
    out.emplace(rows.text(0), rows.integer(1));
  }
}

Result<model::JobState> JobStore::state_of(std::string_view id) {
  CP_TRY_ASSIGN(Statement row, database_->prepare("SELECT state FROM jobs WHERE id = ?"));
  row.bind(1, id);
  CP_TRY_ASSIGN(const bool found, row.step());
  if (!found) {
    return fail(Errc::not_found, "there is no job {}", id);
  }
  return model::job_state_of(row.text(0)).value_or(JobState::unknown);
}

Result<void> JobStore::request_cancel(std::string_view id) {
  CP_TRY_ASSIGN(Transaction transaction, Transaction::begin(*database_));
  CP_TRY_ASSIGN(Statement row,
                database_->prepare("UPDATE jobs SET cancel = 1 WHERE id = ? AND cancel = 0"));
  CP_TRY(row.bind(1, id).run());
  if (database_->changes() == 1) {
    CP_TRY_ASSIGN(Statement event,
                  database_->prepare("INSERT INTO events(job, at, change) VALUES(?,?,'{}')"));
    CP_TRY(event.bind(1, id).bind(2, format_time(clock_->now())).run());
  }
  return transaction.commit();
}

Result<bool> JobStore::is_cancel_requested(std::string_view id) {
  CP_TRY_ASSIGN(Statement row, database_->prepare(R"(
SELECT j.cancel OR COALESCE(p.cancel, 0) FROM jobs j LEFT JOIN jobs p ON p.id = j.parent WHERE j.id = ?)"));
  row.bind(1, id);
  CP_TRY_ASSIGN(const bool found, row.step());
  return found && row.integer(0) != 0;
}

Result<std::vector<Event>> JobStore::events(std::string_view id) {
  CP_TRY_ASSIGN(
      Statement rows,
      database_->prepare("SELECT seq, at, change FROM events WHERE job = ? ORDER BY seq"));
  rows.bind(1, id);
  std::vector<Event> out;
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return out;
    }
    CP_TRY_ASSIGN(const UnixTime at, parse_time(rows.text(1)));
    out.push_back({rows.integer(0), std::string(id), at, std::string(rows.text(2))});
  }
}

Result<std::set<std::string>> JobStore::moved_since(std::int64_t& cursor) {
  CP_TRY_ASSIGN(Statement rows, database_->prepare(fmt::format(R"(
SELECT seq, job FROM events WHERE seq > ? UNION ALL
SELECT 0, id FROM jobs j WHERE driver = 0 AND {})",
                                                               kOpen)));
  rows.bind(1, cursor);
  std::set<std::string> out;
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return out;
    }
    cursor = std::max(cursor, rows.integer(0));
    out.emplace(rows.text(1));
  }
}

Result<std::int64_t> JobStore::last_event() {
  CP_TRY_ASSIGN(Statement row, database_->prepare("SELECT COALESCE(MAX(seq), 0) FROM events"));
  CP_TRY(row.step());
  return row.integer(0);
}

Result<std::string> JobStore::stored_document(std::string_view id) {
  CP_TRY_ASSIGN(Statement row, database_->prepare("SELECT document FROM jobs WHERE id = ?"));
  row.bind(1, id);
  CP_TRY_ASSIGN(const bool found, row.step());
  if (!found) {
    return fail(Errc::not_found, "there is no job {}", id);
  }
  return std::string(row.text(0));
}

Result<void> JobStore::for_each(const std::function<Result<void>(const Job&)>& each) {
  CP_TRY_ASSIGN(Statement rows, select("ORDER BY substr(j.id, 1, 28), j.element"));
  while (true) {
    CP_TRY_ASSIGN(const bool more, rows.step());
    if (!more) {
      return {};
    }
    CP_TRY_ASSIGN(const Draft draft, read_row(rows));
    CP_TRY(each(draft.job()));
  }
}

}  // namespace cp::jobs
