// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/random.hpp"
#include "jobs/job.hpp"
#include "model/json_fwd.hpp"
#include "store/database.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cp::jobs {

/// One thing that was seen of a job, or done to it. Events are only ever added.
struct Event {
  std::int64_t seq = 0;
  std::string job;
  UnixTime at{};
  std::string change;  ///< what it changes in the job's document: JSON, RFC 7386 merge patch, the
                       ///< attempts by their number
};

/// What was decided about a job and is not stored yet: the job as it is to be, and the events on
/// the way there.
class Draft {
 public:
  explicit Draft(Job job);

  Job& job() { return job_; }
  const Job& job() const { return job_; }
  /// Makes an event of what has changed in the job since the last one; false when nothing has.
  bool note(UnixTime at);
  bool has_events() const { return !events_.empty(); }

 private:
  friend class JobStore;
  Job job_;
  std::string last_;  ///< the document as of the last event
  std::vector<Event> events_;
  std::int64_t version_ = 0;
  std::int64_t driver_ = 0;
};

/// The jobs of one state directory: an append-only log of events, and a row for each job that
/// follows from them. Several processes use it at once; each transition is a compare-and-set by
/// whoever drives the job. One object is for one thread.
class JobStore {
 public:
  /// Opens or makes jobs.db in STATE_DIRECTORY; errors as Database::open.
  static Result<JobStore> open(const std::string& state_directory, const Clock& clock);

  const std::string& state_directory() const { return state_directory_; }

  // --- driving ---------------------------------------------------------------------------------
  // A driver is a process that moves jobs. Its number is unique for ever, so what an old one still
  // believes to hold is told from what it holds (a fence).

  /// Whether this process drives the job that DRAFT was loaded from.
  bool is_driven_here(const Draft& draft) const;
  /// Whether another living process drives it.
  Result<bool> is_driven_elsewhere(const Draft& draft);
  /// Takes the job for this process unless another living one has it. False: it has.
  Result<bool> take(Draft& draft);
  /// Lets go of all jobs that this process drives. Done at the end of a command.
  Result<void> release_all();
  /// Renews this process's lease when that is due; for whoever waits long.
  Result<void> renew();

  // --- jobs ------------------------------------------------------------------------------------

  /// Makes JOBS durable in one transaction, driven by this process: the intent. FIRST is a draft of
  /// the first of them.
  Result<void> create(std::span<Draft> drafts);
  /// The job ID; not_found.
  Result<Draft> load(std::string_view id);
  /// Makes DRAFT's events durable, and the row that follows from them. failed when the job is
  /// another driver's by now: whoever gets that lets go of it. CHECK, if given, runs inside of the
  /// transaction and can refuse.
  Result<void> save(Draft& draft);
  /// Writes down that the job is to end; no driver is needed for that.
  Result<void> request_cancel(std::string_view id);
  /// What has been asked of the job since it was loaded.
  Result<bool> is_cancel_requested(std::string_view id);

  struct Filter {
    bool open_only = false;
    std::string state;
    std::string name;
    std::string parent;  ///< elements of this array
    bool with_elements = false;
    std::int64_t limit = 0;
  };
  /// The jobs that FILTER lets through, newest first.
  Result<std::vector<Draft>> list(const Filter& filter);
  /// Calls EACH with the document, a line of JSON, of each job that FILTER lets through, newest
  /// first: for many, since no more than one is held.
  Result<void> for_each_document(const Filter& filter,
                                 const std::function<void(std::string_view)>& each);
  /// How many elements of PARENT are in each state.
  Result<std::map<std::string, std::int64_t>> element_states(std::string_view parent);
  Result<model::JobState> state_of(std::string_view id);
  /// All events of the job in order.
  Result<std::vector<Event>> events(std::string_view id);
  /// The number of the newest event, 0 when there is none.
  Result<std::int64_t> last_event();
  /// The jobs that may stand otherwise than before event CURSOR, which becomes the newest: those
  /// with events since then, and open ones that nobody drives.
  Result<std::set<std::string>> moved_since(std::int64_t& cursor);
  /// The document as stored, for whoever checks it against the events.
  Result<std::string> stored_document(std::string_view id);

  /// What all ended jobs used, for each provider and month: called with the job.
  Result<void> for_each(const std::function<Result<void>(const Job&)>& each);

  // --- the agent ---------------------------------------------------------------------------------

  /// Whether a living agent has the jobs of this directory.
  Result<bool> has_agent();
  /// Makes this process the agent; false when there is one.
  Result<bool> become_agent();
  /// Ends this process's being the agent if there is nothing that MAY_REST objects to; what is
  /// submitted after that finds no agent and starts one.
  Result<bool> stop_being_agent(const std::function<Result<bool>()>& may_rest);

  /// A descriptor that becomes readable when the store may have changed; -1 where there is none.
  /// `changed` tells whether another process has changed it since the last call, and clears it.
  int change_fd();
  Result<bool> changed();

 private:
  JobStore(std::string directory, store::Database database, const Clock& clock);
  Result<void> enlist();
  Result<bool> is_gone(std::int64_t driver);
  Result<void> append(const Draft& draft);
  Result<Draft> read_row(store::Statement& row);
  Result<store::Statement> select(const std::string& condition);

  std::string state_directory_;
  std::unique_ptr<store::Database> database_;
  const Clock* clock_;
  std::int64_t driver_ = 0;
  UnixTime renewed_{};
  std::int64_t data_version_ = 0;
  UniqueFd changes_;
};

/// The document that follows from EVENTS.
model::Json replay(std::span<const Event> events);

}  // namespace cp::jobs
