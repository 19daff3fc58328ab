// SPDX-License-Identifier: Apache-2.0
#include "provider/local/launcher.hpp"

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/random.hpp"
#include "provider/local/descendants.hpp"
#include "provider/local/devices.hpp"
#include "provider/local/layout.hpp"
#include "provider/local/supervised_task.hpp"
#include "provider/local/supervisor.hpp"
#include "provider/local/watch.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace cp::provider::local {
namespace {

using namespace std::chrono_literals;
using model::JobReason;
using model::JobState;

constexpr std::size_t kReplyBytes = 4096;
constexpr int kReplyMilliseconds = 60'000;  // an fsync on a busy network disk can take seconds
constexpr auto kSettle = 5s;                // how long a submission may reasonably be on its way
constexpr int kCancelTries = 10;
constexpr int kOrphanTries = 20;
constexpr auto kOrphanPause = 5ms;

std::string absolute_below(const std::string& own, const std::string& path) {
  if (path.empty()) {
    return own;
  }
  return path.starts_with('/') ? path : path_join(own, path);
}

Result<void> make_one(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + path);
  }
  return {};
}

Result<UniqueFd> lock_submission(const Layout& layout) {
  UniqueFd fd(::open(layout.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return fail_errno(Errc::cannot_create, errno, "cannot create " + layout.lock());
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail(Errc::unavailable, "another process is submitting this job");
  }
  return fd;
}

Result<UniqueFd> memory_file(std::string_view bytes) {
  UniqueFd fd(::memfd_create("task", MFD_CLOEXEC));
  if (!fd) {
    return fail_errno(errno, "cannot make a file in memory");
  }
  CP_TRY(write_all(fd.get(), bytes));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) {
    return fail_errno(errno, "cannot rewind a file in memory");
  }
  return fd;
}

Result<std::string> read_reply(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  if (::poll(&wanted, 1, kReplyMilliseconds) <= 0) {
    return fail(Errc::unavailable, "the supervisor does not answer");
  }
  return read_to_end(fd, kReplyBytes);
}

Observation ended_observation(const Ended& ended) {
  Observation seen;
  seen.native_state = "ended";
  seen.message = ended.message;
  seen.exit = ended.exit;
  seen.started_at = ended.started_at;
  seen.ended_at = ended.at;
  seen.never_ran = !ended.executed;
  if (ended.executed) {
    seen.ran_for = ended.ran_for;
    seen.used = ended.used;
  }
  const bool good = ended.executed && ended.exit && ended.exit->status() == 0;
  seen.state = good ? JobState::completed : JobState::failed;
  seen.reason = good ? JobReason::none : JobReason::user_error;
  return seen;
}

Observation observation_of(const Ended& ended) {
  Observation seen = ended_observation(ended);
  switch (ended.cause) {
    case Cause::none:
      break;
    case Cause::lease:
      seen.message = "nobody renewed its lease";
      [[fallthrough]];
    case Cause::canceled:
      seen.state = JobState::canceled;
      seen.reason = JobReason::canceled;
      break;
    case Cause::time_limit:
      seen.state = JobState::failed;
      seen.reason = JobReason::timeout;
      break;
    case Cause::shutdown:
      seen.state = JobState::failed;
      seen.reason = JobReason::node_lost;
      seen.message = "the machine ended it";
      break;
  }
  return seen;
}

Observation running(const Layout& layout) {
  Observation seen;
  const auto started = read_started(layout.started());
  seen.state = started ? JobState::active : JobState::queued;
  seen.native_state = started ? "running" : "starting";
  if (started) {
    seen.started_at = started->at;
  }
  return seen;
}

// Every process of a job carries it, unless it takes pains not to.
std::string mark_of(const Token& token) { return "CP_JOB_TOKEN=" + token; }

// With the supervisor the job's main process is killed, and nobody ends what that has started.
void end_orphans(const Token& token) {
  for (int i = 0; i < kOrphanTries; ++i) {
    const auto left = processes_with(mark_of(token));
    if (left.empty()) {
      return;
    }
    for (const pid_t pid : left) {
      ::kill(pid, SIGKILL);
    }
    std::this_thread::sleep_for(kOrphanPause);
  }
}

