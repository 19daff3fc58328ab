# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# This machine under a private authority, at a price; its code is in $MACHINE.
. "$CP_SOURCE/tests/tools/harness.sh"
cpid init >/dev/null
cat >machine.toml <<'TOML'
name = "here"
workdir = "WORKDIR"
[[prices]]
terms = "on-demand"
unit = "core-hour"
price = { amount = "3.60", currency = "CNY" }
quantum_s = 1
as_of = "2026-11-01T00:00:00Z"
TOML
sed -i "s|WORKDIR|$TESTDIR/scratch|" machine.toml
cpid describe --from local --with machine.toml | cpid register >/dev/null
MACHINE=$(cpid list --json | jq -r 'select(.schema == "cp.resource/1") | .id' | head -n 1)

# An offer of $MACHINE as cpfind would print it, and what the arguments (jq) change in it.
offer() {
  jq -nc --arg id "$MACHINE" '{schema: "cp.offer/1", id: "o-01JDABCDEFGHJKMNPQRSTVWXYZ", rank: 1,
    runnable: true, demand: {schema: "cp.demand/1", nodes: 1, cores: 1, duration_s: 60},
    resource: $id, units: {nodes: 1, cards: 0, cores: 1}, price: {hour: {amount: "3.60", currency: "CNY"}},
    access: [{role: "launch", url: "local:"}], source: {name: "registry:local", trust: "verified"}} | '"${1:-.}"
}
answer() { echo '{"schema":"cp.answer/1","matched":1,"shown":1,"sources":[]}'; }
