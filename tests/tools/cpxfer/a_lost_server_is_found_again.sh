#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A server that is gone is looked for until --retry has passed; when it comes back, nothing that was durable
# is sent again.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv src
endless src/endless
touch -d '1 hour ago' src/endless
# Large enough that a server can be killed while it arrives.
head -c 268435456 /dev/urandom >src/large
seq 1000 >>src/large
seq 100 | split -l 1 -a 2 - src/f
touch -d '1 hour ago' src/*
export CP_CPXFER_BWLIMIT=48MB/s
port=0
serve_at_port() {
  start_server server cpxfer serve --anonymous --listen "127.0.0.1:$port" --root srv
  URL=$(wait_line server 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
  port=${URL##*:}
}
kill_server() {
  kill -KILL "${SERVERS[server]}"
  wait "${SERVERS[server]}" 2>/dev/null || true
  unset "SERVERS[server]"
}
ended() {
  STATUS=0
  wait "${SERVERS[client]}" || STATUS=$?
  unset "SERVERS[client]"
}
# Durable here: the journal of the running transfer names half the leaves of the large file.
has_leaves() { [ -n "$(find "$1" -name journal -size +2k 2>/dev/null)" ]; }

it "a push goes on when its server comes back"
serve_at_port
start_server client cpxfer --anonymous --retry 1m src/f?? src/large "$URL/in/"
wait_until has_leaves srv
kill_server
wait_line client 'trying to come back' >"$TESTDIR/line"
serve_at_port
ended
expect_equal 0 "$STATUS" "$(cat "$TESTDIR/client.err")"
validate "$TESTDIR/client.out"
expect_json '.state == "done" and .connections > 1 and .attempt > 1 and .bytes.skipped > 0' "$TESTDIR/client.out"
expect_json '.bytes.moved + .bytes.skipped == .bytes.total and .files.total == 101' "$TESTDIR/client.out"
# Sent twice: what was on its way (2 streams of 8 MiB), not written down yet (a group, here two seconds' worth
# at most), and headers. All of it once more would be 128 MiB and more.
expect_json '.bytes.wire <= 1.001 * .bytes.total + (.connections - 1) * (16 + 96) * 1048576' "$TESTDIR/client.out"
cmp src/large srv/in/large
expect_equal "" "$(left_behind srv)"

it "and so does a pull"
mv srv/in srv/out
start_server client cpxfer --anonymous --retry 1m "$URL/out/" pulled
wait_until has_leaves pulled
kill_server
wait_line client 'trying to come back' >"$TESTDIR/line"
serve_at_port
ended
expect_equal 0 "$STATUS" "$(cat "$TESTDIR/client.err")"
expect_json '.state == "done" and .connections > 1 and .bytes.skipped > 0' "$TESTDIR/client.out"
cmp src/large pulled/large
expect_equal "" "$(left_behind pulled)"
rm -rf pulled srv/out

it "gives up when it stays away, with 75 and what to do"
start_server client cpxfer --anonymous --retry 1s src/ "$URL/in"
wait_until has_leaves srv
kill_server
ended
expect_equal 75 "$STATUS"
expect_match '^cpxfer: cpxfer resume t-|cpxfer resume t-' "$TESTDIR/client.err"
validate "$TESTDIR/client.out"
expect_json '.state == "failed" and .error.code == "timed_out"' "$TESTDIR/client.out"

it "and at once with --retry 0s, and after a signal"
rm -rf srv/in
serve_at_port
start_server client cpxfer --anonymous --retry 0s src/ "$URL/in"
wait_until arriving srv
kill_server
ended
expect_equal 75 "$STATUS"
expect_no_match 'trying' "$TESTDIR/client.err"
rm -rf srv/in
serve_at_port
start_server client cpxfer --anonymous --retry 10m src/ "$URL/in"
wait_until arriving srv
kill_server
wait_line client 'trying to come back' >"$TESTDIR/line"
stop_server client INT
expect_equal 130 "$STATUS"
