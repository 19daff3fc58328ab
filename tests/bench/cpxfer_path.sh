#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Long lines between two network namespaces, in turn with rsync and scp over ssh, rclone where it is
# installed, and iperf3:
#   shaped   200 Mbit/s, 100 ms there and back, one packet of 10,000 lost: a whole file
#   sealed   1 Gbit/s, 50 ms, AES-GCM
#   fast     5 Gbit/s, 50 ms: memory to memory beside iperf3 with as many streams
# BENCH_LINES: which of them (all). BENCH_MIB: mebibytes of the file (954, a gigabyte). BENCH_CC: the
# congestion controls ("", the machine's, and reno). BENCH_RUNS: rounds (3). BENCH_PEERS: 0 leaves out
# rsync, scp and rclone. The line is one thread of its own: on two cores the fast one shares them.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 6144 ]; then
  export TMPDIR=/dev/shm
fi
. "$CP_SOURCE/tests/bench/bench.sh"
need openssl iperf3 jq
. "$CP_SOURCE/tests/tools/far_net.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
LINES_WANTED=${BENCH_LINES:-shaped sealed fast} MIB=${BENCH_MIB:-954} RUNS=${BENCH_RUNS:-3}
read -r usual </proc/sys/net/ipv4/tcp_congestion_control
CONTROLS=${BENCH_CC:-$usual reno}
BYTES=$((MIB << 20))
mkdir srv
head -c "$BYTES" /dev/urandom >file
export CP_CPXFER_DURABILITY=none RSYNC_RSH="ssh -F $SSH_CONFIG"

# The far host's ssh and server.
sftp=$(find /usr/lib/openssh /usr/libexec -name sftp-server 2>/dev/null | head -n 1)
printf '%s\n' 'Port 22' 'ListenAddress 10.99.0.2' "HostKey $SSHD_DIR/host_key" \
  "AuthorizedKeysFile $SSHD_DIR/authorized_keys" 'PidFile none' 'StrictModes no' 'UsePAM no' \
  'PermitRootLogin yes' 'PasswordAuthentication no' "ForceCommand exec $SSHD_DIR/login" \
  "Subsystem sftp ${sftp:-internal-sftp}" 'MaxStartups 30' >"$SSHD_DIR/far.conf"
printf '10.99.0.2 %s\n' "$(cat "$SSHD_DIR/host_key.pub")" >"$SSHD_DIR/known_hosts"
printf '%s\n' 'Host far' '  HostName 10.99.0.2' "  IdentityFile $SSHD_DIR/user_key" '  IdentitiesOnly yes' \
  '  StrictHostKeyChecking yes' "  UserKnownHostsFile $SSHD_DIR/known_hosts" >"$SSH_CONFIG"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dtn \
  -addext subjectAltName=IP:10.99.0.2 -keyout dtn.key -out dtn.pem 2>/dev/null
chmod 600 dtn.key
cpid init >/dev/null
code=$(cpid mint --plain)
cpid token issue bench.token --subject bench --audience "$code" --grant write --grant read >/dev/null
export CP_CPXFER_CA=$PWD/dtn.pem CP_CPXFER_TOKEN=$PWD/bench.token
server=cpx://10.99.0.2:7031
for host in near far; do
  $host sysctl -q -w net.ipv4.tcp_rmem='4096 131072 67108864' net.ipv4.tcp_wmem='4096 131072 67108864'