Observation lost(const Layout& layout, const std::optional<Holder>& holder) {
  const auto self = identify(::getpid());
  const bool this_boot = holder && self && holder->process.boot_id == self->boot_id;
  Observation seen;
  seen.state = JobState::failed;
  seen.native_state = "gone";
  seen.reason = this_boot ? JobReason::lost : JobReason::node_lost;
  seen.message = this_boot ? "its supervisor was killed" : "the machine went down while it ran";
  if (const auto started = read_started(layout.started())) {
    seen.started_at = started->at;
  } else if (this_boot && ::access(layout.reserved().c_str(), F_OK) != 0) {
    // The page cache of this boot shows every step that was made.
    seen.never_ran = true;
    seen.message = "its supervisor was killed before it ran anything";
  }
  return seen;
}

Observation without_end(const Layout& layout) {
  const auto holder = read_holder(layout.fence());
  Observation seen;
  if (!holder && holder.error().code == Errc::not_found) {
    seen.native_state = "absent";
    return seen;
  }
  if (holder && !holder->is_supervisor) {
    seen.state = JobState::canceled;
    seen.reason = JobReason::canceled;
    seen.native_state = "canceled";
    seen.never_ran = true;
    return seen;
  }
  if (holder && holder->host != host_identity()) {
    seen.native_state = "elsewhere";
    seen.message = "it runs on " + holder->host;
    return seen;
  }
  if (holder && is_alive(holder->process)) {
    seen = running(layout);
  } else if (const auto ended = read_ended(layout.ended())) {
    seen = observation_of(*ended);
  } else {
    end_orphans(layout.token());
    seen = lost(layout, holder ? std::optional(*holder) : std::nullopt);
  }
  seen.native_id = holder ? std::to_string(holder->process.pid) : "";
  return seen;
}

class FileReader final : public LogReader {
 public:
  explicit FileReader(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<std::size_t> read(std::span<char> out) override { return read_some(fd_.get(), out); }

 private:
  UniqueFd fd_;
};

class LocalLauncher final : public Launcher {
 public:
  LocalLauncher(std::string root, std::vector<std::string> supervisor)
      : root_(std::move(root)), supervisor_(std::move(supervisor)) {}

  Guarantee guarantee() const override { return Guarantee::exactly_once; }

  Result<void> admits(const model::JobResources& resources) override {
    if (resources.nodes > 1) {
      return fail(Errc::failed, "this is one machine, and the job wants {} nodes", resources.nodes);
    }
    const std::int64_t cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    if (resources.cores_per_node() > cores) {
      return fail(Errc::failed, "this machine has {} cores, and the job wants {}", cores,
                  resources.cores_per_node());
    }
    const std::int64_t memory = ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE);
    if (resources.memory_bytes.value_or(0) > memory) {
      return fail(Errc::failed, "this machine has {} bytes of memory, and the job wants {}", memory,
                  *resources.memory_bytes);
    }
    return resources.gpus == 0 ? Result<void>{} : has_cards(read_accelerators("/"), resources);
  }

  Result<std::string> make_directory(const Token& token, const std::string& workdir,
                                     std::stop_token) override {
    const Layout layout = layout_of(token);
    CP_TRY(make_one(layout.directory()));
    if (const auto before = own_directory(layout)) {
      return *before;
    }
    if (workdir.empty()) {
      CP_TRY(make_one(layout.work()));
      return layout.work();
    }
    const std::string path = path_join(workdir, token);
    CP_TRY(make_directories(workdir, 0700));
    CP_TRY(make_one(path));
    if (::symlink(path.c_str(), layout.work().c_str()) != 0 && errno != EEXIST) {
      return fail_errno(Errc::cannot_create, errno, "cannot create " + layout.work());
    }
    return path;
  }

