#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signed records through a pipe on one core, and what openssl verifies on the same core in turn: for
# each run of ours one of "openssl speed", whose figure is signatures verified a second. The records
# are those of a node with its processors, price and access, about 1.5 kB each.
. "$CP_SOURCE/tests/bench/bench.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
need openssl
count=20000 rounds=7
as lab cpid init --prefix 86 >root.json
key=$TESTDIR/lab/keys/$(jq -r .proof.key root.json).pem
as lab cpid mint --count $count --plain >codes
jq -cn --rawfile codes codes '$codes | split("\n")[:-1][] | {schema: "cp.resource/1", id: ., seq: 1,
  issued: "2026-01-01T00:00:00Z", valid_until: "2100-01-01T00:00:00Z", name: "node", kind: "node", nodes: 1,
  provider: {prefix: "86", name: "National node"}, place: {country: "CN", region: "cn-sh", lat: 31.23, lon: 121.47},
  node: {cpu: {vendor: "intel", model: "Xeon Platinum 8480+", arch: "x86_64", sockets: 2, cores: 112, threads: 224,
    clock_hz: 2000000000}, memory_bytes: 2199023255552, disk_bytes: 15360000000000,
    accelerators: [{vendor: "nvidia", model: "H100-SXM-80GB", count: 8, memory_bytes: 85899345920}]},
  prices: [{terms: "on-demand", unit: "card-hour", price: {amount: "14.50", currency: "CNY"}, as_of: "2026-01-01T00:00:00Z"}],
  access: [{role: "launch", url: "slurm+ssh://login.example", workdir: "/scratch"}]}' |
  cpid sign --key "$key" >records
as user cpid trust add --prefix 86 root.json >anchor
for ((round = 1; round <= rounds; ++round)); do
  rm -rf "$TESTDIR/fresh"
  cp -r "$TESTDIR/user" "$TESTDIR/fresh"
  as fresh taskset -c 0 bash -c 'TIMEFORMAT="%U %S"; time cpid verify --only-bad <records >verdict' 2>cpu
  jq -e '.summary.valid == '$count verdict >/dev/null || fail "not all hold"
  ours=$(awk -v n=$count '{ print n / ($1 + $2) }' cpu)
  theirs=$(taskset -c 0 openssl speed -seconds 1 ed25519 2>/dev/null | awk '/253 bits EdDSA/ { print $NF }')
  awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.0f %.0f %.3f\n", a, b, a / b }' >>ratios
done
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio=$(cut -d' ' -f3 ratios | median)
printf 'records verified per CPU second: %s, openssl speed ed25519: %s, median of %d ratios: %s (target 0.8)\n' \
  "$(cut -d' ' -f1 ratios | median)" "$(cut -d' ' -f2 ratios | median)" $rounds "$ratio"
awk -v r="$ratio" 'BEGIN { exit r >= 0.8 ? 0 : 1 }' || MISSED=1
finish
