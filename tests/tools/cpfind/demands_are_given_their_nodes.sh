#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpfind/finding.sh"

# resource NAME NODES PRICE [MEMBERS]: a resource of eight H100 a node, by the node-hour.
resource() {
  jq -cn --arg name "$1" --argjson nodes "$2" --arg price "$3" --argjson more "${4:-{\}}" '{schema: "cp.resource/1",
    name: $name, kind: "partition", provider: {name: "site"}, nodes: $nodes, node: {cpu: {cores: 64},
    memory_bytes: 1e12, accelerators: [{vendor: "nvidia", model: "H100-SXM-80GB", count: 8,
    memory_bytes: 85899345920}]}, prices: [{terms: "on-demand", unit: "node-hour",
    price: {amount: $price, currency: "CNY"}}]} + $more'
}
demand() { jq -cn --arg name "$1" --argjson more "${2:-{\}}" '{schema: "cp.demand/1", name: $name} + $more'; }
got() { jq -rn '[inputs | select(.schema == "cp.assignment/1") |
  .demand + "=" + (if .pieces then [.pieces[] | .name + ":" + (.nodes | tostring)] | join("+") else .reason end)]
  | join(" ")' "$STDOUT"; }

{ resource cheap 1 80.00; resource dear 2 120.00; resource dear-too 2 120.00; } >there.ndjson

it "serves all at the least cost, and says where and for how much"
{ demand a '{"duration_s": 7200}'; demand b; demand c '{"gpu": {"models": ["H100"], "count": 8}}'; } >wanted.ndjson
expect_status 0 cpfind assign -r there.ndjson wanted.ndjson
validate "$STDOUT"
expect_equal 'cheap dear dear' "$(jq -rs 'map(.pieces // [] | .[].name) | sort | join(" ")' "$STDOUT")"
expect_json '$all[3] | .schema == "cp.answer/1" and .matched == 3 and .demands == 3 and .classes == 2 and .resources == 3
  and .price.hour == {amount: "320.00", currency: "CNY"}'
expect_json '$all[0] | .price.job.amount == (if .pieces[0].name == "cheap" then "160.00" else "240.00" end)'
cp "$STDOUT" first
expect_status 0 cpfind assign -r there.ndjson wanted.ndjson
cmp "$STDOUT" first

it "keeps the nodes of one demand together where there is room"
demand big '{"nodes": 2}' >wanted.ndjson
expect_status 0 cpfind assign -r there.ndjson wanted.ndjson --json
expect_match '"nodes":2'
{ resource x 1 5.00; resource y 1 5.00; resource z 2 5.00; } >pools.ndjson
expect_status 0 cpfind assign -r pools.ndjson wanted.ndjson
expect_equal 'big=z:2' "$(got)"

it "serves the highest priority when not all can be, unless it is told not to look"
for n in 1 2 3 4 5 6; do demand "low$n"; done >wanted.ndjson
demand high '{"priority": 5}' >>wanted.ndjson
expect_status 1 cpfind assign -r there.ndjson wanted.ndjson
validate "$STDOUT"
expect_match '"demand":"high",.*"pieces"'
expect_json '[$all[] | select(.reason == "no_capacity")] | length == 2'
{ demand low '{"max_price": {"amount": "90", "currency": "CNY", "per": "hour"}}'
  demand high '{"priority": 5}'; } >wanted.ndjson
resource one 1 80.00 >one.ndjson
expect_status 1 cpfind assign -r one.ndjson wanted.ndjson
expect_equal 'low=no_capacity high=one:1' "$(got)"

it "gives each owner his share before any other's surplus"
for n in 1 2 3 4; do demand "a$n" '{"owner": "a", "priority": 9}'; done >wanted.ndjson
for n in 1 2 3 4; do demand "b$n" '{"owner": "b"}'; done >>wanted.ndjson
resource all 4 10.00 >all.ndjson
expect_status 1 cpfind assign -r all.ndjson wanted.ndjson
expect_equal 4 "$(jq -r 'select(.pieces) | .demand' "$STDOUT" | grep -c '^a')"
expect_status 1 cpfind assign -r all.ndjson wanted.ndjson --share a=3 --share b=1
expect_equal 3 "$(jq -r 'select(.pieces) | .demand' "$STDOUT" | grep -c '^a')"
expect_equal 1 "$(jq -r 'select(.pieces) | .demand' "$STDOUT" | grep -c '^b')"

it "says why somebody got nothing"
{ demand amd '{"gpu": {"vendor": "amd"}}'
  demand poor '{"max_price": {"amount": "1", "currency": "CNY", "per": "card-hour"}}'
  demand large '{"nodes": 9}'
  demand off '{"where": "region = nowhere"}'; } >wanted.ndjson
expect_status 1 cpfind assign -r there.ndjson wanted.ndjson
validate "$STDOUT"
expect_equal 'amd=no_match poor=too_dear large=not_whole off=no_match' "$(got)"

