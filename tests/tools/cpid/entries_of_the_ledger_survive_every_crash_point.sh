#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What an authority does besides minting: each command killed at each of its calls that write, from
# one and the same state; afterwards all of it is done or nothing, and the ledger is sound.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/crash_points.sh"

as child cpid init --prefix 86.7 --parent 86 >request.json
cpid init --prefix 86 >root.json
id=$(cpid register --plain <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"]}')
cp -a "$CP_STATE_DIR" before
entries() {
  cpid check --ledger >audit
  jq -e '.verdict == "verified"' audit >/dev/null || fail "the ledger is broken: $(cat audit)"
  jq -r '.message | split(" ")[0]' audit
}
was=$(entries)
# Whatever stands on standard output was entered; then everything is as it was before.
all_or_nothing() {
  local now
  now=$(entries)
  [ "$now" -eq "$was" ] || [ "$now" -eq $((was + ENTRIES)) ] || fail "$was entries, and now $now"
  [ ! -s printed ] || [ "$now" -eq $((was + ENTRIES)) ] || fail "printed, and not in the ledger: $(cat printed)"
  "$CHECK"
  rm -rf "$CP_STATE_DIR"
  cp -a before "$CP_STATE_DIR"
}
at_each() { # ENTRIES CHECK COMMAND…
  ENTRIES=$1 CHECK=$2
  at_every_crash_point all_or_nothing "${@:3}"
  [ -s printed ] || fail "the run that ended printed nothing"
}
resolves_or_not() { cpid resolve @lab/a >/dev/null 2>errors || grep -q 'is no more' errors || fail "$(cat errors)"; }
resolves() { cpid resolve "$id" >resolved || fail "the record does not resolve"; }
still_signs() {
  resolves
  jq -c 'del(.seq)' resolved | cpid register >/dev/null || fail "nothing can be registered any more"
}
delegates_again() { cpid delegate request.json >again || fail "the child cannot be delegated any more"; }

it "head"
at_each 1 resolves cpid head
it "tombstone"
at_each 1 resolves_or_not cpid tombstone @lab/a
it "alias"
at_each 1 resolves cpid alias @lab/a @lab/b
it "delegate"
at_each 1 delegates_again cpid delegate request.json
it "rekey"
at_each 1 still_signs cpid rekey --overlap 30d

it "revoke, which is two entries: what is void, and the head that says so"
cpid delegate request.json >answer.json
rm -rf before
cp -a "$CP_STATE_DIR" before
was=$(entries)
at_each 2 resolves cpid revoke 86.7

it "accept"
export CP_STATE_DIR=$TESTDIR/child
cpid trust add --prefix 86 root.json >/dev/null
rm -rf before
cp -a "$CP_STATE_DIR" before
was=$(entries)
mints_or_waits() { cpid mint >/dev/null 2>errors || grep -q 'nobody has given prefix' errors || fail "$(cat errors)"; }
at_each 1 mints_or_waits cpid accept answer.json

it "takes turns when several do it at once"
CP_STATE_DIR=$TESTDIR/busy
mkdir -m 700 "$CP_STATE_DIR"
cpid init --prefix 49 >/dev/null
for i in {1..4}; do
  cpid register --plain <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/'"$i"'"]}' >/dev/null
done
was=$(entries)
pids=()
for i in {1..4}; do
  cpid tombstone "@lab/$i" >"done.$i.a" &
  pids+=($!)
  cpid head >"done.$i.b" &
  pids+=($!)
  cpid mint --count 10 --plain >"done.$i.c" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
expect_equal $((was + 12)) "$(entries)" entries
expect_equal 4 "$(cat done.*.b | jq -r .seq | sort -u | wc -l)" 'numbers of heads'
