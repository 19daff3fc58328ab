// SPDX-License-Identifier: Apache-2.0
#include "net/ssh_process.hpp"

#include "base/process.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cp::net {
namespace {

// For the login shell, whichever it is: csh, fish and the Bourne shells all read it alike. The
// marker and the script come by standard input, byte by byte, so that nothing of what follows them
// is swallowed.
constexpr std::string_view kCommand =
    "exec env LC_ALL=C sh -c 'IFS= read -r m && IFS= read -r n && "
    "s=$(dd bs=1 count=\"$n\" 2>/dev/null) && printf \"%s\\n\" \"$m\" && eval \"$s\"'";

constexpr std::size_t kNoiseBytes = std::size_t{256} << 10U;  // of start-up files
constexpr std::size_t kSaidBytes = 8192;                      // of standard error, the last ones
constexpr auto kLastWordsPatience = std::chrono::milliseconds(3000);
constexpr auto kEndPatience = std::chrono::milliseconds(2000);
constexpr auto kPause = std::chrono::milliseconds(5);

std::string make_marker() {
  std::string bytes(16, '\0');
  KernelRandom().fill(std::as_writable_bytes(std::span(bytes)));
  return text::to_hex(bytes);
}

// The last line that tells something.
std::string last_line_of(std::string_view said) {
  auto lines = text::split(said, '\n');
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    std::string_view trimmed = text::trim(*line);
    if (trimmed.starts_with("ssh: ")) {
      trimmed.remove_prefix(5);
    }
    if (!trimmed.empty()) {
      return std::string(trimmed);
    }
  }
  return "";
}

struct Started {
  std::shared_ptr<SshProcess> process;
  std::unique_ptr<FdStream> stream;
};

Result<Started> start(const std::vector<std::string>& command_line, bool may_prompt) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno(errno, "socketpair");
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  CP_TRY_ASSIGN(Pipe errors, make_pipe());
  UniqueFd ending(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  // In our own group it may ask on the terminal; elsewhere a Ctrl-C there is ours alone.
  const auto pid = spawn({.argv = command_line,
                          .environment = std::nullopt,
                          .standard_input = theirs.get(),
                          .standard_output = theirs.get(),
                          .standard_error = errors.write.get(),
                          .own_group = !may_prompt});
  if (!pid) {
    return fail(Errc::unavailable, "{}", pid.error().message);
  }
  auto process = std::make_shared<SshProcess>(*pid, std::move(errors.read), std::move(ending));
  CP_TRY_ASSIGN(auto stream, FdStream::make(std::move(ours), {}, process));
  return Started{std::move(process), std::move(stream)};
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Reads up to and with the line that is MARKER; noise before it need not end its line.
Result<void> skip_noise(Stream& stream, std::string_view marker, SteadyTime deadline) {
  const std::string wanted = std::string(marker) + "\n";
  std::string tail;
  for (std::size_t seen = 0; seen < kNoiseBytes; ++seen) {
    // One byte at a time, since what follows the marker is not ours to read.
    std::byte byte{};
    CP_TRY_ASSIGN(const std::size_t count, deadline == SteadyTime::max()
                                               ? stream.receive_all(std::span(&byte, 1))
                                               : stream.receive_all(std::span(&byte, 1), deadline));
    if (count == 0) {
      return fail(Errc::unavailable, "the connection is cut");
    }
    tail += static_cast<char>(byte);
    if (tail.size() > wanted.size()) {
      tail.erase(0, tail.size() - wanted.size());
    }
    if (tail == wanted) {
      return {};
    }
  }
  return fail(Errc::protocol, "start-up files of the far end print too much");
}

}  // namespace

SshProcess::SshProcess(pid_t pid, UniqueFd errors, UniqueFd ending)
    : pid_(pid), errors_(std::move(errors)), ending_(std::move(ending)) {
  listener_ = std::thread([this] { listen(); });
}

SshProcess::~SshProcess() {
  for (const int signal_number : {0, SIGTERM, SIGKILL}) {
    if (signal_number != 0) {
      ::kill(pid_, signal_number);
    }
    if (has_ended_within(kEndPatience)) {
      break;
    }
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(ending_.get(), &one, sizeof one) == 0);
  listener_.join();
}

// Not until the end of the pipe: a process of ssh that stays in the background may hold it.
void SshProcess::listen() {
  std::array<pollfd, 2> polls{pollfd{errors_.get(), POLLIN, 0}, pollfd{ending_.get(), POLLIN, 0}};
  std::array<char, 4096> buffer{};
  while (::poll(polls.data(), polls.size(), -1) < 0 || polls[1].revents == 0) {
    const auto count = read_some(errors_.get(), buffer);
    const std::scoped_lock lock(mutex_);
    if (!count || *count == 0) {
      heard_all_ = true;
      heard_.notify_all();
      return;
    }
    said_.append(buffer.data(), *count);
    said_.erase(0, said_.size() - std::min(said_.size(), kSaidBytes));
  }
}

bool SshProcess::has_ended_within(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  std::unique_lock lock(mutex_);
  while (!status_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != 0) {
      status_ = status;
    } else if (std::chrono::steady_clock::now() >= end) {
      return false;
    } else {
      lock.unlock();
      std::this_thread::sleep_for(kPause);
      lock.lock();
    }
  }
  return true;
}

std::optional<Error> SshProcess::last_words() {
  static_cast<void>(has_ended_within(kLastWordsPatience));
  // What it said last may still be on its way through the pipe.
  std::unique_lock lock(mutex_);
  heard_.wait_for(lock, kLastWordsPatience, [this] { return heard_all_; });
  std::string line = last_line_of(said_);
  if (line.empty()) {
    return std::nullopt;
  }
  return Error{ssh_failure(said_), std::move(line), {}};
}

std::optional<Error> SshProcess::last_words(const SshHost& host) {
  auto words = last_words();
  if (words) {
    const std::scoped_lock lock(mutex_);
    words->hint = ssh_advice(host, said_);
  }
  return words;
}

Result<SshProgram> run_by_ssh(const SshSettings& settings, const SshHost& host, SshSharing sharing,
                              const std::string& control_path, std::string_view script,
                              std::chrono::nanoseconds patience, const std::stop_token& stop) {
  const bool may_prompt =
      settings.may_prompt && (sharing == SshSharing::master || sharing == SshSharing::kept);
  CP_TRY_ASSIGN(
      Started started,
      start(ssh_command_line(settings, host, sharing, control_path, kCommand), may_prompt));
  // It outlives the callback, which may still run while it is being returned.
  Stream& stream = *started.stream;
  const std::stop_callback interrupt(stop, [&stream] { stream.shutdown(); });
  const std::string marker = make_marker();
  const std::string opening = fmt::format("{}\n{}\n{}", marker, script.size(), script);
  const SteadyTime deadline =
      patience.count() == 0 ? SteadyTime::max() : SystemClock().steady() + patience;
  auto greeted = stream.send(bytes_of(opening));
  if (greeted) {
    greeted = skip_noise(stream, marker, deadline);
  }
  if (greeted) {
    return SshProgram{std::move(started.stream), std::move(started.process)};
  }
  if (stop.stop_requested()) {
    return fail(Errc::timed_out, "interrupted");
  }
  if (greeted.error().code != Errc::unavailable) {
    return tl::unexpected<Error>(greeted.error());
  }
  stream.shutdown();
  const auto words = started.process->last_words(host);
  return tl::unexpected<Error>(words.value_or(greeted.error()));
}

}  // namespace cp::net
