#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `cprun submit` to a real Slurm beside what it cannot do without: sbatch, and one sync on the disk that
# the state is on; and an array beside as many calls of sbatch.
. "$CP_SOURCE/tests/bench/bench.sh"
. "$CP_SOURCE/tests/tools/slurm.sh"
need flock
RUNS=${BENCH_RUNS:-31} ARRAY=${BENCH_ARRAY:-200}

start_slurm alpha 'NodeName=a1 Port=@ CPUs=64 RealMemory=64000' \
  'PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP' MaxArraySize=2000 MaxJobCount=20000 MinJobAge=600
cprun submit -q --no-agent --on slurm: -- true >/dev/null # the store and the directories are there
cprun wait >/dev/null
/usr/bin/python3 - "$RUNS" "$ARRAY" "$CP_STATE_DIR" <<'PYTHON' || MISSED=1
import os, statistics, subprocess, sys, time

runs, count, state = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
quiet = {"check": True, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
sbatch = ["sbatch", "--parsable", "--output=/dev/null", "--wrap", "true"]
submit = ["cprun", "submit", "-q", "--no-agent", "--on", "slurm:"]


def timed(work):
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def sync():
    os.write(log, os.urandom(4120))
    os.fdatasync(log)


log = os.open(os.path.join(state, "bench"), os.O_CREAT | os.O_RDWR, 0o600)
theirs, syncs, ours = [], [], []
for _ in range(runs):
    theirs.append(timed(lambda: subprocess.run(sbatch, **quiet)))
    syncs.append(timed(sync))
    ours.append(timed(lambda: subprocess.run([*submit, "--", "true"], **quiet)))
their, synced, our = map(statistics.median, (theirs, syncs, ours))
allowed = their + synced + 3
verdict = "" if our <= allowed else "  MISSED"
print(f"cprun submit: {our:.1f} ms ({min(ours):.1f} to {max(ours):.1f}); sbatch {their:.1f} ms "
      f"({min(theirs):.1f} to {max(theirs):.1f}) and a sync of {synced:.1f} ms; at most {allowed:.1f} ms{verdict}")

many = timed(lambda: [subprocess.run(sbatch, **quiet) for _ in range(count)])


def known():
    return int(subprocess.run("squeue -h -r -t all -o %j | grep -c ^like", shell=True, capture_output=True).stdout or 0)


def submit_array():
    """Until Slurm knows all of them."""
    subprocess.run(["cprun", "submit", "-q", "--on", "slurm:", "--name", "like", "--array", f"0-{count - 1}", "--", "true"], **quiet)
    for _ in range(2000):
        if known() >= count:
            return
        time.sleep(0.05)
    sys.exit("Slurm never knew all elements of the array")


array = timed(submit_array)
ratio = array / many
missed = bool(verdict) or ratio > 0.25
print(f"an array of {count}: {array / 1000:.2f} s; {count} calls of sbatch {many / 1000:.2f} s: {ratio:.2f} x "
      f"[at most 0.25 x]" + ("  MISSED" if ratio > 0.25 else ""))
sys.exit(missed)
PYTHON
finish
