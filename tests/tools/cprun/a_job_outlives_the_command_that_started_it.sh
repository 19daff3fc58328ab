#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

# Starts a job that runs until the file "go" is there, under a cprun that is then ended by SIGNAL.
abandon() {
  rm -f go began
  start_server run cprun run --name long -- sh -c "echo first; touch $PWD/began; while [ ! -e $PWD/go ]; do sleep 0.02; done; echo last; exit 5"
  wait_until test -e began
  stop_server run "$1"
}

it "survives SIGKILL of cprun, and gives its result to wait and logs"
abandon KILL
expect_equal 137 "$STATUS"
expect_status 0 cprun list --name long --limit 1
expect_json '.state == "ACTIVE" or .state == "QUEUED"'
expect_status 75 cprun wait --timeout 100ms long
start_server follow cprun logs -f long
wait_line follow '^first$' >/dev/null
touch go
wait_line follow '^last$' >/dev/null
expect_status 5 cprun wait long
expect_json '.state == "FAILED" and .exit_code == 5'
wait "${SERVERS[follow]}"
expect_equal $'first\nlast' "$(cat "$TESTDIR/follow.out")"

it "goes on after SIGHUP, which detaches it"
abandon HUP
expect_equal 129 "$STATUS"
expect_json '.state != "CANCELED"' <(cprun list --name long --limit 1)
touch go
expect_status 5 cprun wait long

it "is canceled by SIGINT and SIGTERM, which end cprun as they should"
for signal in INT TERM; do
  rm -f began
  start_server run env --default-signal=INT cprun run --name canceled -- sh -c "touch $PWD/began; exec sleep 1000"
  wait_until test -e began
  stop_server run $signal
  expect_equal "$([ $signal = INT ] && echo 130 || echo 143)" "$STATUS"
  expect_status 0 cprun list --name canceled --limit 1
  expect_json '.state == "CANCELED" and .reason == "canceled"'
done

it "ends when nobody renews its lease"
start_server run cprun run --name leased --lease 3s -- sleep 1000
wait_line run 'ACTIVE' >/dev/null
stop_server run KILL
expect_status 143 timeout 30 cprun wait leased
expect_json '.state == "CANCELED"'

it "keeps its lease while cprun follows it"
expect_status 0 cprun run -q --lease 3s -- sleep 6
