#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scapy's STAMP layer, written by others, reads our packets and has its own answered. (Its list of
# TLVs does not dissect in 2.5.0, and it counts their flags from the wrong end: a TLV is read by
# itself, and its flags are a number.)
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpprobe/probing.sh"
python=/usr/bin/python3
$python -c 'import scapy.contrib.stamp' 2>/dev/null || skip "python3-scapy is not installed"

start_server reflector cpprobe serve --listen 127.0.0.1:0
url=$(wait_line reflector 'listening on stamp://')

it "has a packet of scapy's answered as scapy understands it"
cat >ask.py <<'PYTHON'
import socket, sys, time
from scapy.contrib.stamp import *
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.connect(("127.0.0.1", int(sys.argv[1])))
client.settimeout(5)
tlv = STAMPTestTLV(flags=0x80, type=1, len=16, value=b"0123456789abcdef")
for z in (0, 1):
    estimate = ErrorEstimate(S=1, Z=z, scale=5, multiplier=77)
    request = STAMPSessionSenderTestUnauthenticated(
        seq=4711, err_estimate=estimate, ssid=99, tlv_objects=[tlv])
    request = bytearray(bytes(request))
    request[4:12] = bytes.fromhex("eead268880000000")
    client.send(request)
    data = client.recv(2000)
    assert len(data) == len(request), len(data)
    reply = STAMPSessionReflectorTestUnauthenticated(data[:44])
    assert reply.seq == 4711 and reply.seq_sender == 4711, reply.show(dump=True)
    assert reply.ssid == 99
    assert data[28:36] == request[4:12]
    assert reply.err_estimate_sender.multiplier == 77 and reply.err_estimate_sender.S == 1
    assert reply.err_estimate_sender.Z == z
    assert reply.err_estimate.Z == 0 and reply.err_estimate.multiplier != 0
    assert reply.ttl_sender == 64, reply.ttl_sender
    assert reply.mbz1 == 0 and reply.mbz2 == 0
    now = time.time() + 2208988800
    seconds = [int.from_bytes(data[at:at + 8], "big") / 2**32 for at in (16, 4)]
    assert now - 5 < seconds[0] <= seconds[1] < now + 1, (seconds, now)
    assert data[44:] == request[44:]
print("agreed")
PYTHON
expect_status 0 $python ask.py "${url##*:}"
expect_match '^agreed$'

it "sends packets that scapy reads, and takes scapy's answers"
cat >reflect.py <<'PYTHON'
import socket, sys, time
from scapy.contrib.stamp import *
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print("port", server.getsockname()[1], flush=True)
expected, session = 0, None
for _ in range(1000):
    data, source = server.recvfrom(2000)
    now = int((time.time() + 2208988800) * 2**32).to_bytes(8, "big")
    request = STAMPSessionSenderTestUnauthenticated(data[:44])
    if request.ssid != session:  # another session: the last one met a busy host
        expected, session = 0, request.ssid
    assert request.seq >= expected, request.seq
    expected = request.seq + 1
    assert request.ssid != 0
    assert request.err_estimate.Z == 0 and request.err_estimate.multiplier != 0
    assert request.mbz == 0
    seconds = int.from_bytes(data[4:12], "big") / 2**32 - 2208988800
    assert abs(seconds - time.time()) < 5, seconds
    assert len(data) == 100
    tlv = STAMPTestTLV(data[44:])
    assert tlv.type == 1 and tlv.len == 52 and data[44] == 0x80, tlv.show(dump=True)
    reply = STAMPSessionReflectorTestUnauthenticated(
        seq=request.seq, err_estimate=ErrorEstimate(multiplier=1), ssid=request.ssid,
        seq_sender=request.seq, err_estimate_sender=ErrorEstimate(multiplier=1), ttl_sender=255)
    answer = bytearray(bytes(reply))
    answer[4:12] = answer[16:24] = now
    answer[28:36] = data[4:12]
    server.sendto(bytes(answer) + data[44:], source)
PYTHON
start_server scapy $python reflect.py
port=$(wait_line scapy '^port ')
expect_measured 0 --count 20 --size 100 "127.0.0.1:${port##* }"
expect_json '.received == 20 and .peer.keeps_ssid and .peer.saw_ttl == 255'
expect_equal '' "$(cat "$TESTDIR/scapy.err")" "what scapy's side complained of"
