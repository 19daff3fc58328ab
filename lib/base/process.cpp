// SPDX-License-Identifier: Apache-2.0
#include "base/process.hpp"

#include "base/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cp {
namespace {

constexpr std::string_view kUsualPath = "/bin:/usr/bin";  // as execvp(3) has it

// posix_spawn's two attribute objects, destroyed at the end.
struct SpawnSettings {
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (const std::string& word : words) {
    out.push_back(const_cast<char*>(word.c_str()));  // NOLINT: POSIX takes char* and writes nothing
  }
  out.push_back(nullptr);
  return out;
}

void redirect(posix_spawn_file_actions_t& actions, int from, int to) {
  if (from < 0) {
    ::posix_spawn_file_actions_addopen(&actions, to, "/dev/null", to == 0 ? O_RDONLY : O_WRONLY, 0);
  } else {
    ::posix_spawn_file_actions_adddup2(&actions, from, to);
  }
}

// Borrowed descriptors 0 to 2 are moved out of the way first, so that no redirection overwrites the
// source of another.
Result<int> above_standard(int fd, std::vector<UniqueFd>& held) {
  if (fd < 0 || fd > 2) {
    return fd;
  }
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) {
    return fail_errno(Errc::io, errno, "cannot duplicate a descriptor");
  }
  held.push_back(std::move(copy));
  return held.back().get();
}

// execvp(3) says "permission denied" as soon as one directory of PATH may not be searched.
tl::unexpected<Error> refused(const std::string& program, int error) {
  const bool is_missing = error == EACCES && program.find('/') == std::string::npos &&
                          !stands_in_path(program, search_path());
  const int reason = is_missing ? ENOENT : error;
  return fail_errno(reason == ENOENT ? Errc::not_found : Errc::denied, reason,
                    "cannot execute " + program);
}

}  // namespace

std::string_view search_path() {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing here sets it
  return path == nullptr ? kUsualPath : path;
}

bool stands_in_path(std::string_view program, std::string_view path) {
  const auto stands = [&](std::string_view directory) {
    struct stat status {};
    return ::stat(path_join(directory.empty() ? "." : directory, program).c_str(), &status) == 0;
  };
  return std::ranges::any_of(text::split(path, ':'), stands);
}

std::optional<std::string> find_in_path(std::string_view program) {
  const auto is_program = [](const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
  };
  if (program.find('/') != std::string_view::npos) {
    return is_program(std::string(program)) ? std::optional<std::string>(program) : std::nullopt;
  }
  for (const auto directory : text::split(search_path(), ':')) {
    std::string candidate = path_join(directory.empty() ? "." : directory, program);
    if (is_program(candidate)) {
      return candidate;
    }
  }
  return std::nullopt;
}

Result<pid_t> spawn(const Command& command) {
  std::vector<UniqueFd> held;
  CP_TRY_ASSIGN(const int in, above_standard(command.standard_input, held));
  CP_TRY_ASSIGN(const int out, above_standard(command.standard_output, held));
  CP_TRY_ASSIGN(const int err, above_standard(command.standard_error, held));
  SpawnSettings settings;
  redirect(settings.actions, in, 0);
  redirect(settings.actions, out, 1);
  redirect(settings.actions, err, 2);
  // Whoever started us may have left descriptors open to all, a lock for example.
  ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, 3);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (command.own_session) {
    flags |= POSIX_SPAWN_SETSID;  // makes a group too; asking for one then would fail
  } else if (command.own_group) {
    flags |= POSIX_SPAWN_SETPGROUP;
  }
  ::posix_spawnattr_setsigmask(&settings.attributes, &none);
  ::posix_spawnattr_setsigdefault(&settings.attributes, &all);
  ::posix_spawnattr_setpgroup(&settings.attributes, 0);
  ::posix_spawnattr_setflags(&settings.attributes, flags);
  const std::vector<char*> argv = pointers(command.argv);
  const std::vector<char*> environment =
      command.environment ? pointers(*command.environment) : std::vector<char*>{};
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0], &settings.actions, &settings.attributes,
                                   argv.data(), command.environment ? environment.data() : environ);
  if (error != 0) {
    return refused(command.argv.front(), error);
  }
  return pid;
}

Result<Exit> wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) {
      return fail_errno(Errc::internal, errno, "cannot wait for a process");
    }
  }
  return WIFSIGNALED(status) ? Exit{0, WTERMSIG(status)} : Exit{WEXITSTATUS(status), 0};
}

Result<ProcessIdentity> identify(pid_t pid) {
  CP_TRY_ASSIGN(const std::string boot, read_file("/proc/sys/kernel/random/boot_id", 64));
  CP_TRY_ASSIGN(const std::string stat, read_file(fmt::format("/proc/{}/stat", pid), 4096));
  // The command, in parentheses, may hold anything; proc(5) counts on from behind its last one.
  const auto rest = text::cut_last(stat, ')');
  const auto fields = text::split(rest ? text::trim(rest->after) : std::string_view{}, ' ');
  constexpr std::size_t start_time = 22 - 3;
  const auto ticks = fields.size() > start_time ? text::to_uint(fields[start_time]) : std::nullopt;
  if (!ticks || fields[0] == "Z" || fields[0] == "X") {
    return fail(Errc::not_found, "no process {}", pid);
  }
  return ProcessIdentity{std::string(text::trim(boot)), pid, *ticks};
}

bool is_alive(const ProcessIdentity& identity) {
  const auto now = identify(identity.pid);
  return now && *now == identity;
}

Result<UniqueFd> watch_end(const ProcessIdentity& identity) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0)));
  if (!fd && errno == ESRCH) {
    return fail(Errc::not_found, "no process {}", identity.pid);
  }
  if (!fd) {
    return fail_errno(Errc::unavailable, errno, "cannot watch a process");
  }
  // Compared after it was opened: what the descriptor stands for no longer changes.
  if (!is_alive(identity)) {
    return fail(Errc::not_found, "no process {}", identity.pid);
  }
  return fd;
}

Result<void> send_signal(const ProcessIdentity& identity, int signal_number) {
  const auto handle = watch_end(identity);
  if (!handle && (handle.error().code != Errc::unavailable || !is_alive(identity))) {
    return fail(Errc::not_found, "no process {}", identity.pid);
  }
  const long sent = handle
                        ? ::syscall(SYS_pidfd_send_signal, handle->get(), signal_number, nullptr, 0)
                        : ::kill(identity.pid, signal_number);
  if (sent != 0) {
    return fail_errno(errno == ESRCH ? Errc::not_found : errc_of_errno(errno), errno,
                      "cannot signal a process");
  }
  return {};
}

std::string host_identity() {
  std::array<char, 256> name{};
  std::array<char, 64> space{};
  if (::gethostname(name.data(), name.size() - 1) != 0 ||
      ::readlink("/proc/self/ns/pid", space.data(), space.size() - 1) < 0) {
    return name.data();
  }
  return fmt::format("{} {}", name.data(), space.data());
}

}  // namespace cp