  Result<std::string> submit(const Task& task, std::stop_token stop) override {
    CP_TRY_ASSIGN(const std::string own, make_directory(task.token, "", stop));
    const Layout layout = layout_of(task.token);
    CP_TRY_ASSIGN(UniqueFd lock, lock_submission(layout));
    if (::access(layout.fence().c_str(), F_OK) == 0) {
      return native_id(layout);
    }
    SupervisedTask supervised{root_, task};
    Task& settled = supervised.task;
    settled.directory = absolute_below(own, task.directory);
    if (settled.directory.starts_with(own + "/")) {
      CP_TRY(make_directories(settled.directory, 0777));
    }
    if (const std::string mark = mark_of(task.token);
        std::ranges::find(settled.environment, mark) == settled.environment.end()) {
      settled.environment.push_back(mark);
    }
    if (!task.standard_input.empty()) {
      settled.standard_input = absolute_below(own, task.standard_input);
    }
    settled.standard_output = task.standard_output.empty()
                                  ? layout.standard_output()
                                  : absolute_below(own, task.standard_output);
    settled.standard_error = task.standard_error.empty() ? layout.standard_error()
                                                         : absolute_below(own, task.standard_error);
    CP_TRY_ASSIGN(const std::string reply, start_supervisor(supervised, std::move(lock)));
    return understand(reply, layout);
  }

  Result<Found> find(const Token& token, std::stop_token) override {
    const Layout layout = layout_of(token);
    const auto holder = read_holder(layout.fence());
    if (holder || holder.error().code != Errc::not_found) {
      return present(layout);
    }
    if (::access(layout.directory().c_str(), F_OK) != 0) {
      return Found{Found::Verdict::absent, {}, {}, {}};
    }
    const auto lock = lock_submission(layout);
    if (!lock && lock.error().code == Errc::unavailable) {
      return Found{Found::Verdict::unsure, {}, SystemClock().now() + kSettle, {}};
    }
    if (!lock) {
      return tl::unexpected(lock.error());
    }
    // The lock is free: whoever had it has taken the fence by now, or never will.
    return ::access(layout.fence().c_str(), F_OK) == 0 ? present(layout)
                                                       : Found{Found::Verdict::absent, {}, {}, {}};
  }

  Result<std::vector<Observation>> query(std::span<const Token> tokens, std::stop_token) override {
    collect_children();
    std::vector<Observation> out;
    for (const auto& token : tokens) {
      const Layout layout = layout_of(token);
      const auto ended = read_ended(layout.ended());
      out.push_back(ended ? observation_of(*ended) : without_end(layout));
      out.back().token = token;
    }
    return out;
  }

  Result<void> cancel(const Token& token, std::stop_token) override {
    const Layout layout = layout_of(token);
    CP_TRY(make_one(layout.directory()));
    const UniqueFd mark(::open(layout.cancel().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!mark) {
      return fail_errno(Errc::cannot_create, errno, "cannot create " + layout.cancel());
    }
    for (int i = 0; i < kCancelTries; ++i) {
      const auto holder = read_holder(layout.fence());
      if (holder) {
        return tell(*holder, layout);
      }
      if (holder.error().code != Errc::not_found) {
        return {};
      }
      CP_TRY_ASSIGN(const bool taken, take_fence(layout, canceled_holder()));
      if (taken) {
        return {};
      }
    }
    return fail(Errc::timed_out, "cannot cancel the job");
  }

  Result<void> renew(const Token& token) override {
    const std::string path = layout_of(token).lease();
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!fd || ::futimens(fd.get(), nullptr) != 0) {
      return fail_errno(errno, "cannot renew " + path);
    }
    return {};
  }

