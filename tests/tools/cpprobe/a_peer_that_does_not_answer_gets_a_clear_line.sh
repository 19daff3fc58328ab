#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
need python3

# A socket that is bound and never read, and the number of a port that nobody holds any more.
start_server hole python3 -uc '
import socket, time
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 0))
gone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
gone.bind(("127.0.0.1", 0))
closed = gone.getsockname()[1]
gone.close()
print("ports", silent.getsockname()[1], closed)
time.sleep(60)'
read -r _ silent closed < <(wait_line hole '^ports ')

it "times out at a peer that is silent, with the record and one line"
expect_status 75 cpprobe ping --count 3 --interval 50ms --timeout 200ms "127.0.0.1:$silent"
expect_json '.valid == false and .invalid_reasons[0] == "no_answer" and .received == 0 and .lost == .sent.sent'
expect_json '.sent.sent > 0 and .loss_ratio == 1 and .rtt == {"n": 0} and .confidence == "low"'
expect_json '$all | length == 1'
validate "$STDOUT"
expect_match "^cpprobe: stamp://127\.0\.0\.1:$silent: no answer to [1-3] packets?$" "$STDERR"

it "is refused at a port that nobody holds, and does not wait for the time-out"
start=$(date +%s%N)
expect_status 69 cpprobe ping --count 1000 --timeout 60s "stamp://127.0.0.1:$closed"
[ $(($(date +%s%N) - start)) -lt 20000000000 ] || fail "it waited"
expect_json '.valid == false and .invalid_reasons[0] == "refused" and .sent.sent < 10'
validate "$STDOUT"
expect_match "^cpprobe: stamp://127\.0\.0\.1:$closed: connection refused: nobody listens there$" "$STDERR"

it "tells people the same in words"
expect_status 75 cpprobe ping --table --count 3 --timeout 200ms "127.0.0.1:$silent"
expect_match '^0 of [1-3] answered, [1-3] lost \(100 %\)'
expect_match '^not valid: no_answer'

it "prints no figure where a script wants one and there is none"
expect_status 75 cpprobe ping --plain --count 1 --timeout 100ms "127.0.0.1:$silent"
expect_stdout ''
