#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A disk that forgets what it was not told to keep: a file system in a file, of which a copy is taken
# at the moment of the kill. It lacks what only memory held, whichever way that was written. What
# cpxfer had said is done is in the copy, and what was under way goes on there and ends the same.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
unset CP_CPXFER_DURABILITY
export PATH="$PATH:/usr/sbin:/sbin"
need mke2fs unshare jq

# Nothing is written back but what is synced, within the minutes that this takes.
cat >inside.sh <<'SH'
set -eu
mount_disk() { mount -o loop,commit=600 "$1" mnt || exit 77; }
cut_power() {
  cp --sparse=always disk after
  umount mnt
  mv after disk
  mount_disk disk
}
journal_bytes() { cat mnt/large/.cpxfer/*/journal 2>/dev/null | wc -c; }
lost() {
  while read -r name digest; do
    [ "$(cpxfer hash --plain "mnt/to/$name/" 2>/dev/null)" = "$digest" ] || echo "$name"
  done <said
}
mount_disk disk
"$@"
SH
cat >cuts.sh <<'SH'
. ./inside.sh
: >said
for round in 1 2 3 4 5; do
  for n in 1 2 3; do
    name=r$round.$n
    cpxfer src/ "mnt/to/$name" | jq -r --arg name $name '$name + " " + .digest.value' >>said
  done
  cpxfer --bwlimit 50MB/s large/ mnt/large >/dev/null 2>&1 &
  mover=$!
  until [ "$(journal_bytes)" -gt $((150 + round * 100)) ]; do kill -0 $mover; done
  kill -KILL $mover
  wait $mover 2>/dev/null || true
  cut_power
  lost >gone
  [ ! -s gone ] || { echo "lost in round $round:"; cat gone; exit 1; }
  [ ! -e mnt/large/one ] || { echo "half under its name"; exit 1; }
  cpxfer large/ mnt/large | jq -r '"\(.state) \(.bytes.skipped)"'
  cmp large/one mnt/large/one
  [ -z "$(find mnt -name '.cpxfer*')" ]
  rm -r mnt/large
  # That it is gone is to be there in the next round, too.
  sync -f mnt
done
SH
cat >control.sh <<'SH'
. ./inside.sh
: >said
for n in 1 2 3; do
  cpxfer --durability none src/ "mnt/to/$n" | jq -r --arg name $n '$name + " " + .digest.value' >>said
done
cut_power
lost
SH
sed -i 's/^"\$@"$//' inside.sh
disk() { rm -f disk && truncate -s 160M disk && mke2fs -q -t ext4 disk; }
own() { unshare -m bash "$1"; }

mkdir -p mnt src/d large
seq 300 | split -l 1 -a 3 - src/d/f
head -c 3000000 /dev/urandom >src/middle
head -c 60000000 /dev/urandom >large/one
find src large -exec touch -h -d '1 hour ago' {} +
disk
printf '. ./inside.sh\n' >try.sh
own try.sh 2>"$STDERR" || skip "this user may mount no file as a disk: $(tail -n 1 "$STDERR")"

it "what was said to be done is on the disk, and what was under way goes on"
expect_status 0 own cuts.sh
expect_equal 5 "$(grep -c '^done ' "$STDOUT")"
[ "$(awk '$2 > 0' "$STDOUT" | wc -l)" -eq 5 ] || fail "nothing was gone on with"
echo "  bytes of 60000000 that needed no sending: $(cut -d' ' -f2 "$STDOUT" | xargs)"

it "would have noticed: without syncs it is not"
disk
expect_status 0 own control.sh
[ -s "$STDOUT" ] || fail "nothing was lost, although nothing was synced"