done
start_far() {
  start_server sshd nsenter --net --target "${SERVERS[far_net]}" "$SSHD" -D -e -f "$SSHD_DIR/far.conf"
  wait_line sshd 'Server listening on 10.99' >/dev/null
  start_server cpx nsenter --net --target "${SERVERS[far_net]}" cpxfer serve --tls-cert dtn.pem --tls-key dtn.key \
    --audience "$code" --listen 10.99.0.2:7031 --root srv
  wait_line cpx 'listening on cpx://' >/dev/null
  start_server iperf nsenter --net --target "${SERVERS[far_net]}" iperf3 -s --forceflush -B 10.99.0.2 -p 7032
  wait_line iperf 'Server listening' >/dev/null
}
end_far() {
  local name
  for name in iperf cpx sshd; do stop_server $name; done
}
seconds_of() { /usr/bin/python3 -c 'import sys, time, subprocess
start = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)
print(time.monotonic() - start)' "$@" 2>"$TESTDIR/run.err" || fail "$(tail -n 3 "$TESTDIR/run.err"): $*"; }
median() { sort -g | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }
# told WHAT SECONDS LINE_MBIT [AT_LEAST]: the share of the line that the payload had.
told() {
  awk -v what="$1" -v seconds="$2" -v line="$3" -v least="${4:-0}" -v bytes="$BYTES" 'BEGIN {
    rate = bytes * 8 / seconds / 1e6; share = rate / line
    target = (least > 0) ? sprintf(" [at least %.3g]%s", least, (share < least) ? " MISSED" : "") : ""
    printf "%s: %.2f s, %.0f Mbit/s, %.3f of the line%s\n", what, seconds, rate, share, target
    exit(share < least) }' || MISSED=1
}
# whole LINE_MBIT AT_LEAST: a whole file, by each, in turn.
declare -A OURS PEERS
whole() {
  local line=$1 least=$2 round name
  rm -f "$TESTDIR"/times.*
  for ((round = 0; round < RUNS; ++round)); do
    for name in "${!OURS[@]}" "${!PEERS[@]}"; do
      rm -rf srv/out "$FAR/out"
      # shellcheck disable=SC2086
      seconds_of nsenter --net --target "${SERVERS[near_net]}" ${OURS[$name]:-${PEERS[$name]}} >>"$TESTDIR/times.$name"
      [[ $name != cpxfer* ]] || jq -r '.rails[0] | "  \(.kind): \(.streams) streams of \(.window_bytes / 1048576) MiB, \(.rtt_s) s"' \
        "$TESTDIR/run.err" 2>/dev/null || true
    done
  done
  for name in "${!OURS[@]}"; do told "$name" "$(median <"$TESTDIR/times.$name")" "$line" "$least"; done
  for name in "${!PEERS[@]}"; do told "$name" "$(median <"$TESTDIR/times.$name")" "$line"; done
}
iperf() { near iperf3 -c 10.99.0.2 -p 7032 -t "$1" -P "$2" -l 1M -J "${@:3}" | jq .end.sum_received.bits_per_second; }
# steady LINE_MBIT AT_LEAST: what goes there and back once all is under way, and iperf3 with as many streams.
steady() {
  local line=$1 least=$2
  near cpxfer bench --rails-only --rail tcp --time 40s $server/ >"$TESTDIR/bench" || fail "bench"
  jq -r --argjson line "$line" --argjson least "$least" 'select(.stage == "rail") | (.rate_bps / 1e6 / $line) as $share |
    "steady \(.direction), \(.rail.streams) streams: \(.rate_bps / 1e6 | floor) Mbit/s, \($share * 1000 | round / 1000) of the line [at least \($least)]" +
    (if $share < $least then " MISSED" else "" end)' "$TESTDIR/bench" | tee "$TESTDIR/lines"
  [ "$(grep -c MISSED "$TESTDIR/lines")" = 0 ] || MISSED=1
  local streams
  streams=$(jq -s '.[0].rail.streams' "$TESTDIR/bench")
  iperf 20 "$streams" -O 2 | awk -v line="$line" -v n="$streams" '{ printf "iperf3, %d streams, its first 2 s left out: %.0f Mbit/s, %.3f of the line\n", n, $1 / 1e6, $1 / 1e6 / line }'
}

for control in $CONTROLS; do
  use_congestion_control "$control" || { echo "$control: not in this kernel"; continue; }
  for line in $LINES_WANTED; do
    read -r load _ </proc/loadavg
    echo "## $line, $control; load $load on $(nproc) processors"
    case $line in
      shaped) start_line --delay 50 --rate 200 --queue 2500000 --loss 0.0001 ;;
      sealed) start_line --delay 25 --rate 1000 --queue 6250000 ;;
      fast) start_line --delay 25 --rate 5000 --queue 31250000 ;;
      *) fail "there is no line $line" ;;
    esac
    start_far
    PEERS=()
    if [ "${BENCH_PEERS:-1}" = 1 ]; then
      ! command -v rsync >/dev/null || PEERS[rsync]="rsync -W --inplace file far:out"
      PEERS[scp]="scp -q -F $SSH_CONFIG file far:out"
      ! command -v rclone >/dev/null || PEERS[rclone]="rclone copyto file :sftp,host=10.99.0.2,user=$(id -un),key_file=$SSHD_DIR/user_key,shell_type=none:$FAR/out --multi-thread-streams 4"
    fi
    case $line in
      shaped)
        OURS=([cpxfer-server]="cpxfer file $server/out" [cpxfer-ssh]="cpxfer file far:out")
        whole 200 0.9
        steady 200 0.936 # 0.97 of the 96.5 % that are payload
        ;;
      sealed)
        OURS=([cpxfer-server]="cpxfer file $server/out")
        whole 1000 0.9
        steady 1000 0.9
        ;;
      fast)
        for n in 1 4; do
          for ((round = 0; round < RUNS; ++round)); do
            ours=$(near cpxfer bench --rails-only --rail tcp --direction push --time 10s --streams $n $server/ | jq -s '.[0].rate_bps')
            theirs=$(iperf 10 $n)
            awk -v a="$ours" -v b="$theirs" -v n=$n 'BEGIN { printf "%d %.0f %.0f %.3f\n", n, a / 1e6, b / 1e6, a / b }' | tee -a "$TESTDIR/fast.$n"
          done
          ratio=$(awk '{ print $4 }' "$TESTDIR/fast.$n" | median)
          echo "$n streams: $ratio of iperf3 [at least 0.95]$(awk -v r="$ratio" 'BEGIN { print r < 0.95 ? " MISSED" : "" }')"
          awk -v r="$ratio" 'BEGIN { exit r < 0.95 }' || MISSED=1
        done
        ;;
    esac
    end_far
    end_line
  done
done
finish
