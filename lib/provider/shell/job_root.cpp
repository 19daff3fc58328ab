// SPDX-License-Identifier: Apache-2.0
#include "provider/shell/job_root.hpp"

#include "base/file.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "identity/sha256.hpp"
#include "provider/shell/wrapper.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <span>

namespace cp::provider::shell {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kWhole = "whole\n";
constexpr std::string_view kElsewhere = "elsewhere\n";
constexpr auto kFirstPause = 1s;
constexpr std::chrono::nanoseconds kLongestPause = 30s;
constexpr std::size_t kIdentityBytes = 16;
constexpr std::size_t kLogBytes = std::size_t{1} << 20U;

constexpr std::string_view kFunctions = R"sh(
umask 077
give_up() { printf 'failed %s\n' "$1"; exit 0; }
)sh";

// Whoever comes first gives the directory its name.
constexpr std::string_view kIntroduce = R"sh(
mkdir -p "$r/fences" 2>/dev/null || give_up "cannot create $r"
if ! [ -e "$r/.id" ]; then
  echo "$new" >"$r/.id.$new" || give_up "cannot write $r/.id"
  ln "$r/.id.$new" "$r/.id" 2>/dev/null || [ -e "$r/.id" ] || mv "$r/.id.$new" "$r/.id"
  rm -f "$r/.id.$new"
  sync "$r/.id" "$r" 2>/dev/null || :
fi
cat "$r/.id" && echo whole
)sh";

constexpr std::string_view kMakeDirectory = R"sh(
mkdir -p "$d" 2>/dev/null || give_up "cannot create $d"
if ! [ -e "$d/work" ]; then
  if [ -z "$w" ]; then
    mkdir "$d/work" 2>/dev/null || [ -d "$d/work" ] || give_up "cannot create $d/work"
  else
    mkdir -p "$w/$t" 2>/dev/null || give_up "cannot create $w/$t"
    ln -s "$w/$t" "$d/work" 2>/dev/null
  fi
fi
)sh";

constexpr std::string_view kTellDirectory = R"sh(
(cd "$d/work" && pwd -P) && echo whole
)sh";

// A script that was cut on its way is no script.
constexpr std::string_view kPlaceScript = R"sh(
cat >"$d/.script.$$" || give_up "cannot write $d/script"
if [ $(($(wc -c <"$d/.script.$$"))) -ne "$bytes" ]; then
  rm -f "$d/.script.$$"
  echo busy
  echo whole
  exit 0
fi
)sh";

constexpr std::string_view kTakeScript = R"sh(
mv -f "$d/.script.$$" "$d/script" || give_up "cannot write $d/script"
[ -z "$out" ] || ln -sf "$out" "$d/stdout"
[ -z "$err" ] || ln -sf "$err" "$d/stderr"
)sh";

constexpr std::string_view kRemove = R"sh(
if o=$(cd "$d/work" 2>/dev/null && pwd -P); then
  case $o in
    */"$t" | */"$t"/work) rm -rf "$o" "$d/work" || give_up "cannot remove $o" ;;
  esac
fi
echo whole
)sh";

constexpr std::string_view kRemoveEmpty = R"sh(
if o=$(cd "$d/work" 2>/dev/null && pwd -P); then
  case $o in
    */"$t" | */"$t"/work)
      rmdir "$o" 2>/dev/null || give_up "$o is not empty"
      rm -f "$d/work" ;;
  esac
fi
echo whole
)sh";

constexpr std::string_view kReadLog = R"sh(
[ -e "$f" ] || { echo none; echo whole; exit 0; }
n=0
if [ -f "$f" ]; then
  n=$(($(wc -c <"$f") - o))
  [ "$n" -le "$m" ] || n=$m
  [ "$n" -gt 0 ] || n=0
fi
echo "bytes $n"
[ "$n" = 0 ] || tail -c "+$((o + 1))" "$f" | head -c "$n"
echo whole
)sh";

std::string random_name() {
  std::string bytes(kIdentityBytes, '\0');
  KernelRandom().fill(std::as_writable_bytes(std::span(bytes)));
  return text::to_hex(bytes);
}

