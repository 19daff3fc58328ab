# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every tool test stands on. A test begins with
#   . "$CP_SOURCE/tests/tools/harness.sh"
# and then runs in an empty directory of its own, with HOME, state, cache and configuration inside
# $TESTDIR, the built tools first in PATH, no CP_* of the caller, and /dev/null as standard input.
# Any command that fails unexpectedly ends the test. At exit the servers and whatever else the test
# started and left running are ended, and $TESTDIR is removed.
#
#   it "refuses a wrong code"          what the next lines show
#   expect_status 65 cpid check X      runs it; its output is in the files $STDOUT and $STDERR
#   expect_stdout TEXT                 the whole of it (trailing newlines apart); expect_stderr too
#   expect_match ERE [FILE]            a line of $STDOUT (or FILE) matches; expect_no_match
#   expect_json EXPR [FILE]            jq, where . is the first record and $all the array of all
#   expect_equal WANTED GOT [WHAT]     two strings
#   validate [FILE]                    each record fits its schema, and there is one at least
#   start_server NAME COMMAND…         in the background; output in $TESTDIR/NAME.out and NAME.err
#   wait_line NAME ERE                 prints the first line of either that matches, within 10 s
#   wait_port PORT                     until 127.0.0.1:PORT takes connections, within 10 s
#   wait_until COMMAND…                until it succeeds, within 10 s
#   stop_server NAME [SIGNAL]          ends it and waits for it; its exit status is in $STATUS
#   need PROGRAM…                      skips the test where one is missing
#   skip REASON, fail WHY
set -euo pipefail
exec </dev/null

: "${CP_BUILD:?is the build directory}" "${CP_SOURCE:?is the source directory}"
for name in "${!CP_@}" "${!XDG_@}" "${!LC_@}" NO_COLOR CLICOLOR COLUMNS LINES LANG LANGUAGE BASH_ENV; do
  case $name in
    CP_BUILD | CP_SOURCE) export -n "${name?}" ;; # for the test, not for the tools
    *) unset "$name" ;;
  esac
done
unset name
TESTDIR=$(mktemp -d "${TMPDIR:-/tmp}/cptools-test.XXXXXX")
export TESTDIR TZ=UTC LC_ALL=C.UTF-8 SHELL="$BASH" PATH="$CP_BUILD/bin:$PATH" HOME="$TESTDIR/home" \
  XDG_STATE_HOME="$TESTDIR/xdg/state" XDG_CACHE_HOME="$TESTDIR/xdg/cache" \
  XDG_CONFIG_HOME="$TESTDIR/xdg/config" XDG_DATA_HOME="$TESTDIR/xdg/data" \
  XDG_RUNTIME_DIR="$TESTDIR/xdg/run" CP_STATE_DIR="$TESTDIR/state"
mkdir -m 700 "$HOME" "$TESTDIR/work" "$TESTDIR/xdg" "$XDG_RUNTIME_DIR" "$CP_STATE_DIR"
STDOUT=$TESTDIR/stdout STDERR=$TESTDIR/stderr STATUS=0 SENTENCE='' RAN='' SKIPPED=''
: >"$STDOUT" 2>"$STDERR"
declare -A SERVERS=()
cd "$TESTDIR/work"

