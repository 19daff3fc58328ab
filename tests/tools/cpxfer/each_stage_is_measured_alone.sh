#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need python3 jq
# Figures depend on the machine: only what they say of themselves is looked at.
sound='(.rate_bps - (.bytes * 8 / .duration_s) | fabs) < 0.01 * .rate_bps and .bytes > 0 and .cpu_s_per_gb > 0'
BENCH=(cpxfer bench --time 0.1s)

it "measures both directions over the loopback, the threads' work and the disk, and judges at the end"
mkdir disk
expect_status 0 "${BENCH[@]}" --rail tcp --directory disk
validate "$STDOUT"
expect_json '[$all[].stage] == ["rail", "rail", "hash", "seal", "compress", "disk-write", "disk-read", "verdict", "verdict"]'
expect_json '[$all[] | select(.stage == "rail") | .direction] == ["push", "pull"]'
expect_json '[$all[] | select(.stage == "rail")] | all(.server == null and .rail == {kind: "tcp", streams: 2} and .encrypted == false and .far.cpu_s_per_gb > 0)'
expect_json "[\$all[] | select(.stage != \"verdict\" and .stage != \"disk-read\")] | all($sound)"
expect_json '[$all[7, 8].bottleneck] | all(. as $b | ["source-disk", "destination-disk", "cpu", "network"] | index($b) != null)'
expect_equal "" "$(ls -A disk)"

it "leaves out what this machine does by itself"
expect_status 0 "${BENCH[@]}" --rail tcp --rails-only
expect_json '[$all[].stage] == ["rail", "rail", "verdict", "verdict"]'

it "takes as many streams as are asked for, and seals them when that is wanted"
expect_status 0 "${BENCH[@]}" --rail tcp --encrypt --streams 3 --direction pull
expect_json '.rail.streams == 3 and .direction == "pull" and .encrypted and ($all | length) == 5 and $all[1].threads == 3'

it "keeps below the rate that is asked for, and says what held it up"
expect_status 0 "${BENCH[@]}" --time 1s --rail tcp --bwlimit 80Mbit/s
expect_json '[$all[] | select(.stage == "rail")] | length == 2 and all(.rate_bps < 100e6)'
expect_json '[$all[] | select(.stage == "verdict") | .bottleneck] == ["rate-limit", "rate-limit"]'

it "shows people a table"
expect_status 0 "${BENCH[@]}" --rail tcp --table
expect_match '^ *RATE +STAGE +RAIL +DIRECTION'
expect_match 'bit/s +rail +tcp +push +2 '
expect_match 'bit/s +verdict +tcp +pull '

it "measures what goes to a server and comes from it, and leaves nothing there"
mkdir srv
serve server srv -v --timeout 2s
expect_status 0 "${BENCH[@]}" --rail tcp --anonymous "$URL/anywhere"
validate "$STDOUT"
expect_json "[\$all[] | select(.stage == \"rail\")] | length == 2 and all(.server == \"$URL\" and .encrypted == false)"
wait_line server 'was measured \(took\)' >/dev/null
wait_line server 'was measured \(gave\)' >/dev/null
if ldconfig -p | grep 'libfabric.so.1' >/dev/null; then
  expect_status 0 "${BENCH[@]}" --anonymous "$URL"
  expect_json '[$all[] | select(.stage == "rail") | .rail.kind] == ["tcp", "tcp", "fabric", "fabric"]'
fi
expect_equal "" "$(ls -A srv)"

it "refuses what makes no sense"
for wrong in '--time 0s' '--time 61s' '--rail ssh' '--streams 33' '--rail carrier' './file' 'cpx://127.0.0.1:x/' 'a b' \
  '--rail ssh --anonymous cpx://127.0.0.1:7031/'; do
  # shellcheck disable=SC2086 # several words
  expect_status 64 cpxfer bench $wrong
  expect_equal "" "$(cat "$STDOUT")"
done
expect_status 69 "${BENCH[@]}" --anonymous cpx://127.0.0.1:1/
expect_status 66 "${BENCH[@]}" --rail tcp --directory nowhere
expect_json '[$all[] | select(.schema == "cp.bench/1") | .stage] == ["rail", "rail", "hash", "seal", "compress", "verdict", "verdict"]'
expect_match 'nowhere: no such file or directory' "$STDERR"

it "is told in one line what a server of an earlier version, or one that lies, has to say"
number=0
# against WHAT STATUS MESSAGE [FLAG…]: a server that behaves so.
against() {
  local what=$1 status=$2 message=$3
  shift 3
  number=$((number + 1))
  start_server "peer$number" python3 "$PEER" measured "$what"
  port=$(wait_line "peer$number" '^port ' | cut -d' ' -f2)
  expect_status "$status" "${BENCH[@]}" --rails-only --anonymous --rail tcp --streams 1 "$@" "cpx://127.0.0.1:$port"
  expect_match "$message" "$STDERR"
  expect_json '[$all[] | select(.schema == "cp.bench/1")] == []'
  stop_server "peer$number" KILL
}
against old 69 'its cpxfer 0.0.7 is too old to be measured$' --direction push
against more 76 'says that it carried [0-9]+ bytes, and it was [0-9]+$' --direction push
against busier 76 'says that it used more of a processor than it had$' --direction push
against slow 75 'the other end does not keep up$' --direction push --timeout 1s
against early 76 'broke the measurement off$' --direction pull
against noise 76 'a chunk that is not what its header says$' --direction pull
against endless 75 'the other end does not keep up$' --direction pull --timeout 1s
against nothing 75 'the other end does not keep up$' --direction pull --timeout 1s

it "lets no client hold a server up, or measure for longer than a minute"
say() { python3 "$PEER" say "${URL##*:}" "$1"; }
expect_equal "the field measure_ms is missing or wrong" "$(say measured-for-years)"
expect_equal "a measurement that moves something" "$(say measured-as-a-dry-run)"
expect_equal "the other end does not keep up" "$(say measured-without-a-word)"
expect_equal "the other end does not keep up" "$(say measured-and-not-read)"
expect_equal "a chunk that is not what its header says" "$(say measured-with-noise)"
expect_status 0 "${BENCH[@]}" --rail tcp --anonymous "$URL"

it "is interrupted at once"
start_server long cpxfer bench --time 60s --rail tcp --streams 4
has_threads() { [ "$(find "/proc/${SERVERS[long]}/task" -mindepth 1 -maxdepth 1 | wc -l)" -ge "$1" ]; }
wait_until has_threads 9
stop_server long INT
expect_equal 130 "$STATUS"
