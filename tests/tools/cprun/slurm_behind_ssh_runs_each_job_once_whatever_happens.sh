#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CP_KILLS: how often each is killed (20).
KILLS=${CP_KILLS:-20} # before the harness forgets it
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/slurm.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
need flock
export EFFECTS="$PWD/effects.log"
: >"$EFFECTS"
REAL=$(command -v sbatch)
mkdir "$FAR/bin"
submit=(cprun submit -q --no-agent --on slurm+ssh://login --env EFFECTS="$EFFECTS")
run=(sh -c 'echo "$CP_JOB_ID" >>"$EFFECTS"')

# Every job of the store was run, once; nothing else was.
check() {
  timeout 150 cprun wait >/dev/null || true
  cprun list --json | jq -r .id | sort >known
  expect_equal '' "$(cprun list --json | jq -r 'select(.state != "COMPLETED")')" "not completed"
  expect_equal "$(cat known)" "$(sort "$EFFECTS")" "asked for, and run"
  echo "$(wc -l <known) jobs in the store, all ran once"
}
cut_connections() { for one in $(running 'sshd: [^ ]+($|@| )|^ssh: .*\[mux\]'); do kill -9 "$one" 2>/dev/null || true; done; }

start_slurm alpha 'NodeName=a1 Port=@ CPUs=64 RealMemory=64000' 'PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP' \
  MinJobAge=2
far_path "$FAR/bin" /usr/bin /bin
far_start_up "export SLURM_CONF='$SLURM_CONF' SBATCH_HOLD=1 SQUEUE_FORMAT=%.5j"
unset SLURM_CONF
start_sshd login 'MaxSessions 64' 'MaxStartups 64'

it "is submitted, runs and says so"
expect_status 0 "${submit[@]}" -- "${run[@]}"
validate "$STDOUT"
expect_status 3 cprun run -q --no-agent --on slurm+ssh://login -- sh -c 'echo out; echo err >&2; exit 3'
expect_stdout out
expect_stderr err
cprun wait >/dev/null || true
expect_equal 1 "$(wc -l <"$EFFECTS")"
export CP_STATE_DIR=$TESTDIR/other
mkdir -m 700 "$CP_STATE_DIR"
: >"$EFFECTS"

it "holds when the command is killed at random moments"
for ((i = 0; i < KILLS; ++i)); do
  "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 &
  pid=$!
  sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
done
check

it "holds when the connection is cut at random moments"
for ((i = 0; i < 10; ++i)); do
  timeout 100 "${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 &
  pid=$!
  sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
  cut_connections
  wait $pid 2>/dev/null || true
done
check

it "holds when the connection is cut after sbatch has been heard, and when sbatch hangs"
cat >"$FAR/bin/sbatch" <<SH
#!/bin/sh
rm "\$0"
$REAL "\$@" >"$FAR/said"
: >"$PWD/heard"
sleep 3
cat "$FAR/said"
SH
chmod +x "$FAR/bin/sbatch"
"${submit[@]}" -- "${run[@]}" >/dev/null 2>&1 &
pid=$!
wait_until test -e heard
cut_connections
wait $pid || true
cat >"$FAR/bin/sbatch" <<SH
#!/bin/sh
rm "\$0"
$REAL "\$@" >/dev/null
sleep 8
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
SH
chmod +x "$FAR/bin/sbatch"
CP_CPRUN_PATIENCE=4s timeout 100 "${submit[@]}" -- "${run[@]}" >/dev/null || true
check
