// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/process.hpp"
#include "provider/launcher.hpp"

#include <optional>
#include <string>
#include <string_view>

/// What the local launcher and its supervisors keep on disk. A job is known by its token; all that
/// one says to the other is in these files, so neither needs the other alive.
namespace cp::provider::local {

/// Where the files of one token lie below ROOT.
class Layout {
 public:
  Layout(std::string root, const Token& token);

  const std::string& root() const { return root_; }
  const Token& token() const { return token_; }
  std::string fences() const { return root_ + "/fences"; }
  /// Who runs the job: exists from before it runs anything, and for ever (SECURITY §8).
  std::string fence() const { return fences() + "/" + token_; }
  std::string directory() const { return root_ + "/" + token_; }
  /// Locked by a submission until its supervisor has taken the fence or given up.
  std::string lock() const { return directory() + "/lock"; }
  /// The job's own directory, or a link to it.
  std::string work() const { return directory() + "/work"; }
  std::string standard_output() const { return directory() + "/stdout"; }
  std::string standard_error() const { return directory() + "/stderr"; }
  std::string started() const { return directory() + "/started"; }
  /// Room for the last record, taken before the job may run, so that a full disk cannot lose its
  /// end. Where it is missing on the boot that took the fence, nothing was run.
  std::string reserved() const { return directory() + "/reserved"; }
  std::string ended() const { return directory() + "/ended"; }
  /// Exists when the job was told to end.
  std::string cancel() const { return directory() + "/cancel"; }
  /// Its change time is that of the last renewal.
  std::string lease() const { return directory() + "/lease"; }

 private:
  std::string root_;
  Token token_;
};

/// What stands in the fence: the supervisor that runs the job, and where the output goes. A
/// canceled job that never came to run has a fence without a supervisor.
struct Holder {
  std::string nonce;
  std::string host;
  ProcessIdentity process;
  bool is_supervisor = true;
  std::string standard_output;
  std::string standard_error;
};

/// The job has begun.
struct Started {
  UnixTime at{};
  pid_t pid = 0;
};

/// Why a supervisor ended its job, if it did.
enum class Cause { none, canceled, time_limit, lease, shutdown };

/// The job has ended, or could not begin.
struct Ended {
  std::optional<UnixTime> started_at;
  UnixTime at{};
  std::chrono::nanoseconds ran_for{0};
  std::optional<Exit> exit;  ///< 126 or 127 when it could not be executed; absent: it never began
  bool executed = true;
  Cause cause = Cause::none;
  std::string message;
  Consumption used;
};

/// The records as they are written, one line of JSON each.
std::string encode(const Holder& holder);
std::string encode(const Started& started);
std::string encode(const Ended& ended);

/// What the file at PATH says; not_found when there is none yet. A record that a power cut has torn
/// is bad_data.
Result<Holder> read_holder(const std::string& path);
Result<Started> read_started(const std::string& path);
Result<Ended> read_ended(const std::string& path);

/// Puts BYTES at PATH in one piece, not yet durable.
Result<void> publish(const std::string& path, std::string_view bytes);

/// Takes the room that `finish_record` will need.
Result<void> reserve_record(const Layout& layout);
/// Makes ENDED the last record, durably.
Result<void> finish_record(const Layout& layout, const Ended& ended);

/// Writes HOLDER to the fence of LAYOUT unless there is one. True: it is ours now, durably. The
/// file is linked to its name and read back, for NFS may call a link that it made EEXIST.
Result<bool> take_fence(const Layout& layout, const Holder& holder);
/// Gives back a fence of ours under which nothing was run.
Result<void> release_fence(const Layout& layout);

}  // namespace cp::provider::local
