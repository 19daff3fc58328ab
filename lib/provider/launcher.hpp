// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/process.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "model/job_state.hpp"
#include "model/jobspec.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cp::provider {

struct Place;

/// The name of one attempt of a job everywhere: "cp-01jd…-1". Holds 80 random bits, and is a name,
/// never an authority (SECURITY §8). Only [a-z0-9_-], at most 64 characters.
using Token = std::string;

/// Whether TEXT may be a Token: it becomes part of file names.
bool is_token(std::string_view text);

/// One attempt of a job, with nothing left to decide.
struct Task {
  Token token;
  std::string name;                      ///< the provider shows NAME.TOKEN
  std::string executable;                ///< a path, or a name to be found in the job's PATH
  std::vector<std::string> arguments;    ///< without argv[0], which is `executable`
  std::vector<std::string> environment;  ///< NAME=VALUE, all of it
  std::string directory;                 ///< where it runs: absolute, or below the job's own ("")
  std::string standard_input;            ///< as `directory`; "" is /dev/null
  bool input_is_copy = false;            ///< made for it: a far launcher removes it once it is open
  std::string standard_output;           ///< "" is the launcher's own place
  std::string standard_error;
  model::JobResources resources;
  std::string queue;                          ///< the provider's own name of one, or ""
  std::string account;                        ///< whom the provider charges, or ""
  std::map<std::string, std::string> custom;  ///< "slurm.qos" and its like, by the type of provider
  std::optional<std::chrono::nanoseconds> time_limit;        ///< kept by the provider
  std::optional<std::chrono::nanoseconds> lease;             ///< ends without `renew` for that long
  std::chrono::nanoseconds grace = std::chrono::seconds(5);  ///< from SIGTERM to SIGKILL
};

/// What a provider knows of a token.
struct Found {
  enum class Verdict {
    present,  ///< the job is there, running or ended
    absent,   ///< it is not there, and would be known if it were
    unsure,   ///< a submission may still be on its way: ask again at `until`
  };
  Verdict verdict = Verdict::unsure;
  std::string native_id;  ///< of a present one
  UnixTime until{};
  std::string
      directory{};  ///< of a present one: its own, as `make_directory` gave it; "" when gone
};

/// What a job used, as its provider measured it. Absent is unknown.
struct Consumption {
  std::optional<double> user_s;
  std::optional<double> system_s;
  std::optional<std::int64_t> max_rss_bytes;
};

/// How a provider sees an attempt.
struct Observation {
  Token token;
  model::JobState state = model::JobState::unknown;
  std::string native_state;  ///< the provider's own word
  model::JobReason reason = model::JobReason::none;
  std::string message;  ///< one line on how it came to that, "" when there is nothing to say
  std::string native_id;
  bool never_ran = false;    ///< has ended, and certainly nothing of it was run
  std::optional<Exit> exit;  ///< how its main process ended
  std::optional<UnixTime> started_at;
  std::optional<UnixTime> ended_at;                 ///< both by the provider's clock
  std::optional<std::chrono::nanoseconds> ran_for;  ///< between them, by a clock that never steps
  Consumption used;
};

enum class Stream { out, err };

/// Reads one stream of a job's output from its beginning, while it is written.
class LogReader {
 public:
  virtual ~LogReader() = default;
  /// Up to OUT.size() bytes; 0 when there is no more for now.
  virtual Result<std::size_t> read(std::span<char> out) = 0;
};

/// Tells when something about one job may have changed: state or output.
class Watch {
 public:
  virtual ~Watch() = default;
  /// Becomes readable at every change; borrowed.
  virtual int fd() const = 0;
  /// Makes it unreadable again; to be called before looking at what has changed.
  virtual void clear() = 0;
};

/// Runs jobs at a provider. One per provider and thread; what it knows lies at the provider, so
/// several of them, in several processes, see the same jobs.
class Launcher {
 public:
  virtual ~Launcher() = default;

  /// Whether a lost answer can cost an execution more or less: "exactly-once" has a fence that each
  /// job takes before it runs anything, or server-side idempotency; "at-most-once" has not.
  enum class Guarantee { exactly_once, at_most_once };
  virtual Guarantee guarantee() const = 0;

  /// The host on which its jobs and their directories are, as far as paths of this machine mean
  /// nothing there: files go there and back by ssh, and jobs begin in the surroundings of a login
  /// there instead of ours. Null where this machine sees the same paths. Borrowed.
  virtual const Place* far() const { return nullptr; }

  /// failed, with the reason, when the provider can never run RESOURCES.
  virtual Result<void> admits(const model::JobResources& resources) = 0;
  /// Whether a job may name a container image.
  virtual bool runs_images() const { return false; }

  /// Makes the job's own directory, fresh and below WORKDIR ("" is the launcher's own place), and
  /// returns its path there. The one made before when there is one.
  virtual Result<std::string> make_directory(const Token& token, const std::string& workdir,
                                             std::stop_token stop) = 0;

  /// Hands TASK in under its token and returns at once with its native id. If a job with that token
  /// is there already, returns that one. `unavailable` means that nobody knows whether it was
  /// taken: ask `find`, or submit again under the same token. Any other error: it was not taken.
  virtual Result<std::string> submit(const Task& task, std::stop_token stop) = 0;

  /// Whether a job with TOKEN is there.
  virtual Result<Found> find(const Token& token, std::stop_token stop) = 0;

  /// How the jobs with TOKENS stand, in their order, in one question. One that is absent is UNKNOWN
  /// with the native state "absent"; a query that fails says nothing about any job.
  virtual Result<std::vector<Observation>> query(std::span<const Token> tokens,
                                                 std::stop_token stop) = 0;

  /// Whether a query for many jobs costs about as much as for one, and its answer stands for a
  /// moment: then who looks after many asks for all of them first.
  virtual bool answers_for_many() const { return false; }

  /// Asks the job to end: SIGTERM to all its processes, SIGKILL after its grace. Returns at once;
  /// it has ended when `query` says so. A job that has not come there yet never runs; one that has
  /// ended stays as it is.
  virtual Result<void> cancel(const Token& token, std::stop_token stop) = 0;

  /// Renews the lease of a job that has one.
  virtual Result<void> renew(const Token& token) = 0;

  /// The job's output so far, whatever has become of the job; not_found when it never ran. What
  /// reads it may borrow this.
  virtual Result<std::unique_ptr<LogReader>> open_log(const Token& token, Stream stream) = 0;

  /// Removes the job's directory and what is in it. No error when it is gone.
  virtual Result<void> remove_directory(const Token& token, std::stop_token stop) = 0;
  /// Removes the job's directory if nothing is in it; failed when there is. No error when it is
  /// gone.
  virtual Result<void> remove_empty_directory(const Token& token, std::stop_token stop) = 0;

  /// What a watch tells of: only that the job has ended, which costs less, or its output as well.
  enum class Scope { end, all };
  /// A watch on the job, or null when the provider has none: ask again each `poll_interval`.
  virtual std::unique_ptr<Watch> watch(const Token&, Scope) { return nullptr; }
  virtual std::chrono::nanoseconds poll_interval() const { return std::chrono::seconds(30); }
};

}  // namespace cp::provider
