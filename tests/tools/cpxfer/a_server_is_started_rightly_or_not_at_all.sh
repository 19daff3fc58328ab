#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
mkdir srv

it "serves in clear text only where that was said"
expect_status 64 cpxfer serve --root srv
expect_match '^cpxfer: a certificate and its key are missing$' "$STDERR"
expect_match 'anonymous serves this machine in clear' "$STDERR"

it "serves this machine alone"
for address in 0.0.0.0:0 '[::]:0'; do
  expect_status 77 cpxfer serve --anonymous --root srv --listen "$address"
  expect_match 'no loopback address' "$STDERR"
done

it "refuses a wrong address, root and limits with one line"
expect_status 64 cpxfer serve --anonymous --root srv --listen 127.0.0.1:99999
expect_status 66 cpxfer serve --anonymous --root none --listen 127.0.0.1:0
expect_stderr "cpxfer: cannot open none: no such file or directory"
expect_status 64 cpxfer serve --anonymous --root srv --listen 127.0.0.1:0 --sessions 0
expect_status 64 cpxfer serve --anonymous --root srv --listen 127.0.0.1:0 --sessions -3
expect_status 64 cpxfer serve --anonymous --root srv --listen 127.0.0.1:0 operand

it "says where it listens, also under -q, and that it is clear"
serve first srv -q
expect_match '^cpxfer: listening on cpx://127\.0\.0\.1:[0-9]+/ for anybody on this machine, in clear text$' "$TESTDIR/first.err"

it "does not take another's port"
expect_status 69 cpxfer serve --anonymous --root srv --listen "${URL#cpx://}"
expect_match '^cpxfer: cannot listen on 127\.0\.0\.1:[0-9]+: address already in use$' "$STDERR"

it "asks its client whether clear text is meant"
expect_status 76 cpxfer srv/ "$URL/"
expect_match 'a server in clear text on this machine wants --anonymous' "$STDERR"

for signal in TERM INT; do
  it "ends cleanly at SIG$signal"
  serve "s$signal" srv
  stop_server "s$signal" $signal
  expect_equal 0 "$STATUS"
done

it "serves on the other loopback as well"
start_server six cpxfer serve --anonymous --root srv --listen '[::1]:0'
if grep -q 'cannot listen' "$TESTDIR/six.err" 2>/dev/null || [ ! -e /proc/net/if_inet6 ]; then
  skip "this machine has no IPv6"
fi
URL=$(wait_line six 'listening on cpx://')
URL=${URL#*listening on } URL=${URL%%/ *}
echo six >f
expect_status 0 cpxfer --anonymous f "$URL/"
expect_equal six "$(cat srv/f)"
expect_status 0 cpxfer --anonymous --rail fabric f "$URL/g"
expect_equal six "$(cat srv/g)"
