#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A push to a server on the loopback, beside iperf3 (memory to memory, which nobody who writes files
# reaches: the ratio says how much of the line the files get) and beside an rsync daemon, in turn;
# and one with TLS and AES-GCM, beside our own in clear text and rsync through an sshd.
# BENCH_MIB: mebibytes that are pushed (1024). Nothing is synced, at neither.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 6144 ]; then
  export TMPDIR=/dev/shm
fi
. "$CP_SOURCE/tests/bench/bench.sh"
need rsync iperf3 openssl
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
MIB=${BENCH_MIB:-1024} RUNS=${BENCH_RUNS:-7}
echo "on $(df --output=fstype "$TESTDIR" | tail -1), $MIB MiB"
mkdir src srv
head -c "${MIB}M" /dev/urandom >src/file

start_server cpx cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv
url=$(wait_line cpx 'listening on cpx://')
url=${url#*listening on } url=${url%%/ *}
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
rsync_port=$(free_port)
printf 'use chroot = no\n[srv]\npath = %s\nread only = no\nuid = %s\ngid = %s\n' \
  "$PWD/srv" "$(id -u)" "$(id -g)" >rsyncd.conf
start_server rsyncd rsync --daemon --no-detach --config=rsyncd.conf --address=127.0.0.1 --port="$rsync_port"
iperf_port=$(free_port)
start_server iperf iperf3 -s --forceflush -B 127.0.0.1 -p "$iperf_port"
wait_port "$rsync_port"
wait_line iperf 'Server listening' >"$TESTDIR/line"

clear='rm -rf srv/out'
for rail in tcp fabric; do
  compare "push of $MIB MiB over $rail" --ours "cpxfer -q --anonymous --durability none --rail $rail src/ $url/out" \
    --peer "iperf3 -c 127.0.0.1 -p $iperf_port -P 2 -l 1M -n $((MIB << 20))" --before "$clear" \
    --bytes $((MIB << 20)) --runs "$RUNS"
done
compare "push of $MIB MiB over tcp" --ours "cpxfer -q --anonymous --durability none src/ $url/out" \
  --peer "rsync -a --whole-file src/ rsync://127.0.0.1:$rsync_port/srv/out" --before "$clear" \
  --bytes $((MIB << 20)) --runs "$RUNS"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dtn \
  -addext subjectAltName=IP:127.0.0.1 -keyout dtn.key -out dtn.pem 2>/dev/null
chmod 600 dtn.key
cpid init >/dev/null
code=$(cpid mint --plain)
cpid token issue bench.token --subject bench --audience "$code" --grant write >/dev/null
start_server tls cpxfer serve --tls-cert dtn.pem --tls-key dtn.key --audience "$code" --listen 127.0.0.1:0 --root srv
tls_url=$(wait_line tls 'listening on cpx://')
tls_url=${tls_url#*listening on } tls_url=${tls_url%%/ *}
start_sshd far
sealed="cpxfer -q --ca dtn.pem --token bench.token --durability none src/ $tls_url/out"
compare "push of $MIB MiB sealed, beside clear text" --ours "$sealed" \
  --peer "cpxfer -q --anonymous --durability none src/ $url/out" --before "$clear" --bytes $((MIB << 20)) --runs "$RUNS" \
  --at-most 1.43
compare "push of $MIB MiB sealed, beside rsync over ssh" --ours "$sealed" \
  --peer "rsync -a --whole-file -e 'ssh -F $SSH_CONFIG' src/ far:$PWD/srv/out" --before "$clear" \
  --bytes $((MIB << 20)) --runs "$RUNS" --at-most 0.25
stop_server far
stop_server tls
stop_server cpx
stop_server rsyncd
stop_server iperf
finish
