#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The n-th thread that any thread would start is refused, n = 1, 2, …, until a run meets no refusal.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need strace
refuse=(strace -f -qq -o "$TESTDIR/trace" -e trace=clone3 -e signal=none)
"${refuse[@]}" -e inject=clone3:error=EAGAIN:when=1 cpxfer --version >/dev/null 2>&1 || skip "strace cannot inject here"
# In a measurement over the loopback it may be the other end that lacks one.
nobody='no thread to spare: resource temporarily unavailable|(is|was) cut'

mkdir src srv
head -c 6000001 /dev/urandom >src/large
seq 12 | split -l 1 -a 2 - src/f

# Runs what moves src to DIR, or reads it (DIR is -), with the n-th thread refused.
refused_in_turn() {
  local dir=$1 n points=0
  shift
  for ((n = 1; n < 40; ++n)); do
    RAN="$* ($n)" STATUS=0
    timeout 20 "${refuse[@]}" -e "inject=clone3:error=EAGAIN:when=$n" "$@" >"$STDOUT" 2>"$STDERR" || STATUS=$?
    [ "$STATUS" -eq 0 ] || [ "$STATUS" -eq 75 ] || fail "status $STATUS"
    [ "$STATUS" -eq 0 ] || expect_match "$nobody" "$STDERR"
    [ "$dir" = - ] || [ "$STATUS" -ne 0 ] || diff -r src "$dir" >&2 || fail "the trees differ"
    if ! grep -q INJECTED "$TESTDIR/trace"; then
      [ "$points" -gt 0 ] || fail "nothing was refused"
      return
    fi
    points=$((points + 1))
    [ "$dir" = - ] || rm -rf "$dir"
  done
  fail "there is no end of it"
}

it "a local copy says so, or goes on with those that it has"
refused_in_turn local cpxfer src/ local
it "and so do sums, comparisons and measurements"
refused_in_turn - cpxfer hash -j 3 src
cp -a src same
refused_in_turn - cpxfer verify src/ same
refused_in_turn - cpxfer bench --time 50ms --rail tcp --rails-only

serve quiet srv
it "a client of a server"
refused_in_turn srv/in cpxfer --anonymous --retry 0s src/ "$URL/in"
cp -a src srv/out
refused_in_turn pulled cpxfer --anonymous --retry 0s "$URL/out/" pulled
# A client hears what is the matter, or is cut off.
it "a server outlives it, whoever of its clients cannot be served"
pid=${SERVERS[quiet]}
is_traced() { ! grep -q '^TracerPid:.0$' "/proc/$pid/status"; }
for n in {1..8}; do
  start_server tracer "${refuse[@]}" -e "inject=clone3:error=EAGAIN:when=$n" -p "$pid"
  wait_until is_traced
  for move in "src/ $URL/in" "$URL/out/ back" "$URL/out/ back"; do
    # shellcheck disable=SC2086
    timeout 20 cpxfer --anonymous --retry 0s $move >"$STDOUT" 2>"$STDERR" || [ $? -lt 124 ] || fail "$move ($n)"
  done
  timeout 20 cpxfer bench --anonymous --rails-only --rail tcp --time 50ms "$URL" >"$STDOUT" 2>"$STDERR" ||
    [ $? -lt 124 ] || fail "bench ($n)"
  stop_server tracer
  kill -0 "$pid" 2>/dev/null || fail "the server has ended ($n): $(cat "$TESTDIR/quiet.err")"
done
rm -rf srv/in back
expect_status 0 cpxfer --anonymous src/ "$URL/in"
expect_status 0 cpxfer --anonymous "$URL/out/" back
expect_equal "" "$(diff -r src srv/in 2>&1; diff -r src back 2>&1)"
stop_server quiet
expect_equal 0 "$STATUS" "the server's status"
