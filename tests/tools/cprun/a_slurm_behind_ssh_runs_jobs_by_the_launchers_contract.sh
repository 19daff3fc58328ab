#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/slurm.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

it "keeps what every launcher promises"
start_slurm alpha 'NodeName=a1 Port=@ CPUs=16 RealMemory=64000 Gres=gpu:h100:8' 'NodeName=a2 Port=@ CPUs=16 RealMemory=64000' \
  'PartitionName=all Nodes=ALL Default=YES MaxTime=60 State=UP' KillWait=3
far_path /usr/bin /bin
far_start_up "export SLURM_CONF='$SLURM_CONF'"
unset SLURM_CONF
start_sshd login 'MaxSessions 64' 'MaxStartups 64'
expect_status 0 env CP_LAUNCHER=slurm+ssh://login "$CP_BUILD/tests/provider/launcher_test" '~*supervisor*'
