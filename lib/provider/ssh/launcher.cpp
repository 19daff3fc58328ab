// SPDX-License-Identifier: Apache-2.0
#include "provider/ssh/launcher.hpp"

#include "base/text.hpp"
#include "model/accelerators.hpp"
#include "provider/script.hpp"
#include "provider/shell/job_root.hpp"
#include "provider/shell/wrapper.hpp"
#include "provider/ssh/records.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

namespace cp::provider::ssh {
namespace {

using namespace std::chrono_literals;

// How long what was asked of the hardware stays true enough.
constexpr auto kHostAge = 60s;
constexpr auto kPictureAge = 1s;
constexpr std::string_view kLogin = "HOME USER LOGNAME SHELL LANG PATH";

// `detach` starts what is to outlive the connection and this shell.
constexpr std::string_view kDetach = R"sh(
detach() {
  if command -v setsid >/dev/null 2>&1; then
    setsid "$@" </dev/null &
  elif command -v nohup >/dev/null 2>&1; then
    nohup "$@" </dev/null &
  else
    (trap '' HUP; exec "$@" </dev/null) &
  fi
}
)sh";

// The job's shell holds descriptor 3, which is read to its end here, until it has its token or is
// no more: then it may be tried once again.
constexpr std::string_view kSubmit = R"sh(
if ! [ -e "$r/fences/$t" ]; then
  date +%s >"$d/.submitted" && mv -f "$d/.submitted" "$d/submitted" || give_up "cannot write $d/submitted"
  sync "$d/submitted" "$d" 2>/dev/null || :
  : "$( { detach sh "$d/script" "$r" run 3>&1 >>"$d/log" 2>&1; } )"
fi
if [ -e "$r/fences/$t" ]; then
  sed -n 's/^job /id /p' "$r/fences/$t"
elif mkdir "$d/failed" 2>/dev/null; then
  echo again
else
  give_up "its shell cannot begin: $(tail -n 1 "$d/log" 2>/dev/null)"
fi
echo whole
)sh";

// Who ends the job stays until its grace is over; one is enough.
constexpr std::string_view kCancel = R"sh(
mkdir -p "$d" 2>/dev/null || give_up "cannot create $d"
if ! take none 'job canceled' && ! [ -e "$d/ended" ]; then
  job='' host='' was=''
  while read -r x y; do
    case $x in job) job=$y ;; host) host=$y ;; boot) was=$y ;; esac
  done <"$r/fences/$t"
  if [ "$job" != canceled ] && [ "$was" = "$(boot)" ]; then
    [ "$host" = "$(uname -n)" ] || give_up "it runs on $host, and another machine answers"
    p=none y=none
    { read -r p y <"$d/stopper"; } 2>/dev/null
    if [ "$p" = none ] || [ "$(begun "$p")" != "$y" ] || ! kill -0 "$p" 2>/dev/null; then
      detach sh "$d/script" "$r" stop >/dev/null 2>&1
      p=$!
      echo "$p $(begun "$p")" >"$d/stopper"
    fi
  fi
fi
echo whole
)sh";

constexpr std::string_view kHost = R"sh(
echo "cores $(getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null)"
sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory \1/p' /proc/meminfo 2>/dev/null
if command -v nvidia-smi >/dev/null 2>&1; then
  nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | sed 's/^/card /'
fi
echo whole
)sh";

/// What the machine has; absent is unknown.
struct Host {
  std::optional<std::int64_t> cores;
  std::optional<std::int64_t> memory_bytes;
  std::vector<std::string> cards;
};

Host read_host(std::string_view said) {
  constexpr std::int64_t kib = 1024;
  constexpr std::int64_t most = std::int64_t{1} << 50;
  Host host;
  for (const std::string_view line : text::split(said, '\n')) {
    const auto cut = text::cut(line, ' ');
    const auto number = cut ? text::to_int(cut->after) : std::nullopt;
    if (cut && cut->before == "cores") {
      host.cores = number;
    } else if (cut && cut->before == "memory" && number && *number < most) {
      host.memory_bytes = *number * kib;
    } else if (cut && cut->before == "card") {
      host.cards.emplace_back(cut->after);
    }
  }
  return host;
}

bool is_wanted(const std::string& card, const model::JobResources& wanted) {
  const auto name = model::AcceleratorName::recognise(card);
  return wanted.gpu_models.empty() ||
         std::ranges::any_of(wanted.gpu_models, [&](const std::string& model) {
           const auto other = model::AcceleratorName::recognise(model);
           return other.is_in_table() && name.is_in_table()
                      ? std::ranges::includes(other.members(), name.members())
                      : other.text() == name.text();
         });
}

Result<void> has(const Host& host, const model::JobResources& wanted) {
  if (wanted.nodes > 1) {
    return fail(Errc::failed, "it is one machine, and the job wants {}", wanted.nodes);
  }
  if (host.cores && wanted.cores_per_node() > *host.cores) {
    return fail(Errc::failed, "it has {} cores, and the job wants {}", *host.cores,
                wanted.cores_per_node());
  }
  if (host.memory_bytes && wanted.memory_bytes.value_or(0) > *host.memory_bytes) {
    return fail(Errc::failed, "it has {} bytes of memory, and the job wants {}", *host.memory_bytes,
                *wanted.memory_bytes);
  }
  const auto cards = std::ranges::count_if(
      host.cards, [&](const std::string& card) { return is_wanted(card, wanted); });
  if (wanted.gpus > cards) {
    return fail(Errc::failed, "it has {} such accelerators, and the job wants {}", cards,
                wanted.gpus);
  }
  return {};
}

