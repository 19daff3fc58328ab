#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpprobe/probing.sh"

start_server reflector cpprobe serve --listen 127.0.0.1:0
url=$(wait_line reflector 'listening on stamp://')
target=${url##* }

it "answers every packet and says what it measured"
expect_measured 0 --count 100 "$target"
validate "$STDOUT"
expect_stderr ''
expect_json '.schema == "cp.measurement/1" and .kind == "ping" and .proto == "stamp" and .auth == "none"'
expect_json ".target == \"$target\" and .peer.addr == \"127.0.0.1\" and .peer.kind == \"stamp\""
expect_json '.plan == {"schedule":"periodic","interval_ns":'$((INTERVAL * 1000000))',"count":100,"size_bytes":44,"timeout_ns":1000000000}'
expect_json '.valid and .invalid_reasons == [] and .received == .sent.sent and .lost == 0 and .loss_ratio == 0'
expect_json '.sent.planned == 100 and .sent.sent + .sent.missed_slots == 100'
expect_json '.rtt | .n >= 99 and .min_ns > 0 and .min_ns <= .p50_ns and .p50_ns <= .p90_ns and .p90_ns <= .max_ns'
expect_json '.rtt.p999_ns == null'
expect_json '.response.p50_ns >= .rtt.p50_ns'
expect_json '.ttl == {"min":255,"max":255} and .peer.saw_ttl == 255 and .peer.keeps_ssid'

it "splits the round trip by the kernel's time-stamps"
expect_json '.clock.source == "kernel"'
expect_json '.split | .net.n >= 90 and .net.p50_ns > 0 and .reflector.p50_ns > 0 and .app_tx.p50_ns > 0 and .app_rx.p50_ns > 0'
expect_json '(.split | .net.p50_ns + .reflector.p50_ns) < .rtt.max_ns'

it "gives a score that can be computed again"
expect_json '.score | (([.inputs[] | .weight * .value] | add) / ([.inputs[].weight] | add) - .value | fabs) < 0.01 or .value == 0'

it "sends packets of another size, and back to back"
expect_measured 0 --count 200 --interval 0 --size 1400 "$target"
expect_json '.plan.schedule == "back-to-back" and .plan.size_bytes == 1400 and .received == 200'
validate "$STDOUT"

it "says that a packet may be too long for the reflector, and answers the longest"
expect_measured 0 --count 20 --size 9216 "$target"
expect_status 75 cpprobe ping --count 1 --size 9217 --timeout 200ms "$target"
expect_match 'at most 9216 bytes: take a smaller --size' "$STDERR"

it "gives a script one figure"
expect_measured 0 --plain --count 20 "$target"
expect_match '^[0-9]+(\.[0-9]+)? [nuµm]?s$|^[0-9]+$'

it "gives people a table in units that fit"
expect_measured 0 --table --count 120 "$target"
expect_match "^$target$"
expect_match ' of [0-9]+ answered, none lost'
expect_match '^ +min +p50 +p90 +p99 +max +mean +stddev$'
expect_match '^round trip( +[0-9.]+ [num]?s){7}$'
expect_match '^  network( +[0-9.]+ [num]?s){2}$'
expect_match '^valid, confidence (low|medium|high), score [0-9.]+ of 10$'

it "reaches a wildcard listener by any of its addresses, which it answers from"
start_server any cpprobe serve --listen 0.0.0.0:0
port=$(wait_line any 'listening on stamp://0\.0\.0\.0:')
for address in 127.0.0.1 127.0.0.77; do
  expect_measured 0 --count 10 "$address:${port##*:}"
  expect_json '.received == 10'
done

it "takes whichever address of a name is listened on"
expect_measured 0 --count 10 "localhost:${target##*:}"
expect_json '.received == 10'

it "measures over IPv6"
if python3 -c 'import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).bind(("::1", 0))' 2>/dev/null; then
  start_server six cpprobe serve --listen '[::1]:0'
  six=$(wait_line six 'listening on stamp://\[::1\]:')
  expect_measured 0 --count 10 "${six##* }"
  expect_json '.received == 10 and .peer.addr == "::1"'
else
  echo "  (no IPv6 here)"
fi
