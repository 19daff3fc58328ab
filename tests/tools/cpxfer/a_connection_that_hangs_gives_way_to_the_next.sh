#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The network drops everything, and nobody is told: the client comes back, and goes on with what its own
# session, which the server takes for alive, still holds.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv src
head -c 100000000 /dev/urandom >src/large
seq 100 | split -l 1 -a 2 - src/f
find src -exec touch -d '1 hour ago' {} +
# The server waits for far longer than the client.
serve server srv --timeout 10m
start_relay() {
  rm -f "$TESTDIR/freeze"
  start_server "$1" /usr/bin/python3 "$PEER" freeze "${URL##*:}" "$TESTDIR/freeze"
  VIA=cpx://127.0.0.1:$(wait_line "$1" '^port ' | cut -d' ' -f2)
}
start_relay first
has_leaves() { [ -n "$(find "$1" -name journal -size +1k 2>/dev/null)" ]; }

it "goes on with what the lost session holds, and sends nothing of it again"
start_server client cpxfer --anonymous --bwlimit 20MB/s --timeout 2s --retry 1m src/ "$VIA/in/"
wait_until has_leaves srv
touch "$TESTDIR/freeze"
STATUS=0
wait "${SERVERS[client]}" || STATUS=$?
unset 'SERVERS[client]'
expect_equal 0 "$STATUS" "$(cat "$TESTDIR/client.err")"
expect_json '.state == "done" and .connections == 2 and .attempt == 2 and .bytes.skipped > 20000000' "$TESTDIR/client.out"
expect_json '.bytes.wire <= 1.001 * .bytes.total + (16 + 48) * 1048576' "$TESTDIR/client.out"
expect_status 0 diff -r src srv/in
expect_equal "" "$(left_behind srv)"

it "gives way to another client of the same command when its own says nothing any more"
rm -rf srv/in
start_relay second
start_server client cpxfer --anonymous --bwlimit 20MB/s src/ "$VIA/in/"
wait_until has_leaves srv
touch "$TESTDIR/freeze"
wait_line second '^frozen' >/dev/null
stop_server client KILL
# It does not know how the first was called.
expect_status 0 env CP_STATE_DIR="$TESTDIR/other" cpxfer --anonymous src/ "$VIA/in/"
expect_json '.state == "done" and .attempt == 2 and .bytes.skipped > 10000000'
expect_status 0 diff -r src srv/in
expect_equal "" "$(left_behind srv)"

it "leaves another transfer of the same command alone"
rm -rf srv/in
start_server one cpxfer --anonymous --bwlimit 20MB/s src/ "$URL/in/"
wait_until has_leaves srv
expect_status 0 cpxfer --anonymous src/ "$URL/in/"
expect_json '.attempt == 1 and .bytes.skipped == 0'
STATUS=0
wait "${SERVERS[one]}" || STATUS=$?
unset 'SERVERS[one]'
expect_equal 0 "$STATUS" "$(cat "$TESTDIR/one.err")"
expect_json '.attempt == 1 and .connections == 1' "$TESTDIR/one.out"
expect_equal "" "$(left_behind srv)"
