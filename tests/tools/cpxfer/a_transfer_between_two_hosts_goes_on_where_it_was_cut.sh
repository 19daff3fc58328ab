#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Either host's end of a transfer between two of them is killed, or whoever asked for it.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/third.sh"

start_both
mkdir "$A/src"
head -c 120000000 /dev/urandom >"$A/src/large"
seq 300 | split -l 1 -a 3 - "$A/src/f"
find "$A/src" -exec touch -d '1 hour ago' {} +
export CP_CPXFER_BWLIMIT=24MB/s

has_leaves() { [ -n "$(find "$1" -name journal -size +1k 2>/dev/null)" ]; }
nobody_there() { [ -z "$(ends_at "$A")$(ends_at "$B")" ]; }
ended() {
  STATUS=0
  wait "${SERVERS[client]}" || STATUS=$?
  unset 'SERVERS[client]'
}
arrived() {
  expect_equal 0 "$STATUS" "$(cat "$TESTDIR/client.err")"
  validate "$TESTDIR/client.out"
  expect_json '.state == "done" and .attempt > 1 and .bytes.skipped > 15000000' "$TESTDIR/client.out"
  expect_json '.bytes.moved + .bytes.skipped == .bytes.total' "$TESTDIR/client.out"
  expect_status 0 diff -r "$A/src" "$B/there"
  expect_equal "" "$(left_behind "$B")"
  forgotten
}
# With the journals of what is done, by which the same command would find nothing to do.
forgotten() { rm -rf "$B/there" "$B/.state" "$A/.state" "$CP_STATE_DIR/transfers"; }

for victim in "$A" "$B"; do
  it "by itself when the end at ${victim##*-} is killed"
  start_server client cpxfer --retry 1m a:src/ b:there/
  wait_until has_leaves "$B/there"
  victims=$(ends_at "$victim")
  [ -n "$victims" ] || fail "there was nothing to kill: $(cat "$TESTDIR/client.err")"
  for pid in $victims; do kill -KILL "$pid" 2>/dev/null || true; done
  wait_line client 'trying to come back' >"$TESTDIR/line"
  ended
  expect_json '.connections > 1' "$TESTDIR/client.out"
  arrived
done

it "with 75 and what to type when it may not come back"
start_server client cpxfer --retry 0s a:src/ b:there/
wait_until has_leaves "$B/there"
for pid in $(ends_at "$B"); do kill -KILL "$pid" 2>/dev/null || true; done
ended
expect_equal 75 "$STATUS" "$(cat "$TESTDIR/client.err")"
expect_match 'cpxfer resume t-' "$TESTDIR/client.err"
expect_json '.state == "failed" and .error.code == "timed_out"' "$TESTDIR/client.out"
expect_status 0 cpxfer list --json --resumable
expect_json '.resumable and .source == "a:src/" and .destination == "b:there/"'
start_server client cpxfer resume
ended
arrived

it "by the same command when it is killed itself, and leaves nobody behind"
start_server client cpxfer a:src/ b:there/
wait_until has_leaves "$B/there"
[ -n "$(ends_at "$A")" ] || fail "no end runs at a"
[ -n "$(ends_at "$B")" ] || fail "no end runs at b"
stop_server client KILL
wait_until nobody_there
start_server client cpxfer a:src/ b:there/
ended
arrived

it "ends both ends on SIGINT"
start_server client cpxfer a:src/ b:there/
wait_until has_leaves "$B/there"
stop_server client INT
expect_equal 130 "$STATUS"
wait_until nobody_there
expect_json '.state == "failed" and .error.message == "interrupted"' "$TESTDIR/client.out"
start_server client cpxfer a:src/ b:there/
ended
arrived

it "does not wait for ever for one who asked and says nothing"
start_server client cpxfer --timeout 2s a:src/ b:there/
wait_until has_leaves "$B/there"
kill -STOP "${SERVERS[client]}"
# The end at b hears that the streams end, and waits for word of it as long as a server does.
for _ in {1..45}; do ! nobody_there || break; sleep 1; done
nobody_there || fail "somebody still waits: $(ends_at "$A") / $(ends_at "$B")"
kill -KILL "${SERVERS[client]}"
ended
expect_equal 137 "$STATUS"
