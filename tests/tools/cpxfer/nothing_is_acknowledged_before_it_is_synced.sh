#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A trace of the receiver shows that each sync had returned before the acknowledgement that it covers left;
# and that this test sees it when syncs do nothing.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need strace python3
unset CP_CPXFER_DURABILITY
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
ORDER=$CP_SOURCE/tests/tools/cpxfer/order.py

mkdir -p src/d srv
head -c 200000000 /dev/urandom >src/large
seq 60 | split -l 1 -a 2 - src/d/f
# What has just changed is not written down, and so takes fewer syncs.
find src -type f -exec touch -d '1 hour ago' {} +
traced() {
  start_server server strace -f -y -xx -s 64 -qq -o "$TESTDIR/trace" \
    -e trace=pwrite64,fdatasync,fsync,syncfs,renameat,renameat2,sendmsg,sendto "$@" \
    cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv
  URL=$(wait_line server 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
}
end_traced() {
  # What strace runs ends strace, too, when it ends.
  pkill -TERM -P "${SERVERS[server]}"
  stop_server server CONT
}

for durability in batch file; do
  it "syncs, then tells ($durability)"
  traced env
  # Slow enough that something is acknowledged before the end.
  expect_status 0 cpxfer --anonymous --bwlimit 100MB/s --durability $durability src/ "$URL/$durability"
  end_traced
  expect_status 0 diff -r src srv/$durability
  expect_status 0 python3 "$ORDER" "$TESTDIR/trace"
  expect_match '^durable:[1-9][0-9]* result:1 syncs:[1-9][0-9]* renames:61$'
done

it "and without syncs it would be seen"
traced env
expect_status 0 cpxfer --anonymous --durability none src/ "$URL/none"
end_traced
expect_status 1 python3 "$ORDER" "$TESTDIR/trace"
expect_match '^too early: '

it "and when they do nothing"
need eatmydata
traced eatmydata
expect_status 0 cpxfer --anonymous src/ "$URL/nothing"
end_traced
expect_status 1 python3 "$ORDER" "$TESTDIR/trace"
expect_match '^too early: '
