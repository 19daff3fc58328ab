#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Memory to memory over libfabric: each rail of a fabric beside a bare loop with the same provider,
# size and depth (fabric_loop.cpp), in turn, each between two processes over the loopback. The rail
# makes and checks a digest of every byte, confirms every chunk and copies out of what its peer can
# write to; the loop does nothing of that. The targets are 0.95 x of the loop's rate, and at most
# 1.25 x its seconds of a processor for a gigabyte beside those of two hashes, measured in the same
# turns. shm has no wait objects: its loop naps for 20 us; the same loop spinning, and TCP beside
# all of them, are there to compare.
# BENCH_SECONDS: of each measurement (2). BENCH_RUNS: turns (7). BENCH_PROVIDERS: which.
. "$CP_SOURCE/tests/bench/bench.sh"
need jq python3
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
LOOP=$CP_BUILD/bench/fabric_loop
[ -x "$LOOP" ] || skip "there is no $LOOP (target bench makes it)"
ldconfig -p | grep 'libfabric.so.1' >/dev/null || skip "libfabric is not installed"
SECONDS_EACH=${BENCH_SECONDS:-2} RUNS=${BENCH_RUNS:-7}
FRAME=$((1048576 + 128)) DEPTH=8
mkdir srv
serve cpx srv
IFS=' ' read -ra PROVIDERS <<<"${BENCH_PROVIDERS:-tcp tcp;ofi_rxm shm}"

# beside LABEL OURS LOOP HASH [OTHER_LABEL OTHER]…: runs all in turn. OURS, LOOP and OTHER print
# "bit/s CPU-seconds-per-GB", HASH the second alone.
beside() {
  /usr/bin/python3 - "$RUNS" "$@" <<'PYTHON' || MISSED=1
import statistics
import subprocess
import sys

runs, label = int(sys.argv[1]), sys.argv[2]
commands = sys.argv[3:6] + sys.argv[7::2]
others = sys.argv[6::2]
got = [[] for _ in commands]
for turn in range(runs + 1):
    for i, command in enumerate(commands):
        out = subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True,
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
        if turn:  # the first warms up
            got[i].append([float(word) for word in out.split()])


def told(i):
    rate, cpu = (statistics.median(run[k] for run in got[i]) for k in (0, 1))
    lowest, highest = (f(run[0] for run in got[i]) / 8e9 for f in (min, max))
    return "%.2f GB/s (%.2f to %.2f), %.3f s of CPU per GB" % (rate / 8e9, lowest, highest, cpu)


ours, loop, hashing = got[:3]
rates = [a[0] / b[0] for a, b in zip(ours, loop)]
rate = statistics.median(rates)
hash_cpu = statistics.median(run[0] for run in hashing)
cpu = statistics.median(a[1] for a in ours)
most = 1.25 * statistics.median(b[1] for b in loop) + 2 * hash_cpu
slow, dear = rate < 0.95, cpu > most
print("%s: %s; bare loop: %s: %.2f x (%.2f to %.2f) [at least 0.95 x]%s; CPU %.3f s [at most %.3f s]%s" % (
    label, told(0), told(1), rate, min(rates), max(rates), " MISSED" if slow else "", cpu, most,
    " MISSED" if dear else ""), flush=True)
for i, name in enumerate(others):
    print("  %s: %s" % (name, told(3 + i)), flush=True)
sys.exit(slow or dear)
PYTHON
}
rail() {
  echo "cpxfer bench --time ${SECONDS_EACH}s --rails-only --streams 1 --direction push --anonymous --rail '$1' $URL |
    jq -r 'select(.stage == \"rail\") | \"\\(.rate_bps) \\(.cpu_s_per_gb + .far.cpu_s_per_gb)\"'"
}
loop() { echo "'$LOOP' '$1' $FRAME $DEPTH $SECONDS_EACH ${2:-}"; }
hashing="cpxfer bench --time 0.3s --streams 1 --direction push --rail tcp | jq -r 'select(.stage == \"hash\") | .cpu_s_per_gb'"
for provider in "${PROVIDERS[@]}"; do
  others=()
  [ "$provider" != shm ] || others=("bare loop, spinning" "$(loop shm spin)")
  beside "push over fabric:$provider" "$(rail "fabric:$provider")" "$(loop "$provider")" "$hashing" \
    "${others[@]}" "push over tcp" "$(rail tcp)"
done
stop_server cpx
finish
