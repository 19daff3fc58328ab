#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGKILL shows atomicity, not durability: the page cache survives it. This reads from a trace that
# the sync came first, and that the reading would notice if it had not.
. "$CP_SOURCE/tests/tools/harness.sh"
need strace
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

it "would have noticed"
sed '/sync(/d' mint >without
! is_synced_first without || fail "a trace without syncs passes"
if command -v eatmydata >/dev/null; then
  trace eaten eatmydata cpid mint --plain
  sed -i 's/ write(1<[^>]*>,/ write(1,/' eaten
  ! is_synced_first eaten || fail "under eatmydata it passes"
fi
