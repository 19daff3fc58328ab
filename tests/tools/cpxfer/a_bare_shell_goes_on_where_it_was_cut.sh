#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Through a bare shell whole files are not sent again, whichever end is killed.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/bare.sh"

start_sshd far
bare_gnu
mkdir src
for i in {1..60}; do head -c 1500000 /dev/urandom >"src/$i"; done
seq 300 | split -l 1 -a 3 - src/f
find src -exec touch -d '1 hour ago' {} +
cp -a src "$FAR/src"

half_there() { [ "$(find "$1" -path '*/.cpxfer*' -prune -o -type f -print 2>/dev/null | wc -l)" -gt 20 ]; }
SHELL_THERE='^sh -c IFS= read' ANY_SSH='^ssh .*(ControlMaster|ControlPath)'
ended() {
  STATUS=0
  wait "${SERVERS[client]}" || STATUS=$?
  unset 'SERVERS[client]'
}
goes_on() { # DIRECTORY
  expect_equal 0 "$STATUS" "$(cat "$TESTDIR/client.err")"
  expect_json '.state == "done" and .attempt > 1 and .bytes.skipped > 3000000' "$TESTDIR/client.out"
  expect_json '.bytes.moved + .bytes.skipped == .bytes.total and .files.done + .files.skipped == .files.total' "$TESTDIR/client.out"
  expect_json ".digest.value == \"$(cpxfer hash --plain src/)\"" "$TESTDIR/client.out"
  expect_status 0 diff -r src "$1"
  expect_equal "" "$(left_behind "$1")"
  rm -rf "$1" "$CP_STATE_DIR/transfers"
}

for direction in push pull; do
  if [ $direction = push ]; then from=src/ to=far:there/ at=$FAR/there; else from=far:src/ to=here/ at=here; fi

  for victim in "$SHELL_THERE" "$ANY_SSH"; do
    it "by itself when $([ "$victim" = "$ANY_SSH" ] && echo ssh || echo 'the far shell') is killed ($direction)"
    start_server client cpxfer --bwlimit 24MB/s --retry 1m "$from" "$to"
    wait_until half_there "$at"
    for pid in $(running "$victim"); do kill -KILL "$pid" 2>/dev/null || true; done
    ended
    expect_json '.connections > 1' "$TESTDIR/client.out"
    goes_on "$at"
  done

  it "by the same command when it is killed itself ($direction)"
  start_server client cpxfer --bwlimit 24MB/s "$from" "$to"
  wait_until half_there "$at"
  stop_server client KILL
  start_server client cpxfer "$from" "$to"
  ended
  expect_json '.connections == 1' "$TESTDIR/client.out"
  goes_on "$at"
done

it "by the same command, or by resume, when it was interrupted, and ends by the signal then"
start_server client cpxfer --bwlimit 24MB/s src/ far:there/
wait_until half_there "$FAR/there"
stop_server client INT
expect_equal 130 "$STATUS"
expect_match '^cpxfer: far: interrupted$' "$TESTDIR/client.err"
expect_match '^  cpxfer resume t-' "$TESTDIR/client.err"
start_server client cpxfer resume "$(jq -r .id "$TESTDIR/client.out")"
ended
goes_on "$FAR/there"

it "sends again what is not what it was, there or here"
start_server client cpxfer --bwlimit 24MB/s src/ far:there/
wait_until half_there "$FAR/there"
stop_server client KILL
changed=$(cd "$FAR/there" && find . -type f -size +1M ! -path '*/.cpxfer*' | head -n 2)
for name in $changed; do echo x >>"$FAR/there/$name"; done
start_server client cpxfer src/ far:there/
ended
goes_on "$FAR/there"

it "leaves nothing behind that it was not to leave"
start_server client cpxfer --no-resume --bwlimit 24MB/s src/ far:there/
wait_until half_there "$FAR/there"
stop_server client KILL
gone() { [ -z "$(left_behind "$FAR/there")" ]; }
wait_until gone
