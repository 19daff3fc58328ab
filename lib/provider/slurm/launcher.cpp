// SPDX-License-Identifier: Apache-2.0
#include "provider/slurm/launcher.hpp"

#include "base/file.hpp"
#include "base/text.hpp"
#include "provider/script.hpp"
#include "provider/shell/job_root.hpp"
#include "provider/shell/wrapper.hpp"
#include "provider/slurm/catalog.hpp"
#include "provider/slurm/queue.hpp"
#include "provider/slurm/request.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <unistd.h>

namespace cp::provider::slurm {
namespace {

using namespace std::chrono_literals;
using shell::word_of;

// How long what was asked of the cluster's hardware stays true enough.
constexpr auto kClusterAge = 60s;
// Each look costs the cluster's controller work, whoever looks.
constexpr auto kPictureAge = 1s;
// What a login gives those who do not bring their own surroundings.
constexpr std::string_view kLogin = "HOME USER LOGNAME SHELL LANG PATH";

// Whoever holds the lock is calling sbatch, which goes on holding it when this script is killed.
// What sbatch said where it failed decides whether the job may come all the same; where it may not,
// the fence is taken, so that it never runs, whatever sbatch meant.
constexpr std::string_view kSubmit = R"sh(
if command -v flock >/dev/null 2>&1; then
  exec 9>>"$d/lock"
  flock -n 9 || { echo busy; echo whole; exit 0; }
fi
if [ -e "$r/fences/$t" ]; then
  sed -n 's/^job /id /p' "$r/fences/$t"
  echo whole
  exit 0
fi
if [ -e "$d/submitted" ]; then
  q=$(squeue -h -t all -u "$(id -u)" -n "$name" -o %i 2>/dev/null) || { echo busy; echo whole; exit 0; }
  [ -z "$q" ] || { printf '%s\n' "$q" | sed -n '1s/^/id /p'; echo whole; exit 0; }
fi
date +%s >"$d/.submitted" && mv -f "$d/.submitted" "$d/submitted" || give_up "cannot write $d/submitted"
sync "$d/submitted" "$d" 2>/dev/null
log=$(printf %s "$d/log" | sed 's/%/%%/g')
q=$(env -i LC_ALL=C HOME="$HOME" PATH="$PATH" USER="$(id -un)" LOGNAME="$(id -un)" \
  ${SLURM_CONF:+SLURM_CONF="$SLURM_CONF"} \
  sbatch "$@" --chdir="$d" --output="$log" "$d/script" "$r" 2>"$d/.sbatch" </dev/null)
s=$?
if [ "$s" = 0 ]; then
  printf 'id %s\n' "${q%%;*}"
else
  case $(cat "$d/.sbatch") in
    *ocket* | *imed\ out* | *ontact* | *onnect* | *ransport* | *nreachable* | *emporarily* | '')
      printf 'unsure %s\n' "$(tr '\n' ' ' <"$d/.sbatch")" ;;
    *)
      take none 'job canceled'
      give_up "$(sed 's/^sbatch: error: //' "$d/.sbatch" | tr '\n' ' ')" ;;
  esac
fi
echo whole
)sh";

constexpr std::string_view kCancel = R"sh(
mkdir -p "$d" 2>/dev/null || give_up "cannot create $d"
if take none 'job canceled'; then
  if [ -e "$d/submitted" ]; then
    q=$(squeue -h -u "$(id -u)" -o '%i %j' 2>&1) || give_up "Slurm does not answer: $q"
    for i in $(printf '%s\n' "$q" | sed -n "s/^\([0-9]*\) .*\.$t\$/\1/p"); do scancel "$i" 2>/dev/null; done
  fi
elif ! [ -e "$d/ended" ]; then
  i=$(sed -n 's/^job //p' "$r/fences/$t")
  if [ "$i" != canceled ]; then
    [ -e "$d/cause" ] || echo canceled >"$d/cause"
    q=$(scancel "$i" 2>&1) || case $q in
      *nvalid\ job* | *lready\ complet*) ;;
      *) give_up "Slurm does not answer: $q" ;;
    esac
  fi
fi
echo whole
)sh";

class SlurmLauncher final : public Launcher {
 public:
  SlurmLauncher(Place place, std::string state_directory)
      : root_(std::move(place), std::move(state_directory), "slurm", prelude()) {}

  const Place* far() const override { return root_.far(); }

  Guarantee guarantee() const override { return Guarantee::exactly_once; }

  Result<void> admits(const model::JobResources& resources) override {
    CP_TRY_ASSIGN(const Cluster* const cluster, cluster_now({}));
    return slurm::admits(*cluster, resources);
  }

  Result<std::string> make_directory(const Token& token, const std::string& workdir,
                                     std::stop_token stop) override {
    return root_.make_directory(token, workdir, stop);
  }

