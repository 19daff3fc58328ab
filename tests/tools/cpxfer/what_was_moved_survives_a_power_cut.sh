#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A machine loses its power while trees are moved to its disk: what cpxfer had said is done is there
# and whole when it comes back, what was under way goes on and ends the same. And where nothing is
# synced, something is lost.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/power_cut.sh"
need jq eatmydata

# --- what the machine does ---
plant() { # ROUND
  mkdir -p /tmp/src/d/inner
  for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
    echo "round $1 file $n" >"/tmp/src/d/f$n"
    cp "/tmp/src/d/f$n" "/tmp/src/d/inner/f$n"
  done
  yes "round $1" | head -c 3000001 >/tmp/src/large
  find /tmp/src -exec touch -h -d '2020-01-01 00:00:00' {} +
}
move() { # ROUND: a record is printed when the transfer is done, and the tool has ended
  plant "$1"
  digest=$(cpxfer /tmp/src/ "/disk/to/$1" | jq -r 'select(.state == "done") | .digest.value')
  [ -n "$digest" ] && echo "ack $1 $digest"
}
# A large one that takes longer than there is power; what of it the journal has shows in the end.
long() { cpxfer --bwlimit 4Mbit/s /disk/source/ /disk/long >/tmp/long.json; }
work() {
  long &
  round=$(find /disk/to -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
  while :; do
    round=$((round + 1))
    move "r$round"
  done
}
without_syncs() {
  LD_PRELOAD=$(find / -xdev -name libeatmydata.so | head -n 1)
  export LD_PRELOAD
  "$@"
}
# What stands there now, by its digest; each name is whole.
look() {
  for tree in /disk/to/*; do
    [ -d "$tree" ] || continue
    echo "there ${tree##*/} $(cpxfer hash --plain "$tree/")"
    file=$tree/large
    [ ! -e "$file" ] || [ "$(wc -c <"$file")" = 3000001 ] || echo "half $file"
  done
  echo looked
}
# The long one goes on, from what was synced.
resume() {
  cpxfer /disk/source/ /disk/long | jq -r '"resumed \(.state) \(.bytes.skipped)"'
  cmp /disk/source/one /disk/long/one && find /disk/long -mindepth 1 | sed 's|.*/|holds |'
  echo "ack resumed"
}
MACHINE_DOES=(plant move long work without_syncs look resume)

# --- what is shown ---
said() { tr -d '\r' <console | grep -xE "$1 .*" | cut -d' ' -f2- || true; }
has() { tr -d '\r' <console | grep -qx "$1"; }
lost() { sort items | comm -23 - <(said there | sort); }

mkdir -p disk/source
head -c 60000000 /dev/urandom >disk/source/one
touch -d '1 hour ago' disk/source/one
machine cpxfer jq
it "has each tree that it said is done"
new_disk disk
: >items
power_on work
for round in 1 2; do
  acknowledged 5
  cut_power
  said ack >>items
  power_on 'look; work'
  acknowledged 1
  has looked || fail "it did not look: $(head -n 20 console)"
  expect_equal '' "$(lost | head -n 3)" 'said to be done and lost'
  expect_equal '' "$(said half)" 'half under its name'
  echo "  cut $round: $(wc -l <items) trees were said to be done, none lost"
done
said ack >>items
cut_power

it "goes on with what was under way, and ends the same"
power_on resume
acknowledged 1
expect_match '^resumed done [1-9][0-9]*' console
expect_equal one "$(said holds)"
cut_power
echo "  $(tr -d '\r' <console | grep '^resumed' | cut -d' ' -f3) bytes of 60000000 needed no sending"

it "would have noticed: without syncs, something is gone"
new_disk disk
power_on 'without_syncs work'
acknowledged 5
cut_power
said ack >items
power_on 'look; echo ack all'
acknowledged 1
cut_power
[ -n "$(lost)" ] || fail 'nothing was lost, although nothing was synced'
