#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/cprun/registered.sh"

it "ends the job when the budget does, whatever its duration"
# 3.60 CNY a core-hour are 0.001 CNY a second.
expect_status 124 cprun run -q --on "$MACHINE" --budget 0.001CNY --hours 1 --record record.json -- sleep 100
validate record.json
expect_json '.attempts[0].time_limit_s == 1 and .reason == "timeout"' record.json

it "reserves the worst case while the job runs, and gives back what was not used"
start_server run cprun run --on "$MACHINE" --budget 9CNY --duration 100s --record done.json -- sh -c "touch $PWD/began; while [ ! -e $PWD/go ]; do sleep 0.02; done"
wait_until test -e began
wait_line run ACTIVE >/dev/null
expect_json '.attempts[0].reserved == {amount: "0.10", currency: "CNY"}' <(cprun list --limit 1)
touch go
wait "${SERVERS[run]}"
validate done.json
expect_json '(.attempts[0] | has("reserved") | not) and .usage.cost.currency == "CNY"' done.json

it "refuses what it cannot be sure to keep"
refused() { expect_status 125 cprun run -q "$@" -- touch "$PWD/ran"; }
refused --on "$MACHINE" --budget 1CNY
expect_match 'needs a duration' "$STDERR"
refused --on local: --budget 1CNY --hours 1
expect_match 'not known' "$STDERR"
refused --on "$MACHINE" --budget 1USD --hours 1
expect_match 'not known' "$STDERR"
refused --on "$MACHINE" --budget 0.0001CNY --hours 1
expect_match 'not enough' "$STDERR"
refused --on "$MACHINE" --max-price 3CNY
expect_match 'costs 3.60 CNY an hour, more than 3.00 CNY' "$STDERR"
[ ! -e ran ] || fail "it ran"
expect_status 0 cprun run -q --on "$MACHINE" --max-price 4CNY -- true

it "counts all attempts against one budget"
# Billed by the hour, however long an attempt takes.
sed -e 's/quantum_s = 1/quantum_s = 3600/' -e 's/"here"/"hourly"/' machine.toml >hourly.toml
cpid describe --from local --with hourly.toml | cpid register >/dev/null
hourly=$(cpid list --json | jq -r 'select(.schema == "cp.resource/1" and .name == "hourly") | .id')
expect_status 7 cprun run -q --on "$hourly" --budget 7.20CNY --duration 1h --retry 5 --retry-on user_error --record tries.json -- sh -c 'exit 7'
expect_json '(.attempts | length) == 2 and .usage.cost.amount == "7.20"' tries.json
