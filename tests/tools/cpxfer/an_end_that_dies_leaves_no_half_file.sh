#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv src next
endless src/endless
echo small >src/a
echo next >next/next
none_of() { [ -z "$(left_behind "$1")" ]; }

# killed NAME DIR: kills the running NAME once a file of DIR is under way; its exit status is in $STATUS.
killed() {
  wait_until arriving "$2"
  kill -KILL "${SERVERS[$1]}"
  STATUS=0
  wait "${SERVERS[$1]}" 2>/dev/null || STATUS=$?
  unset "SERVERS[$1]"
  expect_equal 137 "$STATUS" "status of the killed $1"
}
ended() {
  STATUS=0
  wait "${SERVERS[$1]}" || STATUS=$?
  unset "SERVERS[$1]"
}

it "leaves no half file under its name when a local copy is killed, and the next one clears up"
start_server copy cpxfer --no-resume src/ local
killed copy local
expect_equal "" "$(ls local/endless 2>/dev/null)"
expect_status 0 cpxfer next/ local
expect_equal "" "$(left_behind local)"
expect_equal next "$(cat local/next)"

for rail in tcp fabric; do
  serve "server-$rail" srv -v --timeout 5s

  it "a server whose client is killed keeps no half file ($rail)"
  start_server client cpxfer --no-resume --anonymous --rail $rail src/ "$URL/in"
  killed client srv/in
  wait_line "server-$rail" 'the other end is gone$' >"$TESTDIR/line"
  wait_until none_of srv
  expect_equal "" "$(ls srv/in/endless 2>/dev/null)"

  it "and serves the next one ($rail)"
  expect_status 0 cpxfer --anonymous --rail $rail next/ "$URL/in"
  expect_equal next "$(cat srv/in/next)"

  it "and so when the client was to receive, which clears up at its next start ($rail)"
  cp --sparse=always src/endless srv/endless
  start_server puller cpxfer --no-resume --anonymous --rail $rail "$URL/endless" "pulled-$rail/"
  killed puller "pulled-$rail"
  expect_equal "" "$(ls "pulled-$rail/endless" 2>/dev/null)"
  expect_status 0 cpxfer --anonymous "$URL/in/next" "pulled-$rail/"
  expect_equal next "$(ls -A "pulled-$rail")"

  it "a client whose server is killed ends with 75 and one line ($rail)"
  start_server client cpxfer --no-resume --anonymous --rail $rail src/ "$URL/in"
  killed "server-$rail" srv/in
  ended client
  expect_equal 75 "$STATUS"
  expect_match "^cpxfer: $URL: the other end is gone" "$TESTDIR/client.err"
  expect_equal 2 "$(wc -l <"$TESTDIR/client.err")" "lines, with the hint"
  validate "$TESTDIR/client.out"
  expect_json '.state == "failed" and .error.code == "timed_out" and .digest == null' "$TESTDIR/client.out"
  expect_equal "" "$(ls srv/in/endless 2>/dev/null)"

  it "a client that receives keeps nothing half when its server is killed ($rail)"
  serve "second-$rail" srv
  start_server puller cpxfer --no-resume --anonymous --rail $rail "$URL/endless" "lost-$rail/"
  killed "second-$rail" "lost-$rail"
  ended puller
  expect_equal 75 "$STATUS"
  expect_match "^cpxfer: $URL: the other end is gone" "$TESTDIR/puller.err"
  expect_equal "" "$(ls -A "lost-$rail")"

  it "a new server clears up what the killed one left, when something goes there ($rail)"
  serve "third-$rail" srv
  expect_status 0 cpxfer --anonymous --rail $rail next/ "$URL/in"
  expect_equal "" "$(left_behind srv/in)"
  stop_server "third-$rail"
  rm srv/endless
done
