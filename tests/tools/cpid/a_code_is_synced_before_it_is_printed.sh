#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGKILL shows atomicity, not durability: the page cache survives it. This reads from a trace that
# the sync came first, and that the reading would notice if it had not.
. "$CP_SOURCE/tests/tools/harness.sh"
need strace curl jq
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
expect_status 0 cpid init

# Whether, in the trace FILE, all that was written to the store was synced, successfully, before the
# first byte went to standard output.
is_synced_first() {
  awk '
    / write\(1,/ || /^[0-9]+ +writev\(1,/ { exit !(stored && clean) }
    /(write|pwrite64|writev)\([0-9]+<[^>]*identity\.db/ { stored = 1; clean = 0 }
    /(fsync|fdatasync)\([0-9]+<[^>]*identity\.db[^>]*>\) *= 0/ { clean = 1 }
  ' "$1"
}
trace() { strace -f -y -o "$1" -e trace=write,writev,pwrite64,fsync,fdatasync "${@:2}" >"$STDOUT"; }

it "syncs the ledger before a code is printed"
trace mint cpid mint --count 1000 --plain
sed -i 's/ write(1<[^>]*>,/ write(1,/' mint
expect_equal 1000 "$(wc -l <"$STDOUT")" printed
is_synced_first mint || fail "a code left before its ledger was synced: $(cat mint)"

it "syncs a record before it is printed"
trace register sh -c 'echo "{\"schema\":\"cp.resource/1\",\"kind\":\"node\"}" >record; exec cpid register record'
grep -v 'write(1<.*/record>' register | sed 's/ write(1<[^>]*>,/ write(1,/' >only
is_synced_first only || fail "a record left before it was synced: $(cat only)"

it "syncs a record before the registry says that it has it"
token=$(cpid token issue --plain --subject u1 --audience 0 --grant register)
# hand_in TRACE LAUNCHER…: a registry, started by LAUNCHER and traced, takes a new record.
hand_in() {
  local name=$1 url code
  shift
  code=$(cpid mint --plain)
  jq -nc --arg id "$code" '{schema: "cp.resource/1", id: $id, seq: 1, issued: "2026-01-01T00:00:00Z",
    valid_until: "2099-01-01T00:00:00Z", kind: "node"}' | cpid sign >record
  start_server "$name" "$@" strace -D -f -y -s 64 -o "$name" \
    -e trace=write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync cpid serve --anonymous --listen 127.0.0.1:0
  url=$(wait_line "$name" '"cp\.server/1"' | jq -r .url)
  expect_equal 201 "$(curl -s -o answer -w '%{http_code}' --max-time 60 -X PUT -H "Authorization: Bearer $token" \
    -H 'If-None-Match: *' --data-binary @record "${url}v1/id/$(jq -rn --arg code "$code" '$code | @uri')")"
  stop_server "$name"
  wait_until grep -q '+++ exited with 0' "$name"
}
# Whether, in the trace FILE, the store was synced after its last change and before the first byte of
# "201 Created".
is_taken_in_order() {
  awk '
    /HTTP\/1\.1 201/ { created = stored && clean; exit }
    /(write|pwrite64|writev)\([0-9]+<[^>]*identity\.db/ { stored = 1; clean = 0 }
    /(fsync|fdatasync)\([0-9]+<[^>]*identity\.db[^>]*>\) *= 0/ { clean = 1 }
    END { exit !created }
  ' "$1"
}
hand_in taken env
is_taken_in_order taken || fail "a record was acknowledged before it was synced: $(tail -n 20 taken)"

it "would have noticed"
sed '/sync(/d' mint >without
! is_synced_first without || fail "a trace without syncs passes"
sed '/sync(/d' taken >without
! is_taken_in_order without || fail "a registry's trace without syncs passes"
if command -v eatmydata >/dev/null; then
  hand_in eaten_by_server eatmydata
  ! is_taken_in_order eaten_by_server || fail "a registry passes under eatmydata"
  trace eaten eatmydata cpid mint --plain
  sed -i 's/ write(1<[^>]*>,/ write(1,/' eaten
  ! is_synced_first eaten || fail "under eatmydata it passes"
fi