class SshLauncher final : public Launcher {
 public:
  SshLauncher(Place place, std::string state_directory)
      : root_(std::move(place), std::move(state_directory), "ssh", "") {}

  Guarantee guarantee() const override { return Guarantee::exactly_once; }
  const Place* far() const override { return root_.far(); }

  Result<void> admits(const model::JobResources& resources) override {
    const SteadyTime now = SystemClock().steady();
    if (!host_ || now - asked_ > kHostAge) {
      CP_TRY_ASSIGN(const std::string said, root_.run("", kHost, {}));
      host_ = read_host(said);
      asked_ = now;
    }
    return has(*host_, resources);
  }

  Result<std::string> make_directory(const Token& token, const std::string& workdir,
                                     std::stop_token stop) override {
    return root_.make_directory(token, workdir, stop);
  }

  Result<std::string> submit(const Task& task, std::stop_token stop) override {
    covered_.erase(task.token);
    const std::string wrapper = shell::wrapper(shell::with_token(task), {"", "", kLogin});
    const std::string script =
        shell::place_script(wrapper.size(), task.standard_output, task.standard_error)
            .append(kDetach)
            .append(kSubmit);
    auto said = root_.run(task.token, script, stop, wrapper);
    if (!said) {
      return shell::perhaps_done(std::move(said.error()));
    }
    const std::string_view line = text::trim(*said);
    if (!line.starts_with("id ")) {
      return fail(Errc::unavailable, "its shell did not begin");
    }
    return std::string(line == "id canceled" ? "" : line.substr(3));
  }

  Result<Found> find(const Token& token, std::stop_token stop) override {
    CP_TRY_ASSIGN(const Picture picture, look(std::array{token}, stop));
    const auto known = picture.seen.find(token);
    if (known == picture.seen.end()) {
      return Found{Found::Verdict::absent, {}, {}, {}};
    }
    const Seen& seen = known->second;
    if (!seen.fence.empty()) {
      return Found{Found::Verdict::present, seen.fence, {}, seen.directory};
    }
    if (seen.submitted_at && picture.now < *seen.submitted_at + settle_time) {
      return Found{Found::Verdict::unsure, {}, SystemClock().now() + settle_time, {}};
    }
    return Found{Found::Verdict::absent, {}, {}, {}};
  }

  Result<std::vector<Observation>> query(std::span<const Token> tokens,
                                         std::stop_token stop) override {
    const SteadyTime now = SystemClock().steady();
    const bool is_known =
        now - looked_ < kPictureAge &&
        std::ranges::all_of(tokens, [&](const Token& token) { return covered_.contains(token); });
    if (!is_known) {
      covered_.clear();
      CP_TRY_ASSIGN(picture_, look(tokens, stop));
      covered_.insert(tokens.begin(), tokens.end());
      looked_ = now;
    }
    std::vector<Observation> out;
    for (const Token& token : tokens) {
      const auto known = picture_.seen.find(token);
      const Seen seen = known == picture_.seen.end() ? Seen{} : known->second;
      out.push_back(observe(token, seen, picture_.now));
      if (out.back().native_state == "absent" && out.back().never_ran) {
        CP_TRY(cancel(token, stop));  // so that it never runs
      }
    }
    return out;
  }

  bool answers_for_many() const override { return true; }

  Result<void> cancel(const Token& token, std::stop_token stop) override {
    covered_.erase(token);
    const std::string script = std::string(shell::take_function())
                                   .append(shell::self_functions())
                                   .append(kDetach)
                                   .append(kCancel);
    CP_TRY(root_.run(token, script, stop));
    return {};
  }

  Result<void> renew(const Token& token) override { return root_.renew(token); }

  Result<std::unique_ptr<LogReader>> open_log(const Token& token, Stream stream) override {
    return root_.open_log(token, stream);
  }

  Result<void> remove_directory(const Token& token, std::stop_token stop) override {
    return root_.remove_directory(token, stop);
  }

  Result<void> remove_empty_directory(const Token& token, std::stop_token stop) override {
    return root_.remove_empty_directory(token, stop);
  }

  std::chrono::nanoseconds poll_interval() const override { return 2s; }

 private:
  Result<Picture> look(std::span<const Token> tokens, const std::stop_token& stop) {
    std::string input;
    for (const Token& token : tokens) {
      input += token + "\n";
    }
    CP_TRY_ASSIGN(const std::string output, root_.ask("", ask_script(), stop, input));
    return read_picture(output);
  }

  shell::JobRoot root_;
  std::optional<Host> host_;
  SteadyTime asked_{};
  Picture picture_;
  std::set<Token> covered_;  ///< by picture_
  SteadyTime looked_{};
};

}  // namespace

Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings) {
  CP_TRY_ASSIGN(auto host, host_of_url(url.rest));
  if (!host) {
    return with_hint(fail(Errc::usage, "{} names no host", url.to_string()),
                     "ssh://[user@]host[:port], as ssh takes them");
  }
  return std::make_unique<SshLauncher>(Place{std::move(host), settings.ssh, settings.patience},
                                       settings.state_directory);
}

}  // namespace cp::provider::ssh
