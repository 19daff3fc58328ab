#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

start_sshd far
mkdir src
endless src/endless
head -c 300000000 /dev/urandom >src/big

# Processes of this test whose command line matches, one a line: those of others are not touched.
count() { running "$1" | wc -l; }
# What an end that was killed leaves is removed by the next; here it would look like this one's.
begin() {
  rm -rf "$FAR/killed" here
  start_server "$@"
}
RAIL='^ssh .*ControlPath=none' CONTROL='^ssh .*ControlMaster=yes' FAR_END='^cpxfer serve --stdio'

it "sends what a broken stream had by the others"
begin push cpxfer --bwlimit 100MB/s --streams 3 src/big far:broken/
wait_until arriving "$FAR/broken"
victim=$(running "$RAIL" | sed -n 1p)
kill -KILL "$victim"
wait_until eval '! kill -0 ${SERVERS[push]} 2>/dev/null'
stop_server push
expect_equal 0 "$STATUS"
expect_status 0 cmp src/big "$FAR/broken/big"

it "does the same when it pulls"
begin pull cpxfer --bwlimit 100MB/s --streams 3 far:broken/ pulled
wait_until arriving pulled
victim=$(running "$RAIL" | sed -n 1p)
kill -KILL "$victim"
wait_until eval '! kill -0 ${SERVERS[pull]} 2>/dev/null'
stop_server pull
expect_equal 0 "$STATUS"
expect_status 0 cmp src/big pulled/big

for direction in push pull; do
  if [ $direction = push ]; then
    from=src/endless to=far:killed/ at=$FAR/killed
  else
    cp --sparse=always src/endless "$FAR/endless"
    from=far:endless to=here/ at=here
  fi

  it "ends with 75 when the far end is killed ($direction)"
  begin $direction cpxfer --retry 0s $from $to
  wait_until arriving "$at"
  # shellcheck disable=SC2046
  kill -KILL $(running "$FAR_END")
  wait_until eval '! kill -0 ${SERVERS[$direction]} 2>/dev/null'
  stop_server $direction
  expect_equal 75 "$STATUS"
  expect_match '^cpxfer: far: ' "$TESTDIR/$direction.err"
  expect_equal "" "$(ls "$at")"

  it "ends with 75 when the connection is cut ($direction)"
  begin $direction cpxfer --retry 0s $from $to
  wait_until arriving "$at"
  # shellcheck disable=SC2046
  kill -KILL $(running "$CONTROL") $(running "$RAIL")
  wait_until eval '! kill -0 ${SERVERS[$direction]} 2>/dev/null'
  stop_server $direction
  expect_equal 75 "$STATUS"
  wait_until eval '[ "$(count "$FAR_END")" = 0 ]'

  it "leaves nothing running anywhere after a signal, or when it is killed ($direction)"
  for signal in INT KILL; do
    begin $direction cpxfer --retry 0s $from $to
    wait_until arriving "$at"
    stop_server $direction $signal
    [ "$STATUS" -gt 128 ] || fail "ended with $STATUS"
    wait_until eval '[ "$(count "$FAR_END")$(count "$RAIL")$(count "$CONTROL")" = 000 ]'
  done
  expect_equal "" "$(ls "$at")"
done
