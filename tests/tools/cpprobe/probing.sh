# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of cpprobe share.

# expect_measured STATUS ARGUMENT...   runs cpprobe ping until this host was idle enough for it to be valid, eight
# times at most: a busy host is what a measurement calls itself invalid for. Each try takes twice the interval, which
# is in INTERVAL (ms); --interval 0 stays.
expect_measured() {
  local wanted=$1 attempt pace
  shift
  for attempt in {1..8}; do
    INTERVAL=$((1 << attempt)) pace=()
    [[ " $* " == *' --interval 0 '* ]] || pace=(--interval "${INTERVAL}ms")
    # shellcheck disable=SC2034  # the harness shows it
    RAN="cpprobe ping ${pace[*]} $*" STATUS=0
    cpprobe ping "${pace[@]}" "$@" >"$STDOUT" 2>"$STDERR" || STATUS=$?
    [ "$STATUS" -eq 75 ] || break
    grep -q 'this host was too busy' "$STDERR" || break
  done
  [ "$STATUS" -eq "$wanted" ] || fail "expected status $wanted at attempt $attempt, got $STATUS"
}
