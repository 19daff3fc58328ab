#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Through a server on the loopback, from memory file system to memory file system, in clear text: one
# big file beside cp, the rsync daemon, GridFTP, rclone and xrdcp, many small ones and a mixed tree
# beside tar through nc, cp -a and the rsync daemon, each in turn with ours. All of it once under each
# congestion control of BENCH_CONTROLS (that of the machine, then reno), in a network namespace of its
# own where there may be one. In memory nothing is synced, at nobody; on a disk (TMPDIR) ours syncs as
# it does by default (--durability batch), and each peer is followed by "sync -f". A peer that is not
# installed is named and left out.
# BENCH_MIB: mebibytes of the big file (4096). BENCH_FILES: small ones of 4 to 16 KiB (20000).
if [ -z "${BENCH_INSIDE:-}" ] && unshare -n true 2>/dev/null; then
  status=0
  for control in ${BENCH_CONTROLS:-$(sysctl -n net.ipv4.tcp_congestion_control) reno}; do
    echo "under $control"
    # shellcheck disable=SC2016  # for the shell within
    BENCH_INSIDE=$control unshare -n bash -c 'ip link set lo up &&
      sysctl -qw net.ipv4.tcp_congestion_control="$BENCH_INSIDE" && exec bash "$0"' "$0" || status=1
  done
  exit $status
fi
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 2048 ]; then
  export TMPDIR=/dev/shm
fi
. "$CP_SOURCE/tests/bench/bench.sh"
need rsync nc
room=$(($(df --output=avail -m "$TESTDIR" | tail -1) * 2 / 5))
MIB=${BENCH_MIB:-$((room < 4096 ? room : 4096))} FILES=${BENCH_FILES:-20000} RUNS=${BENCH_RUNS:-5}
chmod 711 "$TESTDIR" .
mkdir -p src/big src/small src/mixed out
head -c "${MIB}M" /dev/urandom >src/big/file
/usr/bin/python3 "$CP_SOURCE/tests/bench/small_files.py" src/small "$FILES"
for tree in /usr/include /usr/share/doc /usr/lib/python3 /usr/share/perl /usr/lib/gcc; do
  if [ -d "$tree" ]; then cp -a --no-preserve=ownership,mode "$tree" src/mixed/; fi
done
# A server takes no link that leads out.
find "$PWD/src/mixed" -type l -print0 | /usr/bin/python3 -c '
import os, sys
for link in sys.stdin.buffer.read().split(b"\0")[:-1]:
    inside = os.path.realpath(link).startswith(b"/".join(link.split(b"/src/mixed/")[:1]) + b"/src/mixed/")
    if not inside or os.readlink(link).startswith(b"/"):
        os.unlink(link)'
chmod -R a+rX src out
HERE=$PWD
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
AS_NOBODY=
[ "$(id -u)" != 0 ] || AS_NOBODY=yes
has() { command -v "$1" >/dev/null || { echo "$1 is not installed: left out"; return 1; }; }

