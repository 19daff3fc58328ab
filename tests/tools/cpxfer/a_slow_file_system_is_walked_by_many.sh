#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file system that takes its time over each name, as one across a network does, is asked for many at
# once; where no thread is to be had, by those that there are. Each answer is held back by strace(1).
. "$CP_SOURCE/tests/tools/harness.sh"
need strace
calls=newfstatat,fstatat64
slowly=(strace -f -qq -o "$TESTDIR/trace" -e "trace=$calls,clone3" -e signal=none
  -e "inject=$calls:delay_enter=2000")
"${slowly[@]}" cpxfer --version >/dev/null 2>&1 || skip "strace cannot hold calls back here"

mkdir src
for folder in {1..12}; do
  mkdir "src/$folder"
  for file in {1..24}; do : >"src/$folder/$file"; done
done
# How many threads looked at names of the source.
lookers() { awk '/fstatat/ && /"[0-9]+"/ { seen[$1] = 1 } END { print length(seen) }' "$TESTDIR/trace"; }

it "looks ahead with many threads"
expect_status 0 cpxfer hash src
cp "$STDOUT" usual
expect_status 0 timeout 120 "${slowly[@]}" cpxfer hash src
expect_equal "$(cat usual)" "$(cat "$STDOUT")"
[ "$(lookers)" -ge 6 ] || fail "only $(lookers) threads looked"

it "tells what it finds in the order that there always is"
expect_status 0 cpxfer -n src/ dst
cp "$STDERR" usual
expect_status 0 timeout 120 "${slowly[@]}" cpxfer -n src/ dst
expect_equal "$(cat usual)" "$(cat "$STDERR")"

# The first thread is the one that shows how far it is.
it "goes on with those that it has where there is no thread to spare"
for n in 1 2; do
  expect_status 0 timeout 120 "${slowly[@]}" -e "inject=clone3:error=EAGAIN:when=$((n + 1))+" cpxfer -n src/ dst
  expect_equal "$(cat usual)" "$(cat "$STDERR")"
  expect_match INJECTED "$TESTDIR/trace"
  expect_equal "$n" "$(lookers)" "threads that looked"
done