it "hears the resource's policy, and conditions of the demand's own"
resource shy 1 1.00 '{"policy": "demand.nodes >= 2", "place": {"region": "cn-sh"}}' >shy.ndjson
demand small >wanted.ndjson
expect_status 1 cpfind assign -r shy.ndjson wanted.ndjson
expect_equal 'small=no_match' "$(got)"
resource open 1 1.00 '{"place": {"region": "cn-sh"}}' >open.ndjson
demand near '{"where": "region like \"cn-*\" and gpu.memory >= 80GB"}' >wanted.ndjson
expect_status 0 cpfind assign -r open.ndjson wanted.ndjson
expect_equal 'near=open:1' "$(got)"

it "judges the same words anew for each demand that they read"
{ resource a 1 80.00 '{"node": {"cpu": {"cores": 16}}}'; } >sixteen.ndjson
{ demand small '{"cores": 8, "where": "cores > demand.cpus"}'
  demand large '{"cores": 16, "where": "cores > demand.cpus"}'; } >wanted.ndjson
expect_status 1 cpfind assign -r sixteen.ndjson wanted.ndjson
expect_equal 'small=a:1 large=no_match' "$(got)"
{ demand large '{"cores": 16, "where": "cores > demand.cpus"}'
  demand small '{"cores": 8, "where": "cores > demand.cpus"}'; } >wanted.ndjson
expect_status 1 cpfind assign -r sixteen.ndjson wanted.ndjson
expect_equal 'large=no_match small=a:1' "$(got)"

it "lets a policy read what its own resource is called and has"
resource named 4 1.00 '{"policy": "demand.nodes <= nodes and name = named"}' >named.ndjson
demand fits '{"nodes": 4}' >wanted.ndjson
expect_status 0 cpfind assign -r named.ndjson wanted.ndjson
expect_equal 'fits=named:4' "$(got)"

it "takes offers through a pipe, and what is busy gives nothing"
catalog site.ndjson
cpfind import -q site.ndjson >out
demand a '{"gpu": {"models": ["A100"], "count": 8}}' >wanted.ndjson
cpfind --limit 0 >offers
RAN='cpfind assign -r -' STATUS=0
cpfind assign -r - wanted.ndjson <offers >"$STDOUT" 2>"$STDERR" || STATUS=$?
expect_equal 0 "$STATUS"
expect_equal 'a=a100-pool:1' "$(got)"
expect_json '.price.hour == {amount: "68.80", currency: "CNY"}'
jq -c 'if .name == "a100-pool" then .availability.verdict = "busy" else . end' offers >busy
expect_status 1 cpfind assign -r busy wanted.ndjson
expect_equal 'a=no_capacity' "$(got)"

it "refuses what is wrong in one line"
expect_status 64 cpfind assign wanted.ndjson
expect_status 64 cpfind assign -r - </dev/null
expect_status 64 cpfind assign -r there.ndjson --share physics wanted.ndjson
echo '{"schema":"cp.demand/1","nodes":0}' >bad
expect_status 65 cpfind assign -r there.ndjson bad
for odd in '"nodes":1e9' '"duration_s":1e300' '"priority":1e300' '"cores":-1' '"gpu":{"count":1e17}' \
  '"max_price":{"amount":"nan","currency":"CNY","per":"hour"}' '"where":"name = x"' '"where":"(((("' \
  '"gpu":"H100"' '"gpu":{"models":"H100"}' '"gpu":{"vendor":7}' '"where":5' '"owner":5' '"trust":["x"]'; do
  echo "{\"schema\":\"cp.demand/1\",$odd}" >bad
  STATUS=0
  cpfind assign -r there.ndjson bad >"$STDOUT" 2>"$STDERR" || STATUS=$?
  [[ $STATUS == 6[45] ]] || fail "$odd gives $STATUS"
  [ "$(wc -l <"$STDERR")" -eq 1 ] || fail "$odd is told in $(wc -l <"$STDERR") lines"
done
for odd in '"nodes":9007199254740991' '"prices":[{"unit":"card-hour","price":{"amount":"9000000000","currency":"CNY"}}]'; do
  for _ in {1..40}; do
    echo "{\"schema\":\"cp.resource/1\",\"name\":\"odd\",\"node\":{\"accelerators\":[{\"model\":\"H100\",\"count\":8}]},$odd}"
  done >odd.ndjson
  demand plain '{"duration_s": 1e10}' >wanted.ndjson
  expect_status 0 cpfind assign -r odd.ndjson wanted.ndjson
  validate "$STDOUT"
done
echo '{"schema":"cp.demand/1","where":"price.hour < 3CNY"}' >bad
expect_status 65 cpfind assign -r there.ndjson bad
expect_match 'max_price' "$STDERR"
echo '{"schema":"cp.demand/1"}' >bad
expect_status 65 cpfind assign -r bad wanted.ndjson
expect_match '^cpfind: bad, line 1: ' "$STDERR"