start_server cpx cpxfer serve --anonymous --listen 127.0.0.1:0 --root .
URL=$(wait_line cpx 'listening on cpx://')
URL=${URL#*listening on } URL=${URL%%/ *}
rsync_port=$(free_port)
printf 'use chroot = no\n[here]\npath = %s\nread only = no\nmunge symlinks = no\nuid = %s\ngid = %s\n' "$HERE" "$(id -u)" "$(id -g)" >rsyncd.conf
start_server rsyncd rsync --daemon --no-detach --config=rsyncd.conf --address=127.0.0.1 --port="$rsync_port"
wait_port "$rsync_port"
RSYNC="rsync -a --whole-file --inplace"
DAEMON=rsync://127.0.0.1:$rsync_port/here
OURS="cpxfer -q --anonymous --durability none" SYNC=
if [ "$(df --output=fstype "$TESTDIR" | tail -1)" != tmpfs ]; then
  OURS="cpxfer -q --anonymous --durability batch" SYNC="sync -f out"
fi
# beside WHAT LABEL AT_MOST OURS PEER [OPTIONS]: what is in src/WHAT, and arrives in out/WHAT
beside() {
  local what=$1 bytes servers=("${SERVERS[@]}")
  bytes=$(du -sb --apparent-size "src/$what" | cut -f1)
  printf 'set -e\n%s\n%s\n' "$5" "$SYNC" >"$TESTDIR/peer.sh"
  compare "$2" ${3:+--at-most "$3"} --ours "$4" --peer "sh $TESTDIR/peer.sh" --bytes "$bytes" --runs "$RUNS" --far "$(IFS=,; echo "${servers[*]}")" \
    --before "sh -c 'rm -rf out/* && mkdir -m 777 out/$what'"
  diff -r --no-dereference "src/$what" "out/$what" >/dev/null || fail "what $5 brought is not what was there"
}

echo "on $(df --output=fstype "$TESTDIR" | tail -1), $MIB MiB; $FILES files of 4 to 16 KiB; a mixed tree of $(find src/mixed -type f | wc -l) files"
push="$OURS src/big/ $URL/out/big" pull="$OURS $URL/src/big/ out/big"
beside big "push of $MIB MiB, beside cp" "" "$push" "cp src/big/file out/big/"
beside big "push of $MIB MiB, beside an rsync daemon" 1 "$push" "$RSYNC src/big/ $DAEMON/out/big/"
if has globus-gridftp-server && has globus-url-copy; then
  ftp_port=$(free_port)
  # Neither it nor xrootd serves anybody as root.
  start_server ftp globus-gridftp-server -aa ${AS_NOBODY:+-anonymous-user nobody} -p "$ftp_port" \
    -control-interface 127.0.0.1 -data-interface 127.0.0.1
  wait_port "$ftp_port"
  beside big "push of $MIB MiB, beside GridFTP" 1 "$push" \
    "globus-url-copy -p 4 -fast -bs 4M file://$HERE/src/big/file ftp://127.0.0.1:$ftp_port$HERE/out/big/file"
  beside big "pull of $MIB MiB, beside GridFTP" 1 "$pull" \
    "globus-url-copy -p 4 -fast ftp://127.0.0.1:$ftp_port$HERE/src/big/file file://$HERE/out/big/file"
  stop_server ftp
fi
if has rclone; then
  http_port=$(free_port)
  start_server http rclone serve http --config /dev/null --addr "127.0.0.1:$http_port" src
  wait_port "$http_port"
  beside big "pull of $MIB MiB, beside rclone" 1 "$pull" "rclone --config /dev/null copy --multi-thread-streams 4 \\
    --multi-thread-cutoff 64M --http-url http://127.0.0.1:$http_port :http:big out/big"
  stop_server http
fi
if has xrootd && has xrdcp; then
  xrd_port=$(free_port)
  printf 'xrd.port %s\nxrd.network nodnr norpipa\nall.export %s r/o\nall.adminpath %s\nall.pidpath %s\n' \
    "$xrd_port" "$HERE/src" "$HERE/xrd" "$HERE/xrd" >xrd.cfg
  mkdir -m 777 xrd
  start_server xrd xrootd -c xrd.cfg -l "$HERE/xrd/log" ${AS_NOBODY:+-R nobody}
  wait_port "$xrd_port"
  beside big "pull of $MIB MiB, beside xrdcp" 1 "$pull" "xrdcp -f -s root://127.0.0.1:$xrd_port/$HERE/src/big/file out/big/file"
  stop_server xrd
fi
for what in small mixed; do
  nc_port=$(free_port)
  push="$OURS src/$what/ $URL/out/$what"
  beside $what "push of the $what tree, beside tar through nc" 0.9 "$push" \
    "nc -N -l 127.0.0.1 $nc_port </dev/null | tar -x -C out & for try in 1 2 3 4 5 6 7 8 9; do
      ! ss -ltn | grep :$nc_port >/dev/null || break; sleep 0.01; done
      tar -c -C src $what | nc -N 127.0.0.1 $nc_port; wait"
  beside $what "push of the $what tree, beside cp -a" "" "$push" "cp -a src/$what/. out/$what"
  beside $what "push of the $what tree, beside an rsync daemon" 1 "$push" "rsync -a --whole-file src/$what/ $DAEMON/out/$what/"
done
stop_server cpx
stop_server rsyncd
finish
