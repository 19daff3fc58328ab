#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpprobe/probing.sh"
need python3 jq

cpid init >/dev/null
# register NAME ACCESS   prints the code of a resource of this machine's own authority
register() {
  jq -nc --arg name "$1" --argjson access "$2" \
    '{schema:"cp.resource/1",name:$name,kind:"node",nodes:1,access:$access}' |
    cpid register | jq -r .id
}
here=$(register here '[{"role":"launch","url":"local:"}]')
start_server reflector cpprobe serve --listen 127.0.0.1:0
url=$(wait_line reflector 'listening on stamp://')
served=$(register served "[{\"role\":\"probe\",\"url\":\"${url##* }\"}]")
start_server hole python3 -uc '
import socket, sys, time
hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
hole.bind(("127.0.0.1", 0))
print("port", hole.getsockname()[1])
count = 0
while True:
    hole.recv(100)
    count += 1
    print("packet", count)'
port=$(wait_line hole '^port ')
silent=$(register silent "[{\"role\":\"probe\",\"url\":\"stamp://127.0.0.1:${port##* }\"}]")
data=$(register data '[{"role":"data","url":"https://data.example/"}]')

offer() {
  jq -nc --argjson rank "$1" --arg resource "$2" --argjson cost "$3" '{schema:"cp.offer/1",
    id:("o-01M81611JGCB36MYJXTW632HK" + ($rank | tostring)),rank:$rank,runnable:true,
    demand:{schema:"cp.demand/1",nodes:1},resource:$resource,units:{nodes:1},
    access:[{role:"probe",url:"stamp://192.0.2.1:862"},{role:"launch",url:"local:"}],
    scores:{cost:{value:$cost,input:$cost,worst:0,best:10,scale:"linear",weight:0.5},total:$cost},
    x_vendor:{deep:[1,{a:null}]}} | if $resource == "" then del(.resource) else . end'
}
error='{"schema":"cp.error/1","tool":"cpfind","code":"unavailable","message":"registry:sh: timed out"}'
unheard='{"schema":"cp.unheard/7","of":[1,2,{"x":null}]}'
answer='{"schema":"cp.answer/1","matched":6,"shown":6,"unknown":0,"duration_s":0.008,"sources":[],"x_extra":"kept"}'
{
  offer 1 "" 9
  offer 2 "$silent" 6
  echo "$error"
  offer 3 "$here" 5
  echo "$unheard"
  offer 4 "$served" 8
  offer 5 "$data" 3
  offer 6 cp:86.3101.42/7F3K9Q2M-JB 2
  echo "$answer"
} >offers

RUNS=0
# As with a single measurement: a host that is too busy makes it again later.
ranked() {
  local attempt
  for attempt in {1..5}; do
    expect_status 0 cpprobe rank --timeout 300ms "$@"
    RUNS=$((RUNS + 1))
    grep -q host_overload "$STDOUT" || return 0
  done
  fail "this host was too busy, $attempt times"
}

it "gives every offer a quality: measured, or the reason why not"
ranked offers
validate <(jq -c 'select(.schema != "cp.unheard/7")' "$STDOUT")
quality() { jq -c --arg r "$1" 'select(.resource == $r) | .quality' "$STDOUT"; }
expect_equal '{"valid":false,"reason":"no_probe_access"}' \
  "$(jq -c 'select(.schema == "cp.offer/1" and (has("resource") | not)) | .quality' "$STDOUT")"
expect_equal '{"valid":false,"reason":"no_probe_access"}' "$(quality "$data")"
expect_equal '{"valid":false,"reason":"unresolved"}' "$(quality cp:86.3101.42/7F3K9Q2M-JB)"
expect_equal 'false no_answer' "$(quality "$silent" | jq -r '"\(.valid) \(.reason)"')"
for measured in "$here" "$served"; do
  quality "$measured" >quality.json
  expect_json '.valid and .rtt_p50_ns > 0 and (.rtt_p99_ns // .rtt_p50_ns) >= .rtt_p50_ns and .loss_ratio < 0.5' quality.json
  expect_json '(.measurement | startswith("m-")) and (.observed_at | endswith("Z")) and .score >= 0' quality.json
done

it "ranks measured offers by their total and leaves the others their order"
expect_equal "$(seq 6)" "$(jq 'select(.schema == "cp.offer/1") | .rank' "$STDOUT")" ranks
expect_json '[$all[] | select(.quality.valid) | .scores.total] | . == (sort | reverse)'
expect_equal '1 2 5 6' "$(jq -r 'select(.quality.valid == false) | .id[-1:]' "$STDOUT" | tr '\n' ' ' | sed 's/ $//')"

it "prints what the score was made from, and an unknown one as such"
expect_json '[$all[] | select(.quality.valid) | .scores.network |
  .value == .input and .worst == 0 and .best == 10 and .scale == "linear" and .weight == 0.25] | all'
