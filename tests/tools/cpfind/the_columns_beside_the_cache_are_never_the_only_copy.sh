#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

cache=$XDG_CACHE_HOME/cptools
columns=$cache/offers.columns
{ echo InstanceType,vCPUs,Price,Region; seq 1 60000 | awk '{ print "t" $1 "," $1 % 96 + 1 "," $1 % 1009 + 1 ".5,r" $1 % 11 }'; } >vms.csv
expect_status 0 cpfind import vms.csv
ask=(cpfind --where 'cpus in [8..64] and region like "*r1*"' --sort 'price,name' --limit 9)
said() { jq -c 'del(.id, .duration_s, .sources, .source.age_s)' "$1"; }
whole() {
  "${ask[@]}" >out 2>err || fail "no answer: $(cat err)"
  said out >now
  cmp -s now right || fail "another answer: $(diff now right)"
}

scratch() { dd if=/dev/urandom of="$1" bs=1000 seek=40 count=90 conv=notrunc status=none; }

it "are made at the first query, and say what the database says"
[ ! -e "$columns" ]
"${ask[@]}" >out
said out >right
[ "$(wc -l <right)" -eq 10 ]
[ "$(stat -c %a "$columns")" = 600 ]
whole

it "are made anew when they are gone, cut, changed, old, or of another cache"
for harm in 'rm' 'truncate -s 5' 'truncate -s -1' 'truncate -s +1' 'cp vms.csv' 'scratch'; do
  read -ra words <<<"$harm"
  "${words[@]}" "$columns"
  whole
  whole
done
cp "$columns" old
sed 1q vms.csv >empty.csv
echo 'x1,9,1,r1' >>empty.csv
expect_status 0 cpfind import empty.csv --name other
expect_status 0 "${ask[@]}"
expect_json '$all[0].name == "x1"'
expect_status 0 cpfind sources remove other
whole
cp old "$columns"
whole

it "do no harm when they shrink and change while they are read"
cp "$columns" good
while :; do
  truncate -s 70000 "$columns" 2>/dev/null || true
  dd if=/dev/urandom of="$columns" bs=5000 seek=3 count=5 conv=notrunc status=none 2>/dev/null || true
  cp good "$columns" 2>/dev/null || true
done & pid=$!
for _ in {1..40}; do whole; done
kill "$pid"
wait "$pid" 2>/dev/null || true

it "are whole or not there when a query is killed while it makes them"
for round in {1..25}; do
  rm -f "$columns"
  "${ask[@]}" >/dev/null 2>&1 & pid=$!
  sleep "0.$(printf %03d $((round * 9)))"
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  whole
done
expect_equal 'offers.columns offers.db offers.db-shm offers.db-wal' "$(find "$cache" -mindepth 1 -printf '%f\n' | sort | paste -sd' ')"

it "are made by one of several queries at once, and all answer alike"
for _ in {1..5}; do
  rm -f "$columns"
  pids=()
  for i in 1 2 3 4 5; do
    "${ask[@]}" >"out$i" & pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
  for i in 1 2 3 4 5; do said "out$i" | cmp - right; done
done
whole
[ -e "$columns" ]

it "are left out where nobody can write, and on a full disk"
cp -r "$cache" copy
rm -f copy/offers.columns
cat >frozen.sh <<FROZEN
set -e
cd "$PWD"
mount --bind copy "$cache"
mount -o remount,bind,ro "$cache"
cpfind --where 'cpus in [8..64] and region like "*r1*"' --sort price,name --limit 9 >frozen.out
[ ! -e "$columns" ]
FROZEN
cat >full.sh <<FULL
set -e
cd "$PWD"
mount -t tmpfs -o size=24m none "$cache"
cp copy/offers.db "$cache"
head -c 30000000 /dev/zero >"$cache/filler" 2>/dev/null || true
truncate -s -200000 "$cache/filler"
cpfind --where 'cpus in [8..64] and region like "*r1*"' --sort price,name --limit 9 >full.out
[ ! -e "$columns" ]
FULL
unshare -rm true 2>/dev/null || skip "this user may mount nothing"
for where in frozen full; do
  expect_status 0 unshare -rm bash "$where.sh"
  said "$where.out" | cmp - right
done
