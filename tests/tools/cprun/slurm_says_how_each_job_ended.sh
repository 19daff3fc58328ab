#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/slurm.sh"

start_slurm alpha 'NodeName=a1 Port=@ CPUs=16 RealMemory=64000 Gres=gpu:h100:8' \
  'NodeName=a2 Port=@ CPUs=4 RealMemory=8000' 'PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP' \
  'PartitionName=tiny Nodes=a2 MaxNodes=1 MaxTime=10 State=UP' KillWait=3
on=(--no-agent --on slurm:)
field() { cprun status --json "$1" | jq -r "$2"; }
is() { [ "$(field "$1" .state)" = "$2" ]; }
number() { field "$1" '.attempts[-1].native_id'; }
submit() { expect_status 0 cprun submit -q "${on[@]}" "$@"; ID=$(jq -r .id "$STDOUT"); }
ended() { cprun wait "$1" --json >ended 2>/dev/null || true; jq -r '[.state, .reason // "", .exit_code // "", .signal // ""] | join(" ")' ended; }

it "runs a command as if it were here: its output, its status, its record"
expect_status 5 cprun run -q "${on[@]}" --record record -- sh -c 'echo out; echo err >&2; exit 5'
expect_stdout out
expect_stderr err
validate record
expect_json '.state == "FAILED" and .exit_code == 5 and .attempts[0].url == "slurm:" and .attempts[0].guarantee == "exactly-once"' record
expect_json '.usage.estimated | not' record

it "gives the job what it asked for: cores, memory, cards by their model, time"
expect_status 0 cprun run -q "${on[@]}" --cpus 2 --memory 1GB --gpu H100:3 --hours 0.2 -- \
  sh -c 'scontrol -o show job "$SLURM_JOB_ID"'
expect_match ' NumCPUs=2 '
expect_match ' MinMemoryNode=954M '
expect_match 'gres[:/]gpu:h100:3'
expect_match ' TimeLimit=00:14:00 '
expect_match ' Requeue=0 '
expect_status 125 cprun run -q "${on[@]}" --gpu A100:1 -- true
expect_match 'no node of alpha has what the job wants' "$STDERR"

it "runs on a resource that this machine's own authority describes, in its partition"
expect_status 0 cpid init
cpid describe --from slurm --only tiny | cpid register >registered
expect_status 0 cprun run -q --no-agent --on "$(jq -r .id registered)" -- sh -c 'echo "$SLURM_JOB_PARTITION"'
expect_stdout tiny

it "tells time limit, cancelling by anybody, signals and lost nodes apart"
submit -- sh -c 'kill -SEGV $$'
expect_equal 'FAILED user_error  11' "$(ended "$ID")"
submit --duration 1s -- sleep 600
expect_equal 'FAILED timeout  15' "$(ended "$ID")"
submit -- sleep 600
wait_until is "$ID" ACTIVE
expect_status 0 cprun cancel "$ID"
expect_equal 'CANCELED canceled  15' "$(ended "$ID")"
submit -- sleep 600
wait_until is "$ID" ACTIVE
scancel "$(number "$ID")"
expect_equal 'CANCELED canceled  15' "$(ended "$ID")"
submit --cpus 9 -- sleep 600
wait_until is "$ID" ACTIVE
scontrol update NodeName=a1 State=DOWN Reason=broken
expect_match '^FAILED node_lost' <(ended "$ID")
scontrol update NodeName=a1 State=RESUME 2>/dev/null || true # it may have come back by itself
wait_until node_is a1 idle

it "shows what waits, what is held and why, and cancels it before it has run"
scontrol update NodeName=a1,a2 State=DRAIN Reason=none
submit -- sh -c "echo ran >$PWD/ran"
wait_until is "$ID" QUEUED
scontrol uhold "$(number "$ID")"
wait_until is "$ID" HELD
expect_equal 'PENDING (JobHeldUser)' "$(field "$ID" '.attempts[-1].native_state')"
expect_status 0 cprun cancel "$ID"
expect_equal 'CANCELED canceled  ' "$(ended "$ID")"
scontrol update NodeName=a1,a2 State=RESUME
expect_equal '' "$(squeue -h)"
[ ! -e ran ] || fail "it ran"

it "refuses what Slurm refuses, with Slurm's reason, and does not wait for ever"
expect_status 125 cprun run -q "${on[@]}" -f - <<'JSON'
{"schema":"cp.jobspec/1","executable":"true","attributes":{"queue":"nowhere"}}
JSON
expect_match 'invalid partition' "$STDERR"

it "says that a state is unknown while Slurm does not answer, and goes on afterwards"
submit -- sleep 3
wait_until is "$ID" ACTIVE
stop_server alpha KILL
is "$ID" UNKNOWN || fail "it is $(field "$ID" .state)"
start_server alpha slurmctld -D -f "$SLURM_CONF"
expect_equal 'COMPLETED  0 ' "$(ended "$ID")"
