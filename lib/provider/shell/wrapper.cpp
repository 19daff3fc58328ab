// SPDX-License-Identifier: Apache-2.0
#include "provider/shell/wrapper.hpp"

#include "base/text.hpp"

#include <fmt/core.h>

#include <chrono>
#include <span>

namespace cp::provider::shell {
namespace {

constexpr std::string_view kTake = R"sh(
take() {
  n=$1.$(od -An -N10 -tx1 </dev/urandom | tr -d ' \n')
  f=$r/fences/$t
  printf 'nonce %s\n%s\n.\n' "$n" "$2" >"$r/fences/.$n" || return 2
  ln "$r/fences/.$n" "$f" 2>/dev/null || [ -e "$f" ] ||
    { mkdir "$r/fences/.$t" 2>/dev/null && mv "$r/fences/.$n" "$f"; }
  rm -f "$r/fences/.$n"
  [ "$(sed -n 's/^nonce //p' "$f" 2>/dev/null)" = "$n" ] || return 1
  sync "$f" "$r/fences" 2>/dev/null || :
}
)sh";

constexpr std::string_view kSelf = R"sh(
boot() {
  x=-
  { read -r x </proc/sys/kernel/random/boot_id; } 2>/dev/null
  echo "$x"
}
begun() {
  x=-
  { read -r x <"/proc/$1/stat"; } 2>/dev/null
  x=${x##*) }
  case $x in
    [ZX]' '*) echo ended ;;
    *' '*) echo "$x" | cut -d' ' -f20 ;;
    *) echo - ;;
  esac
}
)sh";

// What the job has started is found by its token, also where it has left its session, as far as
// /proc shows it.
constexpr std::string_view kEnding = R"sh(
others() {
  for p in /proc/[0-9]*; do
    [ -O "$p" ] && tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -qx "CP_JOB_TOKEN=$t" &&
      echo "${p#/proc/}"
  done
}
tell_all() { for q in $(others); do kill "$1" "$q" 2>/dev/null; done; }
end_left() {
  i=0
  while [ "$i" -lt 20 ] && [ -n "$(others)" ]; do
    tell_all -KILL
    i=$((i + 1))
  done
}
)sh";

// `put` makes a record whole or not at all.
constexpr std::string_view kFunctions = R"sh(
now() { date +%s; }
uptime() { read -r u _ </proc/uptime 2>/dev/null || u=$(date +%s); echo "$u"; }
put() {
  cat >"$d/.$1.$j" && { sync "$d/.$1.$j" 2>/dev/null || :; } && mv -f "$d/.$1.$j" "$d/$1"
}
stop() {
  [ -e "$d/cause" ] || echo "$1" >"$d/cause"
  tell_all -TERM
  sleep "$grace" & k=$!
  wait $k
  tell_all -KILL
}
# A shell of its own, so that what it waits for ends with it.
after() {
  trap 'kill $k 2>/dev/null; exit' USR1
  while :; do
    : >"$d/.seen"
    sleep "$2" & k=$!
    wait $k
    [ "$1" = lease ] && [ -n "$(find "$d/lease" -newer "$d/.seen" 2>/dev/null)" ] || break
  done
  stop "$1"
}
line() { printf %s "$1" | tr '\n' ' '; }
never() {
  {
    printf 'at %s\nexecuted 0\nmessage %s\n' "$(now)" "$(line "$1")"
    [ ! -e "$d/cause" ] || printf 'cause %s\n' "$(cat "$d/cause")"
    echo .
  } | put ended
  exit 1
}
)sh";

constexpr std::string_view kBegin = R"sh(
if [ "${2-}" = stop ]; then
  stop canceled
  exit 0
fi
take "$j" "job $j
host $(uname -n)
boot $(boot)
start $(begun $$)" || exit 0
[ "${2-}" != run ] || exec 3>&-
)sh";

// Its standard streams are the job's; 9 tells the wrapper what became of the call of exec, which is
// closed when that succeeds.
constexpr std::string_view kLaunch = R"sh(
failed() { s=$?; echo failed >&9; exit $s; }
trap failed EXIT
if command -v shopt >/dev/null 2>&1; then shopt -s execfail; fi
exec "$@" 9>&-
failed
)sh";

