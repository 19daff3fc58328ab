#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "says so when the state cannot be kept"
expect_status 125 env CP_STATE_DIR=/dev/null/state cprun run -- true
expect_match '^cprun: ' "$STDERR"
expect_equal 1 "$(wc -l <"$STDERR")"
echo 'not a database, and long enough to tell' >"$CP_STATE_DIR/jobs.db"
expect_status 125 cprun run -- touch "$PWD/ran"
rm "$CP_STATE_DIR"/jobs.db*

it "says so when this machine has not what it wants"
expect_status 125 cprun run --cpus 9999 -- touch "$PWD/ran"
expect_match 'it can run nowhere: local:: this machine has .* cores' "$STDERR"
expect_status 125 cprun run --gpu nvidia:999 -- touch "$PWD/ran"
expect_match 'it can run nowhere: local:: this machine has .* accelerators.*wants 999 nvidia' "$STDERR"
expect_status 125 cprun run --gpu H100,H200:80GB:500 -- touch "$PWD/ran"
[ ! -e ran ] || fail "it ran"

it "says so when its own output has no room"
status=0
cprun run -q --name full -- echo out >/dev/full 2>"$STDERR" || status=$?
expect_equal 74 $status
expect_match 'cannot write standard output: no space left on device' "$STDERR"
for form in --json ""; do
  status=0
  cprun run -q --dry-run ${form:+"$form"} -- true >/dev/full 2>"$STDERR" || status=$?
  expect_equal 74 $status "dry run, $form"
done
status=0
cprun run -q --json -- true >/dev/full 2>"$STDERR" || status=$?
expect_equal 74 $status "it ran, and nobody is told that it did not"

it "says so when no file may grow, and gives the job a signal as it was"
cprun run -q -- true
expect_status 125 sh -c 'ulimit -f 8; exec cprun run -- touch "$0/ran"' "$PWD"
expect_match '^cprun: .*' "$STDERR"
[ ! -e ran ] || fail "it ran"
expect_status 153 cprun run -q -- sh -c 'ulimit -f 1; exec head -c 100000 /dev/zero >x'

# Runs SCRIPT with a disk of SIZE at ./small that goes with it.
mkdir small
on_a_small_disk() {
  unshare -rm sh -c 'mount -t tmpfs -o size="$1" tmpfs small && mkdir -m 700 small/state && eval "$2"' sh "$1" "$2"
}
on_a_small_disk 1m true 2>/dev/null || skip "no small disk can be made here"
export PWD

it "runs nothing on a full disk"
expect_status 125 on_a_small_disk 300k 'head -c 1000000 /dev/zero >small/fill 2>/dev/null
  CP_STATE_DIR=$PWD/small/state exec cprun run -q -- touch "$PWD/ran"'
expect_match 'no space left' "$STDERR"
[ ! -e ran ] || fail "it ran"

it "keeps the end of a job whose disk is full by then"
expect_status 0 on_a_small_disk 2m 'export CP_STATE_DIR=$PWD/small/state
  cprun submit -q -- sh -c "until [ -e $PWD/submitted ]; do sleep 0.02; done
    head -c 10000000 /dev/zero >$PWD/small/fill; exit 6" >/dev/null || exit
  touch submitted
  for i in $(seq 200); do
    ! grep -h exit_code small/state/jobs/cp-*/ended 2>/dev/null || exit 0
    sleep 0.1
  done
  exit 1'
expect_json '.exit_code == 6'

it "goes on when the store has no room, and can be canceled then"
expect_status 0 on_a_small_disk 2m 'export CP_STATE_DIR=$PWD/small/state
  touch began
  cprun run -q --name full -- sh -c "while [ -e $PWD/began ]; do sleep 0.02; done; exit 6" 2>run.err & run=$!
  for i in $(seq 500); do
    [ "$(cprun list --name full --state ACTIVE --plain | wc -l)" -eq 0 ] || break
    sleep 0.02
  done
  head -c 10000000 /dev/zero >small/fill 2>fill.err
  rm began
  wait $run; echo "status $?"
  rm small/fill
  cprun wait full; echo "status $?"
  cprun submit --plain -- sleep 1000 >id || exit
  head -c 10000000 /dev/zero >small/fill 2>fill.err
  timeout 20 cprun cancel "$(cat id)" 2>cancel.err; echo "status $?"
  for i in $(seq 500); do
    ! grep -qs canceled small/state/jobs/cp-*/ended || break
    sleep 0.02
  done
  rm small/fill
  cprun status "$(cat id)"'
expect_match '^status 6$' # of wait: what happened was kept where there was room for it
expect_match 'no space left' cancel.err
expect_match '"state":"CANCELED"'
