#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A local copy of one big file and of many small ones, beside cp and rsync, on the file system of TMPDIR
# (/dev/shm when it has room: there it is the tools that are compared, and not the disk). cpxfer checks
# every byte by its digest; nothing is synced, since cp and rsync sync nothing.
# BENCH_MIB: mebibytes of the big file (512). BENCH_FILES: number of small ones of 4 to 16 KiB (5000).
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 4096 ]; then
  export TMPDIR=/dev/shm
fi
. "$CP_SOURCE/tests/bench/bench.sh"
need rsync
MIB=${BENCH_MIB:-512} FILES=${BENCH_FILES:-5000}
echo "on $(df --output=fstype "$TESTDIR" | tail -1), $MIB MiB and $FILES files"
mkdir big small
head -c "${MIB}M" /dev/urandom >big/file
/usr/bin/python3 "$CP_SOURCE/tests/bench/small_files.py" small "$FILES"
small_bytes=$(find small -type f -printf '%s\n' | awk '{s += $1} END {print s}')
for peer in 'cp -a' 'rsync -a --whole-file'; do
  compare "one file of $MIB MiB" --ours 'cpxfer -q --durability none big/ out' --peer "$peer big/ out" \
    --before 'rm -rf out' --bytes $((MIB << 20)) --runs "${BENCH_RUNS:-7}"
  compare "$FILES small files" --ours 'cpxfer -q --durability none small/ out' --peer "$peer small/ out" \
    --before 'rm -rf out' --items "$FILES" --bytes "$small_bytes" --runs "${BENCH_RUNS:-7}"
done
finish
