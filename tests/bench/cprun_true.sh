#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `cprun run -- true` takes at most 15 ms and the time of the syncs that it makes, measured in the same
# run on the disk that the state is on: a sync between two runs, in turn.
. "$CP_SOURCE/tests/bench/bench.sh"
need strace
cprun run -q -- true # the store is there
strace -f -o syncs -e trace=fsync,fdatasync cprun run -q -- true
/usr/bin/python3 - "$(grep -cE '(fsync|fdatasync)\(' syncs)" "$CP_STATE_DIR" <<'PYTHON' || MISSED=1
import os, statistics, subprocess, sys, time

syncs, state = int(sys.argv[1]), sys.argv[2]
command = ["cprun", "run", "-q", "--", "true"]


def timed(act):
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000


def run():
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def sync():
    os.pwrite(file, os.urandom(4096), 0)
    os.fsync(file)


file = os.open(os.path.join(state, "sync"), os.O_CREAT | os.O_RDWR, 0o600)
runs, each = [], []
for _ in range(41):
    runs.append(timed(run))
    each += [timed(sync) for _ in range(4)]
took, one = statistics.median(runs), statistics.median(each)
allowed = 15 + syncs * one
verdict = "" if took <= allowed else "  MISSED"
print(f"cprun run -- true: {took:.1f} ms ({min(runs):.1f} to {max(runs):.1f}), with {syncs} syncs of "
      f"{one:.2f} ms ({1000 / one:.0f} a second); at most {allowed:.1f} ms{verdict}")
sys.exit(bool(verdict))
PYTHON
compare 'an empty job' --ours 'cprun run -q -- true' --peer 'sh -c true' --runs 21
finish