  Result<std::string> submit(const Task& task, std::stop_token stop) override {
    covered_.erase(task.token);
    const Cluster* cluster = nullptr;
    if (needs_cluster(task.resources)) {
      CP_TRY_ASSIGN(cluster, cluster_now(stop));
    }
    CP_TRY_ASSIGN(const auto options, options_of(task, cluster));
    const std::string wrapper = shell::wrapper(
        shell::with_token(task), {"SLURM_JOB_ID", "SLURM", root_.far() != nullptr ? kLogin : ""});
    std::string script =
        shell::place_script(wrapper.size(), task.standard_output, task.standard_error);
    script += std::string(shell::take_function()) + "set --";
    for (const std::string& option : options) {
      script += " " + word_of(option);
    }
    script += "\nname=" + word_of(job_name(task)) + "\n";
    auto said = root_.run(task.token, script + std::string(kSubmit), stop, wrapper);
    return said ? understand(*said) : shell::perhaps_done(std::move(said.error()));
  }

  Result<Found> find(const Token& token, std::stop_token stop) override {
    const std::string& root = root_.path();
    if (!root.empty() && ::access(path_join(root, token + "/submitted").c_str(), F_OK) != 0 &&
        ::access(path_join(root, "fences/" + token).c_str(), F_OK) != 0) {
      return Found{Found::Verdict::absent, {}, {}, {}};
    }
    CP_TRY_ASSIGN(const Picture picture, look(std::array{token}, stop));
    const auto known = picture.seen.find(token);
    if (known == picture.seen.end()) {
      return Found{Found::Verdict::absent, {}, {}, {}};
    }
    const Seen& seen = known->second;
    if (!seen.fence.empty() || !seen.rows.empty()) {
      const std::string id = seen.fence.empty() ? seen.rows.front().id : seen.fence;
      return Found{Found::Verdict::present, id, {}, seen.directory};
    }
    const auto settled = seen.submitted_at.value_or(UnixTime{}) + settle_time;
    if (seen.is_submitting || (seen.was_submitted && picture.now < settled)) {
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
      CP_TRY(remember_missing(out.back(), seen, stop));
    }
    return out;
  }

  bool answers_for_many() const override { return true; }

  Result<void> cancel(const Token& token, std::stop_token stop) override {
    covered_.erase(token);
    CP_TRY(root_.run(token, std::string(shell::take_function()) + std::string(kCancel), stop));
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
  static std::string prelude() {
    return std::string(command_prelude()) + "SLURM_TIME_FORMAT=%s; export SLURM_TIME_FORMAT\n";
  }

  static Result<std::string> understand(std::string_view said) {
    for (const std::string_view line : text::split(said, '\n')) {
      if (line.starts_with("id ")) {
        return std::string(line == "id canceled" ? "" : line.substr(3));
      }
      if (line.starts_with("unsure ")) {
        return fail(Errc::unavailable, "sbatch: {}", text::trim(line.substr(7)));
      }
    }
    return fail(Errc::unavailable, "another process is submitting this job");
  }

  Result<Picture> look(std::span<const Token> tokens, const std::stop_token& stop) {
    std::string input;
    for (const Token& token : tokens) {
      input += token + "\n";
    }
    CP_TRY_ASSIGN(const std::string output, root_.ask("", ask_script(), stop, input));
    return read_picture(output);
  }

  // Since when a job is missing stands beside it, for whoever asks next; one that is given up
  // without having run never runs.
  Result<void> remember_missing(const Observation& now, const Seen& seen,
                                const std::stop_token& stop) {
    const bool is_missing =
        now.native_state == "absent" && (seen.was_submitted || !seen.fence.empty());
    if (is_missing && !seen.missed_since) {
      CP_TRY(root_.run(now.token, "date +%s >\"$d/missed\"; echo whole\n", stop));
    } else if (is_missing && now.never_ran) {
      CP_TRY(
          root_.run(now.token, std::string(shell::take_function()) + std::string(kCancel), stop));
    } else if (!is_missing && seen.missed_since) {
      CP_TRY(root_.run(now.token, "rm -f \"$d/missed\"; echo whole\n", stop));
    }
    return {};
  }

  Result<const Cluster*> cluster_now(const std::stop_token& stop) {
    const SteadyTime now = SystemClock().steady();
    if (!cluster_ || now - asked_ > kClusterAge) {
      CP_TRY_ASSIGN(cluster_, ask(root_.place(), stop));
      asked_ = now;
    }
    return &*cluster_;
  }

  shell::JobRoot root_;
  std::optional<Cluster> cluster_;
  SteadyTime asked_{};
  Picture picture_;
  std::set<Token> covered_;  ///< by picture_
  SteadyTime looked_{};
};

}  // namespace

Result<std::unique_ptr<Launcher>> make_launcher(const ProviderUrl& url,
                                                const LauncherSettings& settings) {
  CP_TRY_ASSIGN(auto host, host_of(url));
  return std::make_unique<SlurmLauncher>(Place{std::move(host), settings.ssh, settings.patience},
                                         settings.state_directory);
}

}  // namespace cp::provider::slurm
