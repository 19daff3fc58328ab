#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Push and pull through an sshd of our own on the loopback, beside rsync and scp over the same ssh, in
# turn: one large file, and many small ones. The CPU is that of both ends, ssh and sshd included.
# BENCH_MIB: mebibytes of the large file (1024). BENCH_FILES: small ones (5000). Nothing is synced.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 6144 ]; then
  export TMPDIR=/dev/shm
fi
. "$CP_SOURCE/tests/bench/bench.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
need rsync scp
MIB=${BENCH_MIB:-1024} FILES=${BENCH_FILES:-5000} RUNS=${BENCH_RUNS:-5}
echo "on $(df --output=fstype "$TESTDIR" | tail -1): $MIB MiB; $FILES files of 4 to 16 KiB"
mkdir big small
head -c "${MIB}M" /dev/urandom >big/file
/usr/bin/python3 "$CP_SOURCE/tests/bench/small_files.py" small "$FILES"
small_bytes=$(find small -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
sftp=$(find /usr/lib/openssh /usr/libexec -name sftp-server 2>/dev/null | head -n 1)
start_sshd far "Subsystem sftp ${sftp:-internal-sftp}"
cp -r big small "$FAR"
ours='cpxfer -q --durability none'
ssh="ssh -F $SSH_CONFIG"
clear="rm -rf $FAR/out out"

for what in big small; do
  if [ $what = big ]; then
    amount=(--bytes $((MIB << 20)))
  else
    amount=(--bytes "$small_bytes" --items "$FILES")
  fi
  for peer in rsync scp; do
    if [ $peer = rsync ]; then
      push="rsync -a --whole-file -e '$ssh' $what/ far:out" pull="rsync -a --whole-file -e '$ssh' far:$what/ out"
    else
      push="scp -q -r -p -F $SSH_CONFIG $what far:out" pull="scp -q -r -p -F $SSH_CONFIG far:$what out"
    fi
    compare "push of $what" --ours "$ours $what/ far:out" --peer "$push" --before "$clear" "${amount[@]}" \
      --far "${SERVERS[far]}" --runs "$RUNS"
    compare "pull of $what" --ours "$ours far:$what/ out" --peer "$pull" --before "$clear" "${amount[@]}" \
      --far "${SERVERS[far]}" --runs "$RUNS"
  done
done
stop_server far
finish
