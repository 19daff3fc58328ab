#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "runs after another job has completed"
first=$(cprun submit --plain -- sh -c "while [ ! -e $PWD/go ]; do sleep 0.02; done; echo first >>$PWD/order")
second=$(cprun submit --plain --after "$first" -- sh -c "echo second >>$PWD/order")
expect_json '.state == "QUEUED"' <(cprun status "$second")
touch go
expect_status 0 cprun wait "$second"
expect_equal $'first\nsecond' "$(cat order)"

it "does not run after a job that failed, unless it is to"
bad=$(cprun submit --plain -- false)
never=$(cprun submit --plain --after "$bad" -- touch "$PWD/ran")
expect_status 125 cprun wait "$never"
expect_json '.state == "FAILED" and .reason == "dependency_failed"'
for when in failed ended; do
  then=$(cprun submit --plain --after "$bad:$when" -- true)
  expect_status 0 cprun wait "$then"
done
[ ! -e ran ] || fail "it ran"
expect_status 66 cprun submit --after j-01JDABCDEFGHJKMNPQRSTVWXYZ -- true

it "tries again for the reasons it is told, in a new attempt"
export COUNT="$PWD/count"
: >count
expect_status 0 cprun run -q --retry 3 --retry-on user_error --record record.json -- \
  sh -c 'echo x >>$COUNT; [ $(wc -l <$COUNT) -ge 3 ]'
validate record.json
expect_json '[.attempts[].state] == ["FAILED", "FAILED", "COMPLETED"]' record.json
expect_json '([.attempts[].token] | unique | length) == 3' record.json
expect_equal 3 "$(wc -l <count)"

it "gives up after the last of them"
: >count
expect_status 7 cprun run -q --retry 1 --retry-on user_error -- sh -c 'echo x >>$COUNT; exit 7'
expect_equal 2 "$(wc -l <count)"

it "does not try again for other reasons"
: >count
expect_status 7 cprun run -q --retry 3 -- sh -c 'echo x >>$COUNT; exit 7'
expect_equal 1 "$(wc -l <count)"

it "tries again when the supervisor of a job was killed, if it is told to"
: >count
start_server run cprun run --retry 1 --retry-on lost --record lost.json -- \
  sh -c 'echo x >>$COUNT; [ $(wc -l <$COUNT) -gt 1 ] || exec sleep 1000'
wait_until test -s count
supervisor() { cprun list --json --limit 1 | jq -er '.attempts[0].native_id'; }
wait_until supervisor >/dev/null
kill -9 "$(supervisor)"
wait "${SERVERS[run]}"
expect_json '[.attempts[].reason] == ["lost", null]' lost.json
