#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `cprun run -- true` takes at most 15 ms and the time of the syncs that it makes. Those are measured
# in the same run on the disk that the state is on, one set of them after each run: syncs of the same
# kinds in the same order, since one of a new name costs several times one of old bytes.
. "$CP_SOURCE/tests/bench/bench.sh"
need strace
cprun run -q -- true # the store is there
strace -f -o syncs -e trace=fsync,fdatasync cprun run -q -- true
/usr/bin/python3 - "$(grep -cE '(fsync|fdatasync)\(' syncs)" "$CP_STATE_DIR" <<'PYTHON' || MISSED=1
import os, resource, statistics, subprocess, sys, time

made, state = int(sys.argv[1]), sys.argv[2]
command = ["cprun", "run", "-q", "--", "true"]
place = os.path.join(state, "bench")
os.makedirs(os.path.join(place, "fences"))
log = os.open(os.path.join(place, "log"), os.O_CREAT | os.O_RDWR, 0o600)
rounds = 0


def run():
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


def timed(sync, fd):
    begin = time.perf_counter()
    sync(fd)
    return (time.perf_counter() - begin) * 1000


def directory(path):
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


def sync_as_a_job():
    """The intent, the fence, the end and the store's last word: each sync, in ms."""
    global rounds
    rounds += 1
    took = []
    own = os.path.join(place, f"job-{rounds}")
    os.write(log, os.urandom(5 * 4120))
    took.append(timed(os.fdatasync, log))
    took.append(timed(os.fdatasync, top))
    os.mkdir(own)
    end = os.open(os.path.join(own, "reserved"), os.O_CREAT | os.O_RDWR, 0o600)
    os.link(os.path.join(own, "reserved"), os.path.join(place, "fences", str(rounds)))
    took.append(timed(os.fsync, fences))
    os.write(end, os.urandom(4096))
    took.append(timed(os.fsync, end))
    os.rename(os.path.join(own, "reserved"), os.path.join(own, "ended"))
    fd = directory(own)
    took.append(timed(os.fsync, fd))
    os.close(fd)
    os.close(end)
    os.write(log, os.urandom(5 * 4120))
    took.append(timed(os.fdatasync, log))
    return took


top, fences = directory(place), directory(os.path.join(place, "fences"))
runs, syncs = [], []
before = resource.getrusage(resource.RUSAGE_CHILDREN)
for _ in range(41):
    runs.append(run())
    took = sync_as_a_job()
    syncs.append(sum(took) * made / len(took))
after = resource.getrusage(resource.RUSAGE_CHILDREN)
cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / len(runs) * 1000
took, synced = statistics.median(runs), statistics.median(syncs)
allowed = 15 + synced
verdict = "" if took <= allowed else "  MISSED"
print(f"cprun run -- true: {took:.1f} ms ({min(runs):.1f} to {max(runs):.1f}), {cpu:.1f} ms of CPU in "
      f"cprun itself, with {made} syncs of {synced:.1f} ms together ({min(syncs):.1f} to {max(syncs):.1f}); "
      f"at most {allowed:.1f} ms{verdict}")
sys.exit(bool(verdict))
PYTHON
compare 'an empty job' --ours 'cprun run -q -- true' --peer 'sh -c true' --runs 21
finish
