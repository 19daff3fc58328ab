#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
expect_status 0 cpid init

# Each printed line is whole, none is printed twice, and all are in the ledger, which is sound.
expect_sound() {
  sort printed.* >printed
  expect_equal '' "$(uniq -d printed)" 'printed twice'
  expect_status 0 cpid check <printed
  expect_status 0 cpid list --codes --plain
  sort "$STDOUT" >ledger
  expect_equal '' "$(comm -23 printed ledger)" 'printed and not in the ledger'
  expect_status 0 cpid check --ledger
  expect_json '.verdict == "verified"'
}

it "gives as many as anybody can want, and no more"
for count in 0 -1 100000001 99999999999 99999999999999999999; do
  expect_status 64 cpid mint --count=$count
  expect_equal 1 "$(wc -l <"$STDERR")"
done
expect_status 0 cpid list --codes
expect_stdout ''

it "gives twelve at once different codes, four characters short"
for i in {1..12}; do
  cpid mint --count 300 --length 4 --plain >"printed.$i" &
done
wait
expect_sound
expect_equal 3600 "$(wc -l <printed)" printed
expect_equal 3600 "$(wc -l <ledger)" 'in the ledger'

it "counts serials up in turn when several do it at once"
for i in {1..6}; do
  cpid mint --count 200 --length 5 --sequential --plain >"printed.s$i" &
done
wait
expect_equal 1200 "$(cat printed.s* | sort -u | wc -l)" different
expect_sound

it "loses and doubles nothing that was printed when it is killed at any time"
for round in {1..15}; do
  rm -f killed.*
  pids=()
  for i in {1..4}; do
    cpid mint --count 200000 --plain >"killed.$i" &
    pids+=($!)
  done
  # The kill falls into batches, commits and writes, and in each second round into what is printed.
  ((round % 2)) || wait_until eval 'grep -qs . killed.*'
  python3 -c "import time, random; time.sleep(random.uniform(0.01, 0.6))"
  kill -KILL "${pids[@]}" 2>/dev/null || true
  wait "${pids[@]}" 2>/dev/null || true
  for i in {1..4}; do
    # The kill may cut the last line short; a line that has its end was printed.
    sed -n '/^cp:.*-..$/p' "killed.$i" | head -n "$(tr -cd '\n' <"killed.$i" | wc -c)" >"printed.k$round.$i"
  done
done
expect_sound
[ "$(cat printed.k* | wc -l)" -gt 0 ] || fail "no killed process ever printed anything"
