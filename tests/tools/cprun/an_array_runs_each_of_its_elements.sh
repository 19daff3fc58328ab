#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "runs one job for each index, and tells it which"
expect_status 0 cprun run -q --array 1-9:2 -- sh -c "echo \$CP_ARRAY_INDEX >>$PWD/seen"
expect_equal '1 3 5 7 9' "$(sort -n seen | paste -sd' ')"
expect_status 0 cprun list --limit 1
validate "$STDOUT"
expect_json '.state == "COMPLETED" and .counts.COMPLETED == 5'
id=$(jq -r .id "$STDOUT")
expect_status 0 cprun list --array "$id"
expect_equal 5 "$(wc -l <"$STDOUT")"
expect_status 0 cprun status "${id}[3]"
expect_json ".id == \"${id}[3]\""

it "runs no more at a time than it may"
expect_status 0 timeout 60 cprun run -q --array 1-6%2 -- sh -c "
  echo x >$PWD/running.\$CP_ARRAY_INDEX; ls $PWD/running.* | wc -l >>$PWD/most; sleep 0.1; rm $PWD/running.\$CP_ARRAY_INDEX"
[ "$(sort -n most | tail -n 1)" -le 2 ] || fail "$(sort -n most | tail -n 1) at a time"

it "fails when one of them does"
expect_status 1 cprun run -q --array 0-3 -- sh -c '[ $CP_ARRAY_INDEX != 2 ]'
expect_json '.state == "FAILED" and .counts.FAILED == 1 and .counts.COMPLETED == 3' <(cprun list --limit 1)

it "goes on under the agent when it was submitted, and is canceled as a whole"
id=$(cprun submit --plain --array 0-5%2 -- sleep 1000)
running() { [ "$(cprun list --array "$id" --state ACTIVE --plain | wc -l)" -eq 2 ]; }
wait_until running
expect_status 0 cprun cancel "$id"
expect_json '.state == "CANCELED" and .counts.CANCELED == 6'
