#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/slurm.sh"

it "says what is missing where there is no Slurm that answers"
printf '%s\n' ClusterName=gone 'SlurmctldHost=localhost(127.0.0.1)' SlurmctldPort=1 >gone.conf
expect_status 69 env SLURM_CONF="$PWD/gone.conf" cpid describe --from slurm
expect_match '^cpid: Slurm does not answer: ' "$STDERR"
expect_status 64 cpid describe --from slurm:x
expect_status 64 cpid describe --from slurm+ssh://-oProxyCommand=x
expect_status 64 cpid describe --from slurm+ssh://
[ ! -s "$STDOUT" ] || fail "something was printed"

it "describes each partition of a real cluster, and each kind of node in it"
node='CPUs=32 Sockets=2 CoresPerSocket=8 ThreadsPerCore=2 RealMemory=64000 Gres=gpu:h100:8 Feature=ib,zone-a'
start_slurm alpha "NodeName=a1 Port=@ $node" "NodeName=a2 Port=@ $node" \
  'NodeName=c1 Port=@ CPUs=16 RealMemory=32000 TmpDisk=5000' \
  'PartitionName=gpu Nodes=a1,a2 Default=YES MaxTime=7-00:00:00 MaxNodes=2 State=UP' \
  'PartitionName=mixed Nodes=a1,c1 MaxTime=30 State=UP'
expect_status 0 cpid describe --from slurm --workdir /shared
validate "$STDOUT"
cp "$STDOUT" described
expect_json '[$all[].name] == ["alpha/gpu", "alpha/mixed/8xh100", "alpha/mixed/16cores"]'
expect_json '.nodes == 2 and .node.cpu.sockets == 2 and .node.cpu.cores == 16 and .node.cpu.threads == 32'
expect_json '.node.memory_bytes == 64000 * 1048576 and .limits == {"walltime_s": 604800, "nodes_per_job": 2}'
expect_json '.node.accelerators == [{"vendor":"nvidia","model":"H100","native_name":"h100","count":8}]'
expect_json '.access[0].url == "slurm:" and .access[0].native.partition == "gpu" and .access[0].native.gres == "gpu:h100"'
expect_json '.access[0].workdir == "/shared" and .software == ["slurm '"$(scontrol show config | sed -n 's/^SLURM_VERSION *= //p')"'"]'
expect_json '$all[2].node.disk_bytes == 5000 * 1048576 and $all[2].limits == {"walltime_s": 1800}'
expect_json '[$all[] | has("performance") or has("prices") or has("place")] | any | not'

it "is not misled by what a user has set for Slurm's commands"
expect_status 0 env SQUEUE_FORMAT=%i SINFO_FORMAT=%x SLURM_CLUSTERS=other SLURM_TIME_FORMAT=%s LC_ALL=de_DE.UTF-8 \
  SQUEUE_STATES=cancelled SLURM_JOB_ID=1 cpid describe --from slurm --workdir /shared
expect_equal "$(cat described)" "$(cat "$STDOUT")"

it "puts the tables of single partitions over what holds for all"
cat >site.toml <<'TOML'
place = { country = "CN", region = "cn-sh" }
[[prices]]
unit = "core-hour"
price = "0.12 CNY"
[partition.gpu]
alias = "@lab/gpu"
[[partition.gpu.prices]]
unit = "card-hour"
price = "14.50 CNY"
TOML
expect_status 0 cpid describe --from slurm --with site.toml
validate "$STDOUT"
expect_json '[$all[].place.country] == ["CN", "CN", "CN"]'
expect_json '[$all[].prices[0].price.amount] == ["14.50", "0.12", "0.12"] and ([$all[] | has("partition")] | any | not)'
expect_json '[$all[] | .alias] == [["@lab/gpu"], null, null] and .prices[0].as_of != null'
echo 'partition.gone.name = "x"' >bad.toml
expect_status 65 cpid describe --from slurm --with bad.toml
expect_match 'bad.toml: slurm has no partition gone' "$STDERR"
echo 'partition = 5' >bad.toml
expect_status 65 cpid describe --from slurm --with bad.toml