expect_json '[$all[] | select(.quality.valid == false) | .scores.network.value == null and (.missing | index("network") != null)] | all'
expect_json '[$all[] | select(.quality.valid) | .quality | ([.inputs[] | .weight * .value] | add) /
  ([.inputs[].weight] | add) - .score | fabs < 0.011 or .inputs.loss_ratio.value == 0] | all'

it "sends three packets at most to a reflector that is silent"
packets=$(grep -c '^packet' "$TESTDIR/hole.out")
if [ "$packets" -eq 0 ] || [ "$packets" -gt $((3 * RUNS)) ]; then
  fail "$packets packets in $RUNS runs"
fi

it "passes on what it does not understand, and the answer last"
expect_equal "$answer" "$(tail -n 1 "$STDOUT")"
grep -qxF "$error" "$STDOUT" || fail "the error is gone"
grep -qxF "$unheard" "$STDOUT" || fail "the unheard-of record is gone"
expect_json '[$all[] | select(.schema == "cp.offer/1") | .x_vendor == {"deep":[1,{"a":null}]} and (.access | length) == 2] | all'

it "has jq before and after it"
jq . offers >pretty
ranked pretty
expect_equal 6 "$(jq -c 'if .schema == "cp.offer/1" then select(.rank) else . end' "$STDOUT" | grep -c '"rank"')"
jq -s . offers >array
ranked array
expect_json '($all | length) == 9'

it "keeps the measurements when they are asked for"
ranked --measurements kept.json offers
validate kept.json
expect_equal "$(jq -r '.quality.measurement // empty' "$STDOUT" | sort)" "$(jq -r .id kept.json | sort)" measurements

it "shows people a table"
ranked --table offers
expect_match '^RANK +NAME +'
expect_match 'no_probe_access'
expect_match 'no_answer'

it "refuses offers that end without their answer, unless that is allowed"
head -n 5 offers >beginning
expect_status 65 cpprobe rank beginning
expect_stdout ''
expect_match '^cpprobe: .*cp\.answer' "$STDERR"
ranked --allow-partial beginning
expect_json '($all | length) == 5 and ([$all[] | select(.quality)] | length) == 3'
expect_status 65 cpprobe rank </dev/null

it "refuses malformed JSON and a major version that it does not know"
sed '2s/{/{{/' offers >broken
expect_status 65 cpprobe rank broken
expect_match '^cpprobe: broken:2:2' "$STDERR"
sed '2s,cp.offer/1,cp.offer/2,' offers >newer
expect_status 65 cpprobe rank newer
expect_match 'cp\.offer/2' "$STDERR"
expect_status 66 cpprobe rank no-such-file
expect_status 64 cpprobe rank --count 0 offers

it "believes no score, no price and no trust that an offer says of itself"
priced=$(jq -nc '{schema:"cp.resource/1",kind:"node",nodes:1,prices:[{terms:"on-demand",unit:"node-hour",
    price:{amount:"15",currency:"CNY"}}],access:[{role:"data",url:"https://data.example/"}]}' |
  cpid register | jq -r .id)
{
  offer 1 "$priced" 5
  offer 2 cp:86.3101.42/7F3K9Q2M-JB 5
  echo "$answer"
} | jq -c 'if .schema == "cp.offer/1" then
    .price = {hour:{amount:"0.01",currency:"CNY"},terms:"on-demand"} |
    .source = {name:"evil",trust:"verified"} | .scores.cost.worst = 20 | .scores.cost.best = 10 |
    .scores.cost.value = 1e9 | .scores.cost.weight = 1e9 | .scores.extra = {value:10,weight:-0.24}
  else . end' >forged
ranked forged
validate "$STDOUT"
forged() { jq -c --arg r "$priced" "select(.resource == \$r) | $1" "$STDOUT"; }
expect_equal '"15.00 CNY"' "$(forged '"\(.price.hour.amount) \(.price.hour.currency)"')" price
expect_equal '[15,5]' "$(forged '[.scores.cost.input,.scores.cost.value]')" cost
expect_equal '["extra","network"]' "$(forged .missing)" missing
expect_json '[$all[] | select(.rank) | .scores.total <= 10 and (.scores | has("extra") | not)] | all'
expect_json '[$all[] | select(.resource == "cp:86.3101.42/7F3K9Q2M-JB") | .source.trust == "unsigned"] | all'

it "measures a resource by its code"
expect_measured 0 --count 20 "$here"
expect_json '.valid and (.target | startswith("stamp://127.0.0.1:"))'
expect_measured 0 --count 20 "$served"
expect_json ".target == \"${url##* }\""
expect_status 69 cpprobe ping "$data"
expect_match 'names no stamp:// access' "$STDERR"
expect_status 66 cpprobe ping @nobody/knows
expect_status 65 cpprobe ping cp:0/7F3K-00

it "says so when there is no registry, and ranks on"
export CP_STATE_DIR=$TESTDIR/empty
mkdir -m 700 "$CP_STATE_DIR"
expect_status 0 cpprobe rank offers
expect_match '^cpprobe: ' "$STDERR"
expect_json '[$all[] | select(.resource) | .quality == {"valid":false,"reason":"unresolved"}] | all'
