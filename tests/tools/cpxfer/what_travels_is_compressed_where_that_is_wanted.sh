#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir -p src/many srv
seq 3000000 >src/numbers
head -c 4000000 /dev/urandom >src/noise
for i in $(seq 300); do seq "$i" 400 >"src/many/$i"; done
serve server srv

it "refuses a level that there is not, before anything moves"
for level in best 0 20 -8; do
  expect_status 64 cpxfer --anonymous --compress="$level" src/ "$URL/none"
  expect_match '^cpxfer: --compress: ' "$STDERR"
done
expect_equal "" "$(ls srv)"

for level in 1 9 -5; do
  it "sends less with level $level, and all of it arrives"
  expect_status 0 cpxfer --anonymous --compress=$level src/ "$URL/$level"
  validate "$STDOUT"
  expect_json ".compression.codec == \"zstd\" and .compression.level == \"$level\" and .compression.ratio < 0.8"
  expect_json '.state == "done" and .bytes.moved == .bytes.total and .bytes.wire < 0.8 * .bytes.moved'
  expect_status 0 diff -r src "srv/$level"

  it "brings less with level $level, too"
  expect_status 0 cpxfer --anonymous --compress=$level "$URL/$level/" "back$level"
  validate "$STDOUT"
  expect_json ".compression.level == \"$level\" and .compression.ratio < 0.8 and .bytes.wire < 0.8 * .bytes.moved"
  expect_status 0 diff -r src "back$level"
done

it "sends everything as it is when that is wanted"
expect_status 0 cpxfer --anonymous --compress=off src/ "$URL/off"
validate "$STDOUT"
expect_json 'has("compression") == false and .bytes.wire > .bytes.moved'
expect_status 0 diff -r src srv/off

it "does the same over a fabric"
expect_status 0 cpxfer --anonymous --rail fabric --compress=3 src/ "$URL/fabric"
expect_json '.rails[0].kind == "fabric" and .bytes.wire < 0.8 * .bytes.moved'
expect_status 0 diff -r src srv/fabric

it "compresses nothing on the way to a place on this machine"
expect_status 0 cpxfer --compress=3 src/ here
validate "$STDOUT"
expect_json 'has("compression") == false'
expect_status 0 diff -r src here

it "takes no more than 300 MB, however many streams compress, here and at the server"
seq 8000000 >numbers
cat >"$TESTDIR/largest.py" <<'PY'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
kibibytes=$(python3 "$TESTDIR/largest.py" cpxfer --anonymous --streams 32 --compress=9 numbers "$URL/numbers")
[ "$kibibytes" -le 292968 ] || fail "a client took $kibibytes KiB"
expect_status 0 cpxfer --anonymous --streams 32 --compress=9 "$URL/numbers" again
cmp numbers again
kibibytes=$(awk '/^VmHWM/ { print $2 }' "/proc/${SERVERS[server]}/status")
[ "$kibibytes" -le 292968 ] || fail "the server took $kibibytes KiB"
