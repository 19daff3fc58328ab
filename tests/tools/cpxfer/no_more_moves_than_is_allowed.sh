#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

head -c 6291456 /dev/urandom >big
serve server .

it "moves 6 MiB at 4 MiB a second in no less than 1.25 s: the first goes at once"
for words in 'big here' "--anonymous big $URL/there" "--anonymous $URL/big back"; do
  # shellcheck disable=SC2086
  expect_status 0 cpxfer --bwlimit 4MiB/s $words
  expect_json '.duration_s >= 1.2 and .state == "done"'
done
cmp big here && cmp big there && cmp big back
CP_CPXFER_BWLIMIT=32Mibit/s expect_status 0 cpxfer big again
expect_json '.duration_s >= 1.2 and .bottleneck == "rate-limit"'

it "is interrupted while it waits"
start_server slow cpxfer --bwlimit 1kB/s big slowly
wait_until arriving .
stop_server slow INT
expect_equal 130 "$STATUS"

it "refuses what is no rate"
expect_status 64 cpxfer --bwlimit much big x