  Result<std::unique_ptr<LogReader>> open_log(const Token& token, Stream stream) override {
    const Layout layout = layout_of(token);
    CP_TRY_ASSIGN(const Holder holder, read_holder(layout.fence()));
    const std::string& path =
        stream == Stream::out ? holder.standard_output : holder.standard_error;
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
      return fail_errno(errno, "cannot open " + path);
    }
    return std::make_unique<FileReader>(std::move(fd));
  }

  Result<void> remove_directory(const Token& token, std::stop_token) override {
    const Layout layout = layout_of(token);
    std::error_code error;
    if (const auto own = own_directory(layout)) {
      std::filesystem::remove_all(*own, error);
    }
    if (!error) {
      std::filesystem::remove_all(layout.work(), error);
    }
    if (error) {
      return fail(Errc::io, "cannot remove {}: {}", layout.work(), error.message());
    }
    return {};
  }

  Result<void> remove_empty_directory(const Token& token, std::stop_token) override {
    const auto own = own_directory(layout_of(token));
    if (own && ::rmdir(own->c_str()) != 0 && errno != ENOENT) {
      return fail_errno(Errc::failed, errno, "cannot remove " + *own);
    }
    return {};
  }

  std::unique_ptr<Watch> watch(const Token& token, Scope scope) override {
    return make_watch(layout_of(token), scope);
  }
  std::chrono::nanoseconds poll_interval() const override { return 1s; }

 private:
  Layout layout_of(const Token& token) const { return {root_, token}; }

  static std::string native_id(const Layout& layout) {
    const auto holder = read_holder(layout.fence());
    return holder && holder->is_supervisor ? std::to_string(holder->process.pid) : "";
  }

  static Found present(const Layout& layout) {
    return {Found::Verdict::present, native_id(layout), {}, own_directory(layout).value_or("")};
  }

  static std::optional<std::string> own_directory(const Layout& layout) {
    std::error_code error;
    const auto status = std::filesystem::symlink_status(layout.work(), error);
    if (std::filesystem::is_symlink(status)) {
      const auto target = std::filesystem::read_symlink(layout.work(), error);
      return error ? std::nullopt : std::optional(target.string());
    }
    return std::filesystem::is_directory(status) ? std::optional(layout.work()) : std::nullopt;
  }

  static Holder canceled_holder() {
    KernelRandom random;
    Holder holder;
    holder.nonce = make_ulid(SystemClock().now(), random);
    holder.host = host_identity();
    holder.is_supervisor = false;
    return holder;
  }

  static Result<void> tell(const Holder& holder, const Layout& layout) {
    if (!holder.is_supervisor || ::access(layout.ended().c_str(), F_OK) == 0) {
      return {};
    }
    if (holder.host != host_identity()) {
      return fail(Errc::unavailable, "the job runs on {}: cancel it there", holder.host);
    }
    const auto sent = send_signal(holder.process, SIGTERM);
    if (!sent && sent.error().code != Errc::not_found) {
      return sent;
    }
    return {};
  }

  Result<std::string> start_supervisor(const SupervisedTask& supervised, UniqueFd lock) {
    CP_TRY_ASSIGN(const UniqueFd input, memory_file(encode(supervised)));
    CP_TRY_ASSIGN(Pipe reply, make_pipe());
    Command command;
    command.argv = supervisor_;
    command.argv.push_back(supervised.task.name + "." + supervised.task.token);
    command.standard_input = input.get();
    command.standard_output = reply.write.get();
    command.standard_error = lock.get();
    command.own_session = true;
    CP_TRY_ASSIGN(const pid_t pid, spawn(command));
    children_.push_back(pid);
    reply.write.reset();
    lock.reset();
    return read_reply(reply.read.get());
  }

  static Result<std::string> understand(std::string_view reply, const Layout& layout) {
    const std::string_view line = reply.substr(0, reply.find('\n'));
    if (line == kTaken || line == kHeld) {
      return native_id(layout);
    }
    if (line.starts_with("failed ")) {
      return fail(Errc::io, "{}", line.substr(7));
    }
    return fail(Errc::unavailable, "the supervisor ended without an answer");
  }

  void collect_children() {
    std::erase_if(children_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  }

  std::string root_;
  std::vector<std::string> supervisor_;
  std::vector<pid_t> children_;
};

}  // namespace

Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings) {
  if (!url.rest.empty()) {
    return fail(Errc::usage, "{}: the provider of this machine is local:", url.to_string());
  }
  const std::string root = path_join(settings.state_directory, "jobs");
  CP_TRY(make_directories(root + "/fences", 0700));
  return std::make_unique<LocalLauncher>(root, settings.supervisor);
}

}  // namespace cp::provider::local
