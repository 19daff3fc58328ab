#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CP_KILLS: how often each is killed (20).
KILLS=${CP_KILLS:-20} # before the harness forgets it
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/slurm.sh"
need flock
export EFFECTS="$PWD/effects.log"
: >"$EFFECTS"
REAL=$(command -v sbatch)
mkdir shim
PATH=$PWD/shim:$PATH
submit=(cprun submit -q --no-agent --on slurm:)
run=(sh -c 'echo "$CP_JOB_ID" >>"$EFFECTS"')

# Every job of the store was run, once; nothing else was.
check() {
  timeout 150 cprun wait >/dev/null || true
  cprun list --json | jq -r .id | sort >known
  expect_equal '' "$(cprun list --json | jq -r 'select(.state != "COMPLETED")')" "not completed"
  expect_equal "$(cat known)" "$(sort "$EFFECTS")" "asked for, and run"
}
queue_is_empty() { [ -z "$(squeue -h -t all)" ]; }
is_run() { grep -q "$1" "$EFFECTS"; }

start_slurm alpha 'NodeName=a1 Port=@ CPUs=64 RealMemory=64000' 'PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP' \
  MinJobAge=2

it "is submitted, runs and says so"
expect_status 0 "${submit[@]}" -- "${run[@]}"
validate "$STDOUT"
check

it "holds when the command is killed at random moments"
for ((i = 0; i < KILLS; ++i)); do
  "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 &
  pid=$!
  sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
done
check
echo "$(wc -l <known) jobs in the store, all ran once"

it "holds when it, its shell or sbatch is killed at each of their steps"
if command -v strace >/dev/null; then
  calls=write,fsync,rename,openat,mkdir,execve,unlink,sendto,connect
  # Each process of the command is killed at its own n-th call.
  for ((n = 1; n < 100; n += 4)); do
    strace -f -qq -o trace -e trace=$calls -e signal=none -e inject=$calls:signal=KILL:when="$n" \
      "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 || true
  done 2>/dev/null
  check
  echo "$(wc -l <known) jobs in the store, all ran once"
else
  echo "left out: strace is not installed"
fi

it "holds when sbatch times out although it was heard, and when it was not"
cat >shim/sbatch <<SH
#!/bin/sh
$REAL "\$@" >/dev/null
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
SH
chmod +x shim/sbatch
"${submit[@]}" -- "${run[@]}" >/dev/null
cat >shim/sbatch <<SH
#!/bin/sh
rm "\$0"
echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)' >&2
exit 1
SH
chmod +x shim/sbatch
"${submit[@]}" -- "${run[@]}" >/dev/null
check

it "holds when a submission comes that was taken for lost"
cat >shim/sbatch <<SH
#!/bin/sh
rm "\$0"
(sleep 20; cd /; $REAL "\$@" </dev/null >"$PWD/late.out" 2>&1) 9>&- >/dev/null 2>&1 &
echo \$! >"$PWD/late.pid"
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
SH
chmod +x shim/sbatch
"${submit[@]}" -- "${run[@]}" >/dev/null
check
came() { [ -s late.out ]; }
wait_until came
expect_match '^[0-9]+$' late.out
wait_until queue_is_empty
check

it "knows how a job ended that Slurm has forgotten"
expect_status 0 "${submit[@]}" -- "${run[@]}"
id=$(jq -r .id "$STDOUT")
wait_until is_run "$id"
wait_until queue_is_empty
check

it "does not mind a column that is cut, nor the user's own formats"
export SQUEUE_FORMAT=%.5j SLURM_TIME_FORMAT=%d SQUEUE_STATES=CANCELLED SBATCH_JOB_NAME=other SBATCH_HOLD=1
expect_status 0 "${submit[@]}" --name "a very long name, with \$(blanks), 'quotes' and | bars, that no column has room for" -- "${run[@]}"
check
unset SQUEUE_FORMAT SLURM_TIME_FORMAT SQUEUE_STATES SBATCH_JOB_NAME SBATCH_HOLD
