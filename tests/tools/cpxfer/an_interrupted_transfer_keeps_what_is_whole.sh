#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv src
endless src/endless
head -c 300000 /dev/urandom >src/a
echo small >src/b
serve server srv -v
cp --sparse=always src/* srv/

is_clear() { [ -z "$(left_behind "$1")" ]; }
# interrupted SIGNAL STATUS DIR COMMAND…: sends it once the large file of DIR is under way.
interrupted() {
  local signal=$1 wanted=$2 directory=$3
  shift 3
  start_server transfer "$@"
  wait_until arriving "$directory"
  wait_until test -e "$directory/a"
  stop_server transfer "$signal"
  expect_equal "$wanted" "$STATUS" "status after $signal"
  wait_until is_clear "$directory" # a server clears up by itself
  expect_equal "" "$(ls "$directory/endless" 2>/dev/null)"
  expect_equal 1 "$(grep -c '^cpxfer: ' "$TESTDIR/transfer.err")" "lines"
  validate "$TESTDIR/transfer.out"
  expect_json '.state == "failed" and .error.message != null and .digest == null' "$TESTDIR/transfer.out"
}

it "ends by its signal, and keeps what is whole: a local copy"
interrupted INT 130 local cpxfer --no-resume src/ local
interrupted TERM 143 local cpxfer --no-resume src/ local
expect_status 0 cmp src/a local/a

for rail in tcp fabric; do
  it "and so when it sends ($rail)"
  interrupted INT 130 "srv/in-$rail" cpxfer --no-resume --anonymous --rail $rail src/ "$URL/in-$rail"
  interrupted TERM 143 "srv/in-$rail" cpxfer --no-resume --anonymous --rail $rail src/ "$URL/in-$rail"
  wait_until cmp -s src/a "srv/in-$rail/a"

  it "and so when it receives ($rail)"
  interrupted INT 130 "out-$rail" cpxfer --no-resume --anonymous --rail $rail "$URL/a" "$URL/endless" "out-$rail/"
  expect_status 0 cmp src/a "out-$rail/a"
done

it "a server that is interrupted ends its sessions, tells its clients, and leaves nothing half"
start_server client cpxfer --no-resume --anonymous src/ "$URL/last"
wait_until arriving srv/last
stop_server server INT
expect_equal 0 "$STATUS"
STATUS=0
wait "${SERVERS[client]}" || STATUS=$?
unset "SERVERS[client]"
expect_equal 75 "$STATUS"
expect_match "^cpxfer: $URL: " "$TESTDIR/client.err"
expect_equal "" "$(left_behind srv)"
expect_equal "" "$(ls srv/last/endless 2>/dev/null)"

it "goes on though others were let read what it had begun"
head -c 30000000 /dev/urandom >large
start_server killed cpxfer --bwlimit 20MB/s large chmodded/
wait_until arriving chmodded
kill -KILL "${SERVERS[killed]}"
wait "${SERVERS[killed]}" 2>/dev/null || true
unset "SERVERS[killed]"
chmod -R g+rX chmodded
expect_status 0 cpxfer large chmodded/
expect_json '.state == "done" and .attempt == 2'
expect_status 0 cmp large chmodded/large
expect_equal "" "$(left_behind chmodded)"