bool is_identity(std::string_view text) {
  return text.size() == 2 * kIdentityBytes && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string stream_of(const std::string& path) {
  // Relative links lie in the job's directory.
  return path.empty() ? "''" : path.starts_with('/') ? word_of(path) : word_of("work/" + path);
}

// Reads on from a file that another writes.
class FileReader final : public LogReader {
 public:
  explicit FileReader(UniqueFd fd) : fd_(std::move(fd)) {}
  Result<std::size_t> read(std::span<char> out) override { return read_some(fd_.get(), out); }

 private:
  UniqueFd fd_;
};

// The same on another host, a block for each call there.
class FarReader final : public LogReader {
 public:
  FarReader(JobRoot& root, Token token, std::string_view name)
      : root_(root), token_(std::move(token)), name_(name) {}

  Result<std::size_t> read(std::span<char> out) override {
    if (block_.empty() && !std::exchange(is_drained_, false)) {
      CP_TRY(fetch());
    }
    const std::size_t count = std::min(out.size(), block_.size());
    std::ranges::copy_n(block_.begin(), static_cast<std::ptrdiff_t>(count), out.begin());
    block_.erase(0, count);
    return count;
  }

  Result<void> fetch() {
    const std::string script =
        fmt::format("f=$d/{} o={} m={}", name_, offset_, kLogBytes).append(kReadLog);
    CP_TRY_ASSIGN(const std::string said, root_.run(token_, script, {}));
    if (said == "none\n") {
      return fail(Errc::not_found, "the job has no {}", name_);
    }
    const auto line = text::cut(said, '\n');
    const auto count = line && line->before.starts_with("bytes ")
                           ? text::to_int(line->before.substr(6))
                           : std::nullopt;
    if (!count || static_cast<std::int64_t>(line->after.size()) != *count) {
      return fail(Errc::unavailable, "a piece of the job's {} did not come whole", name_);
    }
    block_ = line->after;
    offset_ += *count;
    // Nobody has to ask again to hear that there is no more.
    is_drained_ = block_.size() < kLogBytes;
    return {};
  }

 private:
  JobRoot& root_;
  Token token_;
  std::string_view name_;
  std::int64_t offset_ = 0;
  std::string block_;
  bool is_drained_ = false;
};

}  // namespace

JobRoot::JobRoot(Place place, std::string state_directory, std::string name,
                 std::string_view prelude)
    : place_(std::move(place)),
      state_directory_(std::move(state_directory)),
      name_(std::move(name)),
      prelude_(prelude) {
  if (!place_.host) {
    path_ = path_join(state_directory_, name_);
  }
}

std::string JobRoot::memory() const {
  const std::string digest = identity::sha256({name_, " ", place_.host->to_string()});
  return path_join(state_directory_, "far/" + text::to_hex(digest.substr(0, kIdentityBytes)));
}

Result<std::string> JobRoot::call(std::string_view script, const std::stop_token& stop,
                                  std::string_view input) {
  const auto now = [] { return SystemClock().steady(); };
  if (failure_ && now() < not_before_) {
    return tl::unexpected<Error>(*failure_);
  }
  auto said = run_script(place_, script, stop, input);
  if (said || !place_.host || stop.stop_requested()) {
    failure_.reset();
    pause_ = {};
    return said;
  }
  pause_ = pause_.count() == 0 ? kFirstPause : std::min(2 * pause_, kLongestPause);
  not_before_ = now() + pause_;
  failure_ = said.error();
  return said;
}

Result<std::string> JobRoot::identity(const std::stop_token& stop) {
  if (!identity_.empty()) {
    return identity_;
  }
  const std::string file = memory();
  const auto known = read_file(file, 2 * kIdentityBytes + 1);
  if (!known && known.error().code != Errc::not_found) {
    return tl::unexpected<Error>(known.error());
  }
  if (known && is_identity(text::trim(*known))) {
    identity_ = text::trim(*known);
    return identity_;
  }
  const std::string script = std::string(kFunctions) + "r=$HOME/.local/state/cptools/" + name_ +
                             "\nnew=" + random_name() + std::string(kIntroduce);
  CP_TRY_ASSIGN(const std::string said, call(script, stop, {}));
  if (said.starts_with("failed ")) {
    return fail(Errc::failed, "{}: {}", place_.host->to_string(), text::trim(said.substr(7)));
  }
  const auto line = text::cut(said, '\n');
  if (!line || !is_identity(line->before) || line->after != kWhole) {
    return fail(Errc::unavailable, "{}: what was asked ends early", place_.host->to_string());
  }
  CP_TRY(make_directories(parent_of(file), 0700));
  CP_TRY(write_file(file, std::string(line->before) + "\n", 0600));
  identity_ = line->before;
  return identity_;
}

