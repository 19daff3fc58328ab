#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "runs each of many jobs once"
for i in $(seq 12); do
  cprun run -q -- sh -c "echo $i >>$PWD/ran" &
done
for i in $(seq 13 20); do
  cprun submit -q --plain -- sh -c "echo $i >>$PWD/ran" >/dev/null &
done
for i in 1 2 3 4; do cprun list >/dev/null & done
wait
expect_status 0 cprun wait
expect_equal "$(seq 20)" "$(sort -n ran)"
expect_status 0 cprun list
validate "$STDOUT"
expect_equal 20 "$(jq -r 'select(.state == "COMPLETED") | .id' "$STDOUT" | sort -u | wc -l)"

it "sees the whole history of each in its events"
expect_status 0 cprun status --table "$(cprun list --plain --limit 1)"
expect_match '  COMPLETED$'

it "gives one result to all who wait"
id=$(cprun submit --plain -- sh -c "while [ ! -e $PWD/go ]; do sleep 0.02; done; exit 6")
for i in 1 2 3; do (status=0; cprun wait "$id" >/dev/null || status=$?; echo $status >>waited) & done
waiting() { [ "$(pgrep -cf "cprun wait $id")" -eq 3 ]; }
wait_until waiting
touch go
wait
expect_equal $'6\n6\n6' "$(cat waited)"
