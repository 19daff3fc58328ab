#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
export CP_CPRUN_GRACE=500ms

alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status"; }

it "ends grandchildren that left the group and ignore SIGTERM"
id=$(cprun submit --plain -- sh -c "setsid sh -c 'trap \"\" TERM; echo \$\$ >$PWD/deep; while :; do sleep 0.05; done' & sleep 1000 & echo \$! >$PWD/child; wait")
wait_until test -s deep
wait_until test -s child
expect_status 0 cprun cancel "$id"
expect_json '.state == "CANCELED" and .signal == 15'
validate "$STDOUT"
! alive "$(cat deep)" || fail "a grandchild lives"
! alive "$(cat child)" || fail "a child lives"

it "leaves a job that has ended as it is"
id=$(cprun submit --plain -- sh -c 'exit 4')
cprun wait "$id" >/dev/null || true
expect_status 0 cprun cancel "$id"
expect_json '.state == "FAILED" and .exit_code == 4'

it "cancels a job that waits for others before it ever runs"
first=$(cprun submit --plain -- sleep 1000)
second=$(cprun submit --plain --after "$first" -- touch "$PWD/ran")
expect_status 0 cprun cancel "$second"
expect_json '.state == "CANCELED" and (.attempts | length) == 0'
expect_status 125 cprun wait "$second"
expect_status 0 cprun cancel "$first"
[ ! -e ran ] || fail "it ran"

it "tells of what does not exist"
expect_status 66 cprun cancel j-01JDABCDEFGHJKMNPQRSTVWXYZ
