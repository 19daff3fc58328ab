#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# By io_uring(7), and where the kernel refuses that, for whatever reason, as ever.
. "$CP_SOURCE/tests/tools/harness.sh"
need strace
mkdir src
for n in {1..200}; do seq "$n" $((n * 9)) >"src/$n"; done
# moves OPTION…: with those of strace, under the environment there is.
moves() {
  rm -rf dst
  expect_status 0 timeout 120 strace -f -qq -o "$TESTDIR/trace" -e trace=io_uring_setup,io_uring_enter -e signal=none \
    "$@" cpxfer --durability none src/ dst
  expect_equal "" "$(diff -r src dst 2>&1)"
}
strace -f -qq -o "$TESTDIR/trace" -e trace=io_uring_setup cpxfer --version >"$STDOUT" 2>"$STDERR" ||
  skip "strace does not work here"
expect_equal "" "$(cat "$TESTDIR/trace")"
export CP_IO_URING=always

it "reads them so where the kernel has it"
moves
expect_match io_uring_setup "$TESTDIR/trace"
if grep -q 'io_uring_setup.* = [0-9]' "$TESTDIR/trace"; then
  expect_match io_uring_enter "$TESTDIR/trace"
fi

it "does without where it is told to"
CP_IO_URING=off
moves
expect_equal "" "$(cat "$TESTDIR/trace")"
CP_IO_URING=always

it "does without where it is refused"
for error in ENOSYS EPERM ENOMEM EMFILE; do
  moves -e "inject=io_uring_setup:error=$error"
  expect_match INJECTED "$TESTDIR/trace"
done

it "goes on as ever where it breaks on the way"
for error in EBADF EINTR EAGAIN; do
  for n in 1 2 3; do moves -e "inject=io_uring_enter:error=$error:when=$n"; done
done
