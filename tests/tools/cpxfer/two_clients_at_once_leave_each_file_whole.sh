#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv one two
head -c 8000000 /dev/urandom >one/same
head -c 8000001 /dev/urandom >two/same
for n in {1..300}; do
  echo "one $n" >"one/f$n"
  echo "two $n" >"two/f$n"
done
echo 1 >one/mine
echo 2 >two/yours
serve server srv

check_whole() {
  expect_equal "12" "$(cat "$1/mine" "$1/yours" | tr -d '\n')"
  cmp -s one/same "$1/same" || cmp -s two/same "$1/same" || fail "$1/same is neither"
  expect_equal "$(seq 300)" "$(cd "$1" && cat f* | sed -nE 's/^(one|two) ([0-9]+)$/\2/p' | sort -n)"
  expect_equal "" "$(left_behind "$1")"
}
# together DEST FLAG…: both to DEST at once; both arrive.
together() {
  local name destination=$1
  shift
  for name in one two; do
    start_server $name cpxfer "$@" $name/ "$destination"
  done
  for name in one two; do
    STATUS=0
    wait "${SERVERS[$name]}" || STATUS=$?
    unset "SERVERS[$name]"
    expect_equal 0 "$STATUS" "status of $name: $(cat "$TESTDIR/$name.err")"
    expect_json '.state == "done" and .files.done + .files.skipped == 302' "$TESTDIR/$name.out"
  done
}

it "two local copies to one place"
for _ in {1..5}; do together here; check_whole here; done
validate "$TESTDIR/one.out"

for rail in tcp fabric; do
  it "two clients of one server ($rail)"
  for _ in {1..3}; do together "$URL/$rail" --anonymous --rail $rail; check_whole srv/$rail; done
done

it "eight at once"
names=()
for n in {1..8}; do
  start_server "c$n" cpxfer --anonymous one/ "$URL/crowd"
  names+=("c$n")
done
for name in "${names[@]}"; do
  STATUS=0
  wait "${SERVERS[$name]}" || STATUS=$?
  unset "SERVERS[$name]"
  expect_equal 0 "$STATUS" "$name: $(cat "$TESTDIR/$name.err")"
done
expect_status 0 diff -r one srv/crowd

it "one that stands still holds the same command up for a while, not for ever"
head -c 40000000 /dev/urandom >large
start_server still cpxfer --bwlimit 10MB/s large still/
wait_until arriving still
kill -STOP "${SERVERS[still]}"
STATUS=0
timeout 60 cpxfer large still/ >"$STDOUT" 2>"$STDERR" || STATUS=$?
kill -CONT "${SERVERS[still]}"
expect_equal 0 "$STATUS" "$(cat "$STDERR")"
expect_status 0 cmp large still/large
stop_server still
