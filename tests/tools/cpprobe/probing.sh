# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of cpprobe share.

# expect_measured STATUS ARGUMENT...   runs cpprobe ping until this host was idle enough for it to be valid,
# ten times at most: a busy host is what a measurement calls itself invalid for.
expect_measured() {
  local wanted=$1 attempt
  shift
  for attempt in {1..10}; do
    # shellcheck disable=SC2034  # the harness shows it
    RAN="cpprobe ping $*" STATUS=0
    cpprobe ping "$@" >"$STDOUT" 2>"$STDERR" || STATUS=$?
    [ "$STATUS" -eq 75 ] || break
    jq -e '.invalid_reasons | index("host_overload")' "$STDOUT" >/dev/null || break
  done
  [ "$STATUS" -eq "$wanted" ] || fail "expected status $wanted at attempt $attempt, got $STATUS"
}
