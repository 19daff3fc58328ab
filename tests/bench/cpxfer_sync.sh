#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tree that is kept alike and has not changed, beside find, which looks at one of both trees, and rsync.
# BENCH_FILES: how many files (100000).
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -1)" -gt 4096 ]; then
  export TMPDIR=/dev/shm
fi
. "$CP_SOURCE/tests/bench/bench.sh"
need rsync
FILES=${BENCH_FILES:-100000} RUNS=${BENCH_RUNS:-7}
echo "on $(df --output=fstype "$TESTDIR" | tail -1), $FILES files"
/usr/bin/python3 - "$FILES" <<'PYTHON'
import os, sys
for n in range(int(sys.argv[1])):
    folder = "src/%04d" % (n // 100)
    os.makedirs(folder, exist_ok=True)
    with open("%s/%06d" % (folder, n), "w") as file:
        file.write(str(n))
PYTHON
cpxfer -q --durability none src/ out >"$TESTDIR/first"
ours='cpxfer -q --update src/ out'
compare "$FILES unchanged files" --ours "$ours" --peer "find src -printf '%p %s %T@\\n'" --items "$FILES" \
  --runs "$RUNS" --at-most 1.2
compare "$FILES unchanged files" --ours "$ours" --peer 'rsync -a src/ out' --items "$FILES" --runs "$RUNS" --at-most 1
finish
