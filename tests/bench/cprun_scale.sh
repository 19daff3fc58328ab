#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A store with 100,000 jobs that have ended: what lists them takes at most 100 ms and 50 MB. And 1,000
# jobs of `true`, two at a time, beside GNU parallel, which keeps nothing: with the state in memory, and
# on the disk, where each job costs its syncs.
. "$CP_SOURCE/tests/bench/bench.sh"
need parallel
JOBS=${BENCH_JOBS:-100000} TRUES=${BENCH_TRUES:-1000} RUNS=${BENCH_RUNS:-3}

cprun run -q -- true
/usr/bin/python3 - "$CP_STATE_DIR/jobs.db" "$JOBS" <<'PYTHON'
import sqlite3, sys

store, count = sqlite3.connect(sys.argv[1]), int(sys.argv[2])
job = store.execute("SELECT * FROM jobs").fetchone()
events = store.execute("SELECT at, change FROM events ORDER BY seq").fetchall()
digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def numbered(number):
    tail = ""
    for _ in range(8):
        number, digit = divmod(number, 32)
        tail = digits[digit] + tail
    return job[0][2:-8] + tail


for number in range(1, count):
    old, new = job[0][2:], numbered(number)
    put = lambda value: value.replace(old, new).replace(old.lower(), new.lower()) if isinstance(value, str) else value
    store.execute(f"INSERT INTO jobs VALUES({','.join('?' * len(job))})", [put(value) for value in job])
    store.executemany("INSERT INTO events(job, at, change) VALUES(?,?,?)", [("j-" + new, at, put(change)) for at, change in events])
store.commit()
PYTHON
/usr/bin/python3 - "$(cprun list --plain --limit 1)" <<'PYTHON' || MISSED=1
import resource, statistics, subprocess, sys, time

missed = False
for words, at_most in ((["list", "--limit", "100"], 100), (["list", "--open"], 100), (["list", "--state", "ACTIVE"], 100),
                       (["list", "--name", "true", "--limit", "100"], 100), (["status", sys.argv[1]], 100), (["list"], None)):
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        subprocess.run(["cprun", *words], check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - begin) * 1000)
    median = statistics.median(times)
    verdict = "" if at_most is None or median <= at_most else "  MISSED"
    missed = missed or bool(verdict)
    print(f"cprun {' '.join(words[:3])}: {median:.1f} ms ({min(times):.1f} to {max(times):.1f})"
          + (f"; at most {at_most} ms" if at_most else ", all of them") + verdict)
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"memory: {most:.0f} MiB; at most 50" + ("" if most <= 50 else "  MISSED"))
sys.exit(missed or most > 50)
PYTHON

cat >trues.sh <<'SH'
id=$(cprun submit --plain --array "0-$(($1 - 1))%2" -- true) && cprun wait "$id" >/dev/null
SH
for place in memory disk; do
  CP_STATE_DIR=$TESTDIR/state-$place
  [ $place = disk ] || CP_STATE_DIR=$(mktemp -d /dev/shm/cptools-bench.XXXXXX)
  export CP_STATE_DIR
  cprun run -q -- true
  compare "$TRUES jobs, two at a time, state in $place" --ours "bash trues.sh $TRUES" \
    --peer "sh -c 'seq $TRUES | parallel -j2 true'" --runs "$RUNS" --at-most 1.0
  rm -rf "$CP_STATE_DIR"
done
finish
