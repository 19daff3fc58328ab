#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpprobe/probing.sh"
need python3

it "says on standard error where it listens, and with --plain the URLs on standard output"
start_server plain cpprobe serve --plain --listen 127.0.0.1:0 --listen 127.0.0.2:0
wait_line plain '^stamp://127\.0\.0\.2:[0-9]+$' >"$TESTDIR/second"
first=$(wait_line plain '^stamp://127\.0\.0\.1:[0-9]+$')
expect_measured 0 --count 5 "$first"
expect_measured 0 --count 5 "$(cat "$TESTDIR/second")"

it "stops at SIGTERM, cleanly, and tells what it did"
stop_server plain
expect_equal 0 "$STATUS" "status of the reflector"
expect_match '^cpprobe: answered [0-9]+$' "$TESTDIR/plain.err"

it "stops at SIGINT as well"
start_server again cpprobe serve --listen 127.0.0.1:0
port=$(wait_line again 'listening on stamp://')
port=${port##*:}

it "never sends more than came in, and counts what it dropped"
python3 - "$port" >"$TESTDIR/abuse" <<'PYTHON'
import os, random, socket, sys
port = int(sys.argv[1])
random.seed(1)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(("127.0.0.1", port))
client.settimeout(0.5)
sent = received = 0
for i in range(400):
    packet = random.randbytes(random.choice([0, 1, 14, 43, 44, 45, 100, 1500]))
    client.send(packet)
    sent += len(packet)
    try:
        while len(packet) >= 44:
            received += len(client.recv(65536))
            break
    except TimeoutError:
        pass
client.settimeout(0.2)
try:
    while True:
        received += len(client.recv(65536))
except TimeoutError:
    pass
same = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
same.bind(("127.0.0.9", port))
same.sendto(bytes(44), ("127.0.0.1", port))
same.settimeout(0.2)
try:
    same.recv(100)
    print("answered its own port number")
except TimeoutError:
    pass
low = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    low.bind(("127.0.0.1", 1023))
    low.sendto(bytes(44), ("127.0.0.1", port))
    low.settimeout(0.2)
    low.recv(100)
    print("answered a low port")
except (TimeoutError, PermissionError, OSError):
    pass
print("more out than in" if received > sent else "ok", sent, received)
PYTHON
expect_match '^ok [0-9]+ [1-9][0-9]*$' "$TESTDIR/abuse"
expect_no_match 'answered' "$TESTDIR/abuse"
stop_server again INT
expect_equal 0 "$STATUS" "status of the reflector"
expect_match '^cpprobe: answered [0-9]+, dropped [0-9]+ \(too_short\).* dropped 1 \(own_port\)' "$TESTDIR/again.err"

it "slows a source down to the limit when that is asked for this machine too"
start_server slow cpprobe serve --listen 127.0.0.1:0 --limit-pps 100
url=$(wait_line slow 'listening on stamp://')
STATUS=0
cpprobe ping --count 500 --interval 1ms --timeout 100ms "${url##* }" >"$STDOUT" 2>"$STDERR" || STATUS=$?
expect_json '.received >= 5 and .received < 200 and .lost > 100'
stop_server slow
expect_match 'dropped [0-9]+ \(source_rate\)' "$TESTDIR/slow.err"

it "warns when it listens to the world and may answer nobody there"
start_server world cpprobe serve --listen 0.0.0.0:0
wait_line world 'answers this machine alone' >"$TESTDIR/line"
stop_server world
