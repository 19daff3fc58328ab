#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "is looked through before it is signed"
cpid describe >described.json
expect_status 1 cpid lint described.json
validate "$STDOUT"
expect_json '[$all[] | select(.reason == "missing").place] | index("prices") != null and index("node.cpu.cores") == null'
expect_json '[$all[] | select(.reason == "impossible")] == []'
expect_status 1 cpid lint --table <<<'{"schema":"cp.resource/1","kind":"node","nodes":999999999}'
expect_match 'impossible +nodes +999999999 stands for unknown; leave it out'
expect_status 65 cpid lint </dev/null


it "says what lscpu and the kernel say"
expect_status 0 cpid describe --from local
validate "$STDOUT"
cp "$STDOUT" plain
expect_json '.kind == "node" and .nodes == 1 and .name == "'"$(cat /proc/sys/kernel/hostname)"'"'
expect_json '.node.cpu.arch == "'"$(uname -m)"'"'
expect_json ".node.memory_bytes <= $(awk '/^MemTotal:/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)"
if [ "$(nproc)" = "$(nproc --all)" ]; then
  expect_json ".node.cpu.cores == $(lscpu -p=Core,Socket | grep -v '^#' | sort -u | wc -l)"
  expect_json ".node.cpu.threads == $(nproc)"
fi

it "calls its figures nominal and says how they were computed"
expect_json '[.performance[]? | .basis == "nominal" and (.source | contains("cores x")) and has("as_of")] | all'

it "knows no price, no place, and no way in but its own"
expect_json '(has("prices") or has("place") or has("id") or has("proof")) | not'
expect_json '.access == [{"role":"launch","url":"local:"}]'

it "puts a TOML file over what the machine knows"
cat >site.toml <<'TOML'
name = "node one"
alias = "@lab/one"
workdir = "/tmp"
policy = "demand.nodes <= 1"
egress_per_gb = "0.10 CNY"
node.accelerators = [{ vendor = "acme", model = "X1", count = 2 }]
place = { country = "CN", region = "cn-sh", lat = 31.23 }
valid_until = 2099-01-01T08:00:00+08:00
[[prices]]
terms = "internal"
unit = "core-hour"
price = "0.12 CNY"
[[prices]]
unit = "node-hour"
price = { amount = "0.20", currency = "CNY" }
as_of = 2026-11-01T00:00:00Z
TOML
expect_status 0 cpid describe --with site.toml
validate "$STDOUT"
expect_json '.name == "node one" and .alias == ["@lab/one"] and .valid_until == "2099-01-01T00:00:00Z"'
expect_json '.egress_per_gb == {"amount":"0.10","currency":"CNY"} and .place.lat == 31.23'
expect_json '[.prices[].price.amount] == ["0.12", "0.20"] and .prices[1].as_of == "2026-11-01T00:00:00Z" and .prices[0].as_of != null'
expect_json '.access == [{"role":"launch","url":"local:","workdir":"/tmp"}] and (has("workdir") | not)'
expect_json '.node.accelerators == [{"vendor":"acme","model":"X1","count":2}]'
expect_equal "$(jq -c .node.cpu plain)" "$(jq -c .node.cpu "$STDOUT")" cpu

it "refuses a file that would make no sound record, with its name"
while read -r line; do
  echo "${line%% => *}" >bad.toml
  expect_status 65 cpid describe --with bad.toml
  expect_match "bad.toml.*${line##* => }" "$STDERR"
done <<'CASES'
nodes = 0 => nodes is not a whole number
egress_per_gb = "much" => egress_per_gb
egress_per_gb = "5" => currency
prices = [{ unit = "core-hour" }] => prices\[0\].price is missing
alias = "one" => alias\[0\] is not an alias
place.country = "China" => place.country
kind = "a b" => kind is not a word
schema = "cp.resource/2" => major version
workdir = 5 => workdir is not a text
name = => :1:
CASES
expect_status 66 cpid describe --with missing.toml
expect_status 64 cpid describe --workdir relative
expect_status 69 cpid describe --from nosuch:
expect_match "there are: local, slurm" "$STDERR"

it "takes the identifier that it is for, and its alias"
expect_status 65 cpid describe --id cp:86.3101.42/7F3K9Q2M-JC
expect_status 0 cpid describe --id cp:86.3101.42/7f3k9q2m-jb
expect_json '.id == "cp:86.3101.42/7F3K9Q2M-JB"'
expect_status 66 cpid describe --id @lab/one
expect_status 0 cpid init
cpid describe --with site.toml | cpid register >registered
expect_status 0 cpid describe --id @lab/one
expect_json ".id == \"$(jq -r .id registered)\""
cpid describe --id @lab/one --with site.toml | cpid register >again
expect_equal 2 "$(jq .seq again)" seq

it "takes descriptions from a file, without what a signature alone may say"
cat registered >two.json
echo '{"schema":"cp.resource/1","name":"hand made","kind":"storage"}' >>two.json
echo 'place.country = "SG"' >place.toml
expect_status 0 cpid describe --from two.json --with place.toml
validate "$STDOUT"
expect_json '[$all[].name] == ["node one", "hand made"] and [$all[].place.country] == ["SG", "SG"]'
expect_json '.id == "'"$(jq -r .id registered)"'" and ([has("seq", "issued", "valid_until", "proof")] | any | not)'
expect_equal "$(jq -c .node registered)" "$(jq -c 'select(.id).node' "$STDOUT")"
cpid describe --from ./two.json --only 'node one' | cpid register >third
expect_equal 3 "$(jq .seq third)" seq
echo '{"schema":"cp.node/1","observed_at":"2026-11-22T08:00:00Z","host":"n1","node":{"cpu":{"cores":4}}}' >node.json
expect_status 0 cpid describe --from - <node.json
expect_json '. == {"schema":"cp.resource/1","name":"n1","kind":"node","nodes":1,"node":{"cpu":{"cores":4}}}'

it "refuses a file that describes nothing, and says where"
expect_status 66 cpid describe --from missing.json
: >none.json
expect_status 65 cpid describe --from none.json
printf '%s\n' '{"schema":"cp.resource/1","kind":"node"}' '{"schema":"cp.offer/1"}' >other.json
expect_status 65 cpid describe --from other.json
expect_match 'other.json:2: ' "$STDERR"
echo '{"schema":"cp.resource/1","kind":"node","nodes":0}' >impossible.json
expect_status 65 cpid describe --from impossible.json
[ ! -s "$STDOUT" ] || fail "something was printed"