# Processes that still carry our TESTDIR in their environment were started by this test.
ours() { env -u TESTDIR grep -lsxzF "TESTDIR=$TESTDIR" /proc/[0-9]*/environ || true; }
end_the_rest() {
  local signal file
  for signal in TERM KILL; do
    for file in $(ours); do
      file=${file%/environ}
      kill -s "$signal" "${file#/proc/}" 2>/dev/null || true
    done
    for _ in {1..40}; do [ -n "$(ours)" ] || return 0; sleep 0.05; done
  done
}
at_exit() {
  local status=$?
  trap - EXIT
  # 77 is also how a tool says that something is denied: it skips nothing.
  [ $status -ne 77 ] || [ -n "$SKIPPED" ] || status=1
  [ $status -eq 0 ] || [ $status -eq 77 ] || echo "not ok: ${SENTENCE:-before the first sentence}"
  # sshd writes over its environment, by which the others are found.
  [ ${#SERVERS[@]} -eq 0 ] || kill "${SERVERS[@]}" 2>/dev/null || true
  end_the_rest
  chmod -R u+rwX "$TESTDIR" 2>/dev/null || true
  rm -rf "$TESTDIR"
  exit $status
}
trap at_exit EXIT
trap 'echo "line $LINENO: unexpected status $?: $BASH_COMMAND" >&2' ERR
trap 'exit 143' TERM INT HUP

show() { sed "s/^/    $1/" | head -n 40; }
fail() {
  printf 'FAILED: %s\n  %s\n' "$SENTENCE" "$1"
  if [ -n "$RAN" ]; then
    printf '  after: %s (status %s)\n' "$RAN" "$STATUS"
    show 'stdout: ' <"$STDOUT"
    show 'stderr: ' <"$STDERR"
  fi
  exit 1
} >&2
skip() { echo "skipped: $1"; SKIPPED=1; exit 77; }
need() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "$program is not installed"
    # What strace traces cannot be looked through for leaks.
    [ "$program" != strace ] || export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
  done
}
it() { SENTENCE=$1 RAN=''; echo "- $1"; }

expect_status() {
  local wanted=$1; shift
  RAN=$* STATUS=0
  "$@" >"$STDOUT" 2>"$STDERR" || STATUS=$?
  [ "$STATUS" -eq "$wanted" ] || fail "expected status $wanted, got $STATUS"
}
expect_equal() {
  [ "$1" = "$2" ] || fail "${3:-}${3:+: }expected and got (< >):
$(diff <(printf '%s\n' "$1") <(printf '%s\n' "$2"))"
}
expect_stdout() { expect_equal "$1" "$(cat "$STDOUT")" stdout; }
expect_stderr() { expect_equal "$1" "$(cat "$STDERR")" stderr; }
expect_match() { grep -qE -e "$1" "${2:-$STDOUT}" || fail "no line of ${2:-stdout} matches $1"; }
expect_no_match() { ! grep -E -e "$1" "${2:-$STDOUT}" >&2 || fail "a line of ${2:-stdout} matches $1"; }
expect_json() {
  jq -ne "[inputs] as \$all | \$all[0] | $1" "${2:-$STDOUT}" >"$TESTDIR/jq" 2>&1 ||
    fail "not so: $1 (jq: $(head -c 300 "$TESTDIR/jq")), of $(head -c 2000 "${2:-$STDOUT}")"
}
# Debian's own python3 is the one that has Debian's jsonschema.
validate() {
  local python=/usr/bin/python3
  [ -x $python ] || python=python3
  "$python" "$CP_SOURCE/tests/tools/validate.py" "$CP_SOURCE/lib/model/schema" <"${1:-/dev/stdin}" >&2 ||
    fail "the output does not fit its schemas"
}

wait_until() {
  for _ in {1..200}; do "$@" && return 0; sleep 0.05; done
  fail "not within 10 s: $*"
}
start_server() {
  local name=$1; shift
  # What a server of that name said before is not to be taken for this one's.
  : >"$TESTDIR/$name.out"
  : >"$TESTDIR/$name.err"
  # A shell starts what runs in its background with SIGINT ignored.
  env --default-signal=INT,QUIT "$@" >"$TESTDIR/$name.out" 2>"$TESTDIR/$name.err" &
  SERVERS[$name]=$!
}
wait_line() {
  for _ in {1..200}; do
    grep -hsE -m1 -e "$2" "$TESTDIR/$1.out" "$TESTDIR/$1.err" && return 0
    kill -0 "${SERVERS[$1]}" 2>/dev/null || fail "$1 ended before it said $2: $(cat "$TESTDIR/$1.err")"
    sleep 0.05
  done
  fail "$1 has not said within 10 s: $2: $(cat "$TESTDIR/$1.err")"
}
wait_port() { wait_until eval "(: <>/dev/tcp/127.0.0.1/$1) 2>/dev/null"; }
stop_server() {
  local pid=${SERVERS[$1]}
  kill -s "${2:-TERM}" "$pid" 2>/dev/null || true
  for _ in {1..200}; do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  ! kill -0 "$pid" 2>/dev/null || fail "$1 did not end within 10 s of ${2:-TERM}"
  STATUS=0
  wait "$pid" || STATUS=$?
  unset "SERVERS[$1]"
}
