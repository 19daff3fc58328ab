#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Either end of a transfer through ssh is killed, or ssh itself: the same command, or the same process where it
# lives, goes on, and little is sent again.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

start_sshd far
mkdir src
head -c 120000000 /dev/urandom >src/large
seq 300 | split -l 1 -a 3 - src/f
find src -exec touch -d '1 hour ago' {} +
cp -a src "$FAR/src"
export CP_CPXFER_BWLIMIT=24MB/s

has_leaves() { [ -n "$(find "$1" -name journal -size +1k 2>/dev/null)" ]; }
FAR_END='^cpxfer serve --stdio' ANY_SSH='^ssh .*(ControlMaster|ControlPath)'
ended() {
  STATUS=0
  wait "${SERVERS[client]}" || STATUS=$?
  unset 'SERVERS[client]'
}
# What was on its way, and two seconds' worth that were not written down.
BOUND='(16 + 48) * 1048576'
goes_on() { # DIRECTORY
  expect_equal 0 "$STATUS" "$(cat "$TESTDIR/client.err")"
  expect_json '.state == "done" and .attempt > 1 and .bytes.skipped > 15000000' "$TESTDIR/client.out"
  expect_json '.bytes.moved + .bytes.skipped == .bytes.total' "$TESTDIR/client.out"
  expect_status 0 diff -r src "$1"
  expect_equal "" "$(left_behind "$1")"
  # With the journal of what is done, which would look like the next one's leaves.
  rm -rf "$1" "$CP_STATE_DIR/transfers"
}

for direction in push pull; do
  if [ $direction = push ]; then from=src/ to=far:there/ at=$FAR/there; else from=far:src/ to=here/ at=here; fi

  for victim in "$FAR_END" "$ANY_SSH"; do
    it "by itself when $([ "$victim" = "$FAR_END" ] && echo 'the far end' || echo ssh) is killed ($direction)"
    start_server client cpxfer --retry 1m "$from" "$to"
    wait_until has_leaves "$at"
    victims=$(running "$victim")
    [ -n "$victims" ] || fail "there was nothing to kill: $(cat "$TESTDIR/client.out" "$TESTDIR/client.err")"
    for pid in $victims; do kill -KILL "$pid" 2>/dev/null || true; done
    ended
    expect_json ".connections > 1 and .bytes.wire <= 1.001 * .bytes.total + (.connections - 1) * $BOUND" "$TESTDIR/client.out"
    goes_on "$at"
  done

  it "by the same command when it is killed itself ($direction)"
  start_server client cpxfer "$from" "$to"
  wait_until has_leaves "$at"
  stop_server client KILL
  start_server client cpxfer "$from" "$to"
  ended
  expect_json ".connections == 1 and .bytes.wire <= 1.001 * .bytes.moved + 1048576" "$TESTDIR/client.out"
  goes_on "$at"
done