it "chooses one by its name or partition"
expect_status 0 cpid describe --from slurm --only mixed
expect_json '($all | length) == 2'
expect_status 66 cpid describe --from slurm --only none
expect_match 'there is: alpha/gpu' "$STDERR"
expect_status 64 cpid describe --from slurm --id cp:86.3101.42/7F3K9Q2M-JB
expect_status 0 cpid describe --from slurm --only gpu --id cp:86.3101.42/7F3K9Q2M-JB
expect_json '.id == "cp:86.3101.42/7F3K9Q2M-JB"'

it "keeps the live state of a partition fresh: nodes, cards, cores, the queue"
expect_status 0 cpid init
cpid describe --from slurm --with site.toml | cpid register >registered
code=$(jq -r 'select(.name == "alpha/gpu").id' registered)
expect_status 0 cpid publish --count 1 "$code"
validate "$STDOUT"
expect_json '.nodes == {"total":2,"free":2,"down":0} and .cards == {"total":16,"free":16} and .health == "ok"'
expect_json '.shapes == [{"nodes":2,"cards":8,"cores":16,"memory_bytes":(64000 * 1048576)}]'
expect_json '.queue == {"running":0,"pending":0}'
job() { timeout 10 sbatch --parsable --chdir="$TESTDIR" -o /dev/null -t 5 --wrap 'sleep 600' "$@" >/dev/null; }
says() { timeout 5 scontrol -o show node "$1" | grep -q "State=$2"; }
job -p gpu --gres=gpu:h100:2 -n 4 --mem=1000
wait_until says a1 MIXED
job -p gpu -N 2 --exclusive
job -p gpu,mixed -N 1 -w c1 --array=1-3 --begin=now+1hour
scontrol update NodeName=a2 State=DRAIN Reason='State=IDLE Gres=gpu:b200:64'
expect_status 0 cpid publish --count 1 "$code"
validate "$STDOUT"
expect_json '.nodes == {"total":2,"free":0,"down":1} and .cards == {"total":16,"free":6}'
expect_json '.cores.free == 14 and .shapes == [{"nodes":1,"cards":6,"cores":14,"memory_bytes":(63000 * 1048576)}]'
expect_json '.queue == {"running":1,"pending":4}'

it "is found with what was published of it"
expect_status 0 cpfind --gpu H100:6 --where 'name = "alpha/gpu"'
validate "$STDOUT"
expect_json '.availability | .verdict == "free" and .cards_free == 6 and .cores_free == 14'
expect_status 0 cpfind --gpu H100:8 --where 'name = "alpha/gpu"'
expect_json '.availability.verdict == "queued"'

it "reaches a cluster through ssh, where nothing of ours is installed and files of start-up are noisy"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
far_path /usr/local/bin /usr/bin /bin
far_start_up "echo noise; export SLURM_CONF='$SLURM_CONF' SQUEUE_FORMAT=%i SLURM_CLUSTERS=other"
start_sshd login
expect_status 0 cpid describe --from slurm+ssh://login --workdir /shared
validate "$STDOUT"
expect_json '[$all[].access[0].url] | unique == ["slurm+ssh://login"]'
expect_equal "$(jq -c 'del(.access)' described)" "$(jq -c 'del(.access)' "$STDOUT")"
expect_status 66 cpid describe --from slurm+ssh://nowhere.invalid
expect_match '^cpid: nowhere.invalid: ' "$STDERR"
cpid describe --from slurm+ssh://login --only gpu | cpid register >far
expect_status 0 cpid publish --count 1 "$(jq -r .id far)"
expect_json '.cards == {"total":16,"free":6}'
far_start_up 'sleep 600'
expect_status 75 cpid describe --from slurm+ssh://login --timeout 1s

it "goes on publishing when the cluster comes back"
published() { [ "$(grep -c '"health":' "$TESTDIR/publisher.out")" -gt "$1" ]; }
start_server publisher cpid publish --every 100ms --timeout 1s "$code"
wait_until published 0
stop_server alpha KILL
wait_line publisher 'cpid: .*(Slurm does not answer|do not end)' >/dev/null
before=$(grep -c '"health":' "$TESTDIR/publisher.out")
start_server alpha slurmctld -D -f "$SLURM_CONF"
wait_until published "$before"
stop_server publisher INT
