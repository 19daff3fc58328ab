#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The run is repeated with SIGKILL at the n-th call that writes, syncs, renames, links, makes or
# executes, n = 1, 2, …: each job that the store has by then runs once, and no other does.
. "$CP_SOURCE/tests/tools/harness.sh"
need strace
strace -o /dev/null -e inject=getpid:signal=KILL:when=1 true 2>/dev/null || [ $? -eq 137 ] || skip "strace cannot inject here"
calls=write,pwrite64,fsync,fdatasync,rename,link,unlink,execve,ftruncate,mkdir,openat,symlink

# One run, killed at the N-th of the calls in any of its processes together.
killed_run() {
  strace -f -qq -o "$TESTDIR/trace" -e trace=$calls -e signal=none -e inject=$calls:signal=KILL:when="$1" \
    cprun run -q -- sh -c 'echo "$CP_JOB_ID" >>"$EFFECTS"'
}

# Every job of the store was run, once; nothing else was.
check() {
  timeout 60 cprun wait >/dev/null || true
  cprun list --json >list.json
  jq -r 'select(.state == "COMPLETED") | .id' list.json | sort >completed
  sort "$EFFECTS" >effects
  expect_equal '' "$(uniq -d effects)" "ran twice"
  expect_equal '' "$(comm -23 effects <(jq -r .id list.json | sort))" "ran without being known"
  expect_equal '' "$(comm -23 completed effects)" "completed without having run"
  # A job whose supervisor was killed with it says that it was lost: nobody can run it again safely.
  jq -r 'select(.state != "COMPLETED") | [.id, .state, .reason // ""] | join(" ")' list.json >others
  expect_equal '' "$(grep -vE ' FAILED (lost|user_error|node_lost)$' others || true)" "other ends"
}

export EFFECTS="$PWD/effects.log"
: >"$EFFECTS"
cprun run -q -- sh -c 'echo "$CP_JOB_ID" >>"$EFFECTS"' # the store is there
it "holds at each crash point of the command and of its supervisor in turn"
ended=0
step=${CP_CRASH_STEP:-1}
for ((n = 1; n < 700; n += step)); do
  status=0
  killed_run $n 2>/dev/null || status=$?
  if [ $status -eq 0 ]; then
    ended=$((ended + 1))
    [ $ended -lt 3 ] || break
  fi
done
[ $ended -gt 0 ] || fail "no run ended by itself"
check
echo "$(wc -l <list.json) jobs in the store, $(wc -l <effects) ran, $(grep -c ' FAILED' others || true) lost with their supervisor, last crash point $n"

it "holds when the command alone is killed at random moments"
for ((i = 0; i < 30; ++i)); do
  cprun run -q -- sh -c 'echo "$CP_JOB_ID" >>"$EFFECTS"' 2>/dev/null &
  pid=$!
  sleep "0.0$((RANDOM % 9))$((RANDOM % 10))"
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
done
before=$(grep -c ' FAILED' others || true)
check
expect_equal "$before" "$(grep -c ' FAILED' others || true)" "lost although only the command was killed"
echo "$(wc -l <list.json) jobs in the store, $(wc -l <effects) ran"
