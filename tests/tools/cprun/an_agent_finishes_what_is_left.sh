#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

agents() { pgrep -f -x '/proc/self/exe agent' | while read -r pid; do
  ! tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qxF "TESTDIR=$TESTDIR" || echo "$pid"; done; }

it "starts none for a job that needs nobody"
cprun run -q -- true
cprun submit --plain -- true >id
expect_equal '' "$(agents)"

it "brings results out when nobody waits, and is gone when nothing is left"
id=$(cprun submit --plain --stage-out result:out -- sh -c "echo x >result; while [ ! -e $PWD/go ]; do sleep 0.02; done")
wait_until test -n "$(agents)"
[ ! -e out ] || fail "too early"
touch go
wait_until test -e out
expect_equal x "$(cat out)"
gone() { [ -z "$(agents)" ]; }
wait_until gone
expect_json '.state == "COMPLETED"' <(cprun list --limit 1)

it "is one for a state directory"
rm go
for i in 1 2 3 4; do
  cprun submit --plain --stage-out result:out$i -- sh -c "echo $i >result; while [ ! -e $PWD/go ]; do sleep 0.02; done" &
done >ids
wait
# One that finds another ends at once.
one() { [ "$(agents | wc -l)" -eq 1 ]; }
wait_until one
expect_status 0 timeout 20 cprun agent
expect_match 'another agent' "$STDERR"

it "is taken over from when it is killed"
agents | xargs kill -9
touch go
expect_status 0 cprun wait
for i in 1 2 3 4; do expect_equal $i "$(cat out$i)"; done

it "is not started with --no-agent, and the next command takes its place"
# It ends only when the command that submitted it is gone: that would bring out what it sees end.
id=$(cprun submit --no-agent --plain --stage-out result:late -- sh -c "while [ ! -e $PWD/later ]; do sleep 0.02; done; echo late >result")
expect_equal '' "$(agents)"
touch later
token=cp-$(tr '[:upper:]' '[:lower:]' <<<"${id#j-}")-1
ended() { grep -qs '"exit_code":0' "$CP_STATE_DIR/jobs/$token/ended" && [ -z "$(agents)" ]; }
wait_until ended
[ ! -e late ] || fail "somebody brought it out"
expect_status 0 cprun wait --no-agent "$id"
expect_equal late "$(cat late)"