Result<std::string> JobRoot::beginning(const Token& token, const std::stop_token& stop) {
  std::string out = prelude_;
  out += kFunctions;
  if (!place_.host) {
    out += "r=" + word_of(path_) + "\nmkdir -p \"$r/fences\" 2>/dev/null || " +
           "give_up \"cannot create $r\"\n";
  } else {
    CP_TRY_ASSIGN(const std::string known, identity(stop));
    out += "r=$HOME/.local/state/cptools/" + name_ +
           "\nx=\n{ read -r x <\"$r/.id\"; } 2>/dev/null\n[ \"$x\" = " + known +
           " ] || { echo elsewhere; exit 0; }\n";
  }
  return out + "t=" + token + "\nd=$r/$t\n";
}

Result<std::string> JobRoot::ask(const Token& token, std::string_view script,
                                 const std::stop_token& stop, std::string_view input) {
  CP_TRY_ASSIGN(const std::string begin, beginning(token, stop));
  CP_TRY_ASSIGN(std::string said, call(begin + std::string(script), stop, input));
  if (said == kElsewhere) {
    return with_hint(fail(Errc::unavailable,
                          "{}: ~/.local/state/cptools/{} is not there, or not the one of before",
                          place_.host->to_string(), name_),
                     "if it will not come back, remove " + memory());
  }
  return said;
}

Result<std::string> JobRoot::run(const Token& token, std::string_view script,
                                 const std::stop_token& stop, std::string_view input) {
  CP_TRY_ASSIGN(std::string said, ask(token, script, stop, input));
  if (said.starts_with("failed ")) {
    const std::string_view reason = text::trim(std::string_view(said).substr(7));
    return fail(reason.starts_with("Slurm does not answer") ? Errc::unavailable : Errc::failed,
                "{}", reason);
  }
  if (!said.ends_with(kWhole)) {
    return fail(Errc::unavailable, "what was asked ends early");
  }
  said.resize(said.size() - kWhole.size());
  return said;
}

Result<std::string> JobRoot::make_directory(const Token& token, const std::string& workdir,
                                            const std::stop_token& stop) {
  const std::string script = "w=" + word_of(workdir) + std::string(kMakeDirectory);
  CP_TRY_ASSIGN(std::string path, run(token, script + std::string(kTellDirectory), stop));
  if (path.ends_with('\n')) {
    path.pop_back();
  }
  return path.starts_with('/') ? Result<std::string>(std::move(path))
                               : fail(Errc::protocol, "no directory was told");
}

Result<void> JobRoot::renew(const Token& token) {
  CP_TRY(run(token,
             "touch \"$d/lease\" 2>/dev/null || give_up \"cannot renew $d/lease\"; echo whole\n",
             {}));
  return {};
}

Result<void> JobRoot::remove_directory(const Token& token, const std::stop_token& stop) {
  CP_TRY(run(token, kRemove, stop));
  return {};
}

Result<void> JobRoot::remove_empty_directory(const Token& token, const std::stop_token& stop) {
  CP_TRY(run(token, kRemoveEmpty, stop));
  return {};
}

Result<std::unique_ptr<LogReader>> JobRoot::open_log(const Token& token, Stream stream) {
  const std::string_view name = stream == Stream::out ? "stdout" : "stderr";
  if (place_.host) {
    auto reader = std::make_unique<FarReader>(*this, token, name);
    CP_TRY(reader->fetch());
    return reader;
  }
  const std::string path = path_join(path_join(path_, token), name);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    return fail_errno(errno, "cannot open " + path);
  }
  return std::make_unique<FileReader>(std::move(fd));
}

std::string place_script(std::size_t bytes, const std::string& out, const std::string& err) {
  return fmt::format("w='' bytes={} out={} err={}", bytes, stream_of(out), stream_of(err))
      .append(kMakeDirectory)
      .append(kPlaceScript)
      .append(kTakeScript);
}

Task with_token(Task task) {
  std::string mark = "CP_JOB_TOKEN=" + task.token;
  if (std::ranges::find(task.environment, mark) == task.environment.end()) {
    task.environment.push_back(std::move(mark));
  }
  return task;
}

tl::unexpected<Error> perhaps_done(Error error) {
  if (error.code != Errc::failed) {
    error.code = Errc::unavailable;
  }
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace cp::provider::shell