// What the shell says when it cannot open or execute something belongs to nobody's output.
constexpr std::string_view kRun = R"sh(
case $w in
  "$d/work"/* | "$(cd "$d/work" 2>/dev/null && pwd -P)"/*) mkdir -p "$w" 2>/dev/null ;;
esac
cd "$w" 2>/dev/null || never "cannot enter $w"
[ -r "$in" ] || never "cannot read $in"
for o in "$out" "$err"; do
  (: >"$o") 2>/dev/null || never "cannot write $(readlink "$o" || echo "$o")"
done
[ ! -e "$d/cause" ] || never "canceled before it began"
trap : HUP INT TERM
from=$(now) u0=$(uptime) watchers=
[ -z "$limit" ] || { after time_limit "$limit" & watchers=$!; }
[ -z "$lease" ] || { after lease "$lease" & watchers="$watchers $!"; }
printf 'at %s\n.\n' "$from" | put started || exit 1
([ -z "$drop" ] || rm -f "$in"; program "$@") <"$in" >>"$out" 2>>"$err" 9>"$d/.launch"
s=$? u1=$(uptime)
trap '' HUP INT TERM
for q in $watchers; do kill -USR1 "$q" 2>/dev/null; done
end_left
times >"$d/.times"
{
  printf 'at %s\nstarted %s\nran %s %s\n' "$(now)" "$from" "$u0" "$u1"
  if [ -s "$d/.launch" ]; then
    case $named in */*) [ ! -e "$named" ] || s=126 ;; esac
    printf 'executed 0\nmessage cannot execute %s\n' "$(line "$named")"
  fi
  printf 'exit %s\n' "$s"
  [ ! -e "$d/cause" ] || printf 'cause %s\n' "$(cat "$d/cause")"
  sed -n '2s/^/times /p' "$d/.times"
  echo .
} | put ended
exit "$s"
)sh";

std::string seconds_of(const std::optional<std::chrono::nanoseconds>& time) {
  return time ? fmt::format("{:.3f}", std::chrono::duration<double>(*time).count()) : "";
}

// sbatch refuses a script that seems to have lines of DOS: $cr holds the character.
std::string plain_word(std::string_view word) {
  return text::replace_all(word_of(word), "\r", "'\"$cr\"'");
}

std::string words(std::span<const std::string> all) {
  std::string out;
  for (const std::string& word : all) {
    out += " " + plain_word(word);
  }
  return out;
}

}  // namespace

std::string word_of(std::string_view word) {
  return "'" + text::replace_all(word, "'", "'\\''") + "'";
}

std::string at_job(const std::string& path) {
  if (path.starts_with('/')) {
    return plain_word(path);
  }
  return "$d/work" + (path.empty() ? "" : "/" + plain_word(path));
}

std::string_view take_function() { return kTake; }

std::string_view self_functions() { return kSelf; }
std::string_view ending_functions() { return kEnding; }

std::string wrapper(const Task& task, const Surroundings& around) {
  const std::string number =
      around.job_id.empty() ? "$$" : fmt::format("${{{}:-$$}}", around.job_id);
  std::string out = fmt::format(
      "#!/bin/sh\ncr=$(printf '\\r')\nr=$1 t={} j={}\nd=$r/$t\nw={} in={} named={}\n"
      "out=$d/stdout err=$d/stderr grace={} limit={} lease={} drop={}\numask 077\n",
      task.token, number, at_job(task.directory),
      task.standard_input.empty() ? "/dev/null" : at_job(task.standard_input),
      plain_word(task.executable), seconds_of(task.grace), seconds_of(task.time_limit),
      seconds_of(task.lease), task.input_is_copy ? "1" : "");
  out.append(kTake).append(kSelf).append(kEnding).append(kFunctions).append(kBegin);
  // What the batch system says of the allocation reaches the program, where the job does not say
  // otherwise.
  const std::string kept =
      around.kept.empty() ? ""
                          : fmt::format("-e 's/^\\({}[A-Za-z0-9_]*\\)=.*/\\1/p' ", around.kept);
  out += fmt::format(
      "set --\nfor v in $(env | sed -n {}"
      "-e 's/^\\([A-Z]*_VISIBLE_DEVICES\\)=.*/\\1/p' -e 's/^\\(TMPDIR\\)=.*/\\1/p') {}; do\n"
      "  eval \"[ -z \\\"\\${{$v+x}}\\\" ] || set -- \\\"\\$@\\\" \\\"$v=\\$$v\\\"\"\ndone\n",
      kept, around.login);
  out += "program() {\n  exec env -i \"$@\"" + words(task.environment) + " /bin/sh -c " +
         word_of(kLaunch) + " sh " + plain_word(task.executable) + words(task.arguments) + "\n}\n";
  out.append(kRun);
  return out;
}

}  // namespace cp::provider::shell
