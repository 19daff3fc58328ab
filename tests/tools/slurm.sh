# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A real Slurm for tests: a munged, a slurmctld and some slurmd, ordinary processes on loopback with a
# configuration of their own; nothing under /etc or /run is touched. Sourced after the harness.
#
#   start_slurm NAME LINE…   starts the cluster NAME; LINEs are its nodes and partitions in slurm.conf,
#                            where a node "NodeName=N … Port=@" gets a free port. SLURM_CONF names it.
need munged slurmctld slurmd scontrol sinfo squeue sbatch
SLURM_DIR=$TESTDIR/slurm
mkdir -p "$SLURM_DIR/munge"
chmod 755 "$TESTDIR" "$SLURM_DIR" "$SLURM_DIR/munge"

# A slurmstepd writes over its environment, too, and outlives its slurmd while it cannot report.
eval "harness_$(declare -f ours)"
ours() {
  local comm directory
  harness_ours
  for comm in /proc/[0-9]*/comm; do
    [ "$(cat "$comm" 2>/dev/null)" = slurmstepd ] || continue
    directory=$(readlink "${comm%comm}cwd") || continue
    [[ $directory != "$TESTDIR"/* ]] || echo "${comm%comm}environ"
  done
}
slurm_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
start_munge() {
  [ ! -S "$SLURM_DIR/munge/socket" ] || return 0
  (umask 077 && head -c 128 /dev/urandom >"$SLURM_DIR/munge/key")
  start_server munge munged --foreground --force --key-file="$SLURM_DIR/munge/key" \
    --socket="$SLURM_DIR/munge/socket" --pid-file="$SLURM_DIR/munge/pid" \
    --log-file="$SLURM_DIR/munge/log" --seed-file="$SLURM_DIR/munge/seed"
  wait_until test -S "$SLURM_DIR/munge/socket"
}
start_slurm() {
  local name=$1 directory=$SLURM_DIR/$1 host user line card node nodes=()
  shift
  host=$(hostname -s) user=$(id -un)
  start_munge
  mkdir -p "$directory/state" "$directory/spool" "$directory/cards"
  for card in 0 1 2 3 4 5 6 7; do ln -sf /dev/null "$directory/cards/$card"; done
  export SLURM_CONF=$directory/slurm.conf
  cat >"$SLURM_CONF" <<CONF
ClusterName=$name
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(slurm_port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$SLURM_DIR/munge/socket
CredType=cred/munge
AccountingStoragePass=$SLURM_DIR/munge/socket
AccountingStorageType=accounting_storage/none
StateSaveLocation=$directory/state
SlurmctldPidFile=$directory/slurmctld.pid
SlurmdSpoolDir=$directory/spool/%n
SlurmdPidFile=$directory/slurmd-%n.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=1,sched_min_interval=10000,batch_sched_delay=0
ReturnToService=2
GresTypes=gpu
CONF
  : >"$directory/gres.conf"
  for line; do
    case $line in
      NodeName=*)
        node=${line#NodeName=}
        nodes+=("${node%% *}")
        echo "${line/Port=@/Port=$(slurm_port)} NodeHostname=$host NodeAddr=127.0.0.1 State=UNKNOWN"
        sed -n "s|^NodeName=\([^ ]*\).*Gres=gpu:\([^: ]*\):\([0-9]*\).*|\1 \2 \3|p" <<<"$line" |
          while read -r node type count; do
            echo "NodeName=$node Name=gpu Type=$type File=$directory/cards/[0-$((count - 1))]" >>"$directory/gres.conf"
          done ;;
      *) echo "$line" ;;
    esac
  done >>"$SLURM_CONF"
  start_server "$name" slurmctld -D -f "$SLURM_CONF"
  wait_until timeout 5 scontrol ping >/dev/null 2>&1
  for line in "${nodes[@]}"; do
    mkdir -p "$directory/spool/$line"
    start_server "$name-$line" slurmd -D -N "$line" -f "$SLURM_CONF"
  done
  for line in "${nodes[@]}"; do wait_until node_is "$line" idle; done
}
node_is() { [ "$(timeout 5 sinfo -h -n "$1" -o %t 2>/dev/null | head -n 1)" = "$2" ]; }
