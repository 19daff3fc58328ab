#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Memory to memory over the loopback: the TCP rail beside iperf3 -l 1M with as many streams, in turn,
# both ways, each between two processes; the figures are those that each tells of itself, the ratio
# that of the rates. The rail also makes and checks a digest of every byte. Then the rail sealed, and
# that of libfabric, beside itself in clear text over TCP.
# BENCH_SECONDS: of each measurement (3). BENCH_STREAMS: their numbers ("1 2 4").
. "$CP_SOURCE/tests/bench/bench.sh"
need iperf3 python3
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
SECONDS_EACH=${BENCH_SECONDS:-3} RUNS=${BENCH_RUNS:-7}
mkdir srv
serve cpx srv
iperf_port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start_server iperf iperf3 -s --forceflush -B 127.0.0.1 -p "$iperf_port"
wait_line iperf 'Server listening' >"$TESTDIR/line"

# rates LABEL AT_LEAST OURS PEER: runs both in turn; each is a command that prints
# "bit/s CPU-seconds-per-GB".
rates() {
  /usr/bin/python3 - "$RUNS" "$@" <<'PYTHON' || MISSED=1
import statistics
import subprocess
import sys

runs, label, least = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
got = [[], []]
for turn in range(runs + 1):
    for i, command in enumerate(sys.argv[4:6]):
        out = subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True,
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
        if turn:  # the first warms up
            got[i].append([float(word) for word in out.split()])


def told(i):
    rate, cpu = (statistics.median(run[k] for run in got[i]) for k in (0, 1))
    lowest, highest = (f(run[0] for run in got[i]) / 1e9 for f in (min, max))
    return "%.3g Gbit/s (%.3g to %.3g), %.3g s of CPU per GB" % (rate / 1e9, lowest, highest, cpu)


ratio = statistics.median(a[0] / b[0] for a, b in zip(*got))
missed = ratio < least
print("%s: %s; %s: %.2f x [at least %.3g x]%s" % (label, told(0), told(1), ratio, least,
                                                  " MISSED" if missed else ""), flush=True)
sys.exit(missed)
PYTHON
}
ours() {
  echo "cpxfer bench --time ${SECONDS_EACH}s --rails-only $* |
    jq -r 'select(.stage == \"rail\") | \"\\(.rate_bps) \\(.cpu_s_per_gb + .far.cpu_s_per_gb)\"'"
}
peer() {
  echo "iperf3 -J -c 127.0.0.1 -p $iperf_port -t $SECONDS_EACH -l 1M $* |
    jq -r '.end | \"\\(.sum_received.bits_per_second) \\(
      (.cpu_utilization_percent.host_total + .cpu_utilization_percent.remote_total) / 100 *
      .sum_sent.seconds * 1e9 / .sum_received.bytes)\"'"
}
for streams in ${BENCH_STREAMS:-1 2 4}; do
  rail="--anonymous --rail tcp --streams $streams"
  rates "push over tcp, $streams streams, beside iperf3" 1 "$(ours "$rail --direction push $URL")" "$(peer "-P $streams")"
  rates "pull over tcp, $streams streams, beside iperf3 -R" 1 "$(ours "$rail --direction pull $URL")" "$(peer "-R -P $streams")"
done
rates "push over tcp in one process, sealed, beside clear text" 0.3 "$(ours --rail tcp --encrypt --direction push)" \
  "$(ours --rail tcp --direction push)"
if ldconfig -p | grep 'libfabric.so.1' >/dev/null; then
  rates "push over fabric, beside tcp" 0.3 "$(ours "--anonymous --rail fabric --direction push $URL")" \
    "$(ours "--anonymous --rail tcp --direction push $URL")"
fi
stop_server cpx
stop_server iperf
finish
