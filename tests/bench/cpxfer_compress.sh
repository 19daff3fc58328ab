#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --compress=auto beside off, in turn, to a server of our own: text, noise and a mixed tree, at loopback
# speed and at 200 Mbit/s (--bwlimit). Never slower by more than 3 %; on the slow line text and the tree
# have to gain. BENCH_MIB: mebibytes of each (512; a quarter of it on the slow line). BENCH_RUNS (7; 3).
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 6144 ]; then
  export TMPDIR=/dev/shm
fi
. "$CP_SOURCE/tests/bench/bench.sh"
MIB=${BENCH_MIB:-512}
mkdir -p srv text noise mixed
/usr/bin/python3 - "$MIB" <<'PLANT'
import os, random, sys
size = int(sys.argv[1]) << 20
words = [("%x" % random.Random(i).getrandbits(random.Random(i).randrange(8, 40))) for i in range(5000)]
draw = random.Random(1)
def text(length):
    return " ".join(draw.choices(words, k=length // 6 + 1)).encode()[:length]
def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
for where, scale in (("", 1), ("slow/", 4)):
    block = text(8 << 20)
    put(where + "text/file", (block * (size // scale // len(block) + 1))[:size // scale])
    put(where + "noise/file", os.urandom(size // scale))
    # Half of the bytes in small files, a fifth of them noise; of the large ones every third.
    left, n = size // scale, 0
    while left > 0:
        large = draw.random() < 0.01
        length = draw.randrange(1 << 20, 8 << 20) if large else draw.randrange(1 << 10, 128 << 10)
        plain = draw.random() < (0.33 if large else 0.2)
        start = draw.randrange(len(block) - length) if length < len(block) else 0
        put("%smixed/%02d/%d" % (where, n % 40, n), os.urandom(length) if plain else block[start:start + length])
        left -= length
        n += 1
PLANT
start_server cpx cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv
url=$(wait_line cpx 'listening on cpx://')
url=${url#*listening on } url=${url%%/ *}
ours="cpxfer -q --anonymous --durability none"
for what in text noise mixed; do
  compare "$what at loopback speed, auto beside off" --ours "$ours --compress=auto $what/ $url/out" \
    --peer "$ours --compress=off $what/ $url/out" --before 'rm -rf srv/out' \
    --bytes "$(du -sb $what | cut -f1)" --runs "${BENCH_RUNS:-7}" --at-most 1.03
  most=0.9
  [ $what != noise ] || most=1.03
  compare "$what at 200 Mbit/s, auto beside off" --ours "$ours --bwlimit 200Mbit/s --compress=auto slow/$what/ $url/out" \
    --peer "$ours --bwlimit 200Mbit/s --compress=off slow/$what/ $url/out" --before 'rm -rf srv/out' \
    --bytes "$(du -sb slow/$what | cut -f1)" --runs "${BENCH_RUNS:-3}" --at-most $most
done
stop_server cpx
finish
