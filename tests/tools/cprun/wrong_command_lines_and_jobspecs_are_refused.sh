#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

while read -r case; do
  words=${case%% => *}
  it "refuses: cprun $words"
  eval "set -- $words"
  expect_status 64 cprun "$@"
  expect_match "${case#* => }" "$STDERR"
  expect_stdout ''
done <<'CASES'
sumbit => did you mean submit
submit => what is to be run is missing
submit --cpus 0 -- true => --cpus wants at least 1
submit --cpus x -- true => cpus
submit --gpu H100:0 -- true => --gpu
submit --gpu H100:8:9 -- true => fits no part
submit --gpu H100:80GB:8:x -- true => fits no part
submit --gpu '' -- true => --gpu
submit --gpu H100::8 -- true => --gpu
submit --stage-out o:http://host/o -- true => cannot stage out to
submit --stage-out o:cpx://host/o -- true => cannot stage out to
submit --stage-in https://host/o:o -- true => cannot stage in
submit --array 5-1 -- true => FROM-TO
submit --array 1 -- true => FROM-TO
submit --array 0-9%0 -- true => FROM-TO
submit --env =x -- true => no such variable
submit --env NO_SUCH_VARIABLE -- true => no such variable
submit --stage-in data -- true => SRC:PATH
submit --stage-in data:/etc/passwd -- true => leads out
submit --stage-in data:../x -- true => leads out
submit --stage-out data -- true => PATH:DST
submit --after x:sometimes -- true => completed
submit --budget 5 -- true => has no currency
submit --budget -5CNY -- true => is below 0
submit --budget 5CNY/hour -- true => for the whole job
submit --memory 64 -- true => has no unit
submit --max-price 5CNY/week -- true => unit of a price
submit --duration 0 -- true => above 0
submit --on 'a b' -- true => not the URL
submit --offers x --on local: -- true => exclude
submit --on local:x -- true => the provider of this machine is local:
submit --on local://host -- true => the provider of this machine is local:
submit --on '' -- true => not the URL
submit --nodes 9223372036854775807 --processes 9223372036854775807 -- true => more than there are
submit --array 0-999999999 -- true => at most 1000000 elements
submit --hours 1e300 -- true => at most
submit --hours 0 -- true => above 0
submit --hours -1 -- true => is less than 0
submit --retry -1 -- true => not a whole number
submit --retry x -- true => retry
submit --retry-on lots -- true => no such reason
submit --lease 0 -- true => --lease wants
submit --tag x -- true => NAME=VALUE
submit --on => --on needs a value
submit --no-such-flag -- true => no flag --no-such-flag
list --limit -1 => not a whole number
list --state GONE => no such state
list one => one word too many
logs --attempt 0 x => --attempt wants
logs --attempt x y => attempt
status => JOB
usage one => one word too many
agent one => one word too many
usage --by planet => there are provider
wait --timeout x => timeout
cancel => JOB
logs => JOB
CASES

while read -r case; do
  it "refuses the jobspec ${case%% => *}"
  echo "${case%% => *}" >spec.json
  expect_status 65 cprun submit -f spec.json
  expect_match "${case#* => }" "$STDERR"
done <<'CASES'
{"schema":"cp.jobspec/1","executable":"true","argumnets":[]} => unknown field argumnets
{"schema":"cp.jobspec/2","executable":"true"} => spec.json
{"schema":"cp.jobspec/1"} => executable is missing
{"schema":"cp.jobspec/1","executable":"true","resources":{"nodes":0}} => resources.nodes
{"schema":"cp.jobspec/1","executable":"true" => spec.json:1:
{"schema":"cp.demand/1"} => cp.jobspec
{"schema":"cp.jobspec/1","executable":"true","resources":{"nodes":9000000000000000}} => more than there are
{"schema":"cp.jobspec/1","executable":"true","attributes":{"duration_s":1e300}} => at most
{"schema":"cp.jobspec/1","executable":"true","array":{"from":0,"to":9000000}} => elements
{"schema":"cp.jobspec/1","executable":"a\u0000b"} => executable
{"schema":"cp.jobspec/1","executable":"true","arguments":["a\u0000b"]} => arguments
CASES

it "runs a jobspec from a file and from standard input"
cat >spec.json <<'SPEC'
{"schema":"cp.jobspec/1","name":"spec","executable":"sh","arguments":["-c","echo $A $0",{"base64":"//4="}],
 "environment":{"A":"b"},"resources":{"nodes":1,"cores_per_process":1},"tags":{"project":"tests"}}
SPEC
expect_status 0 cprun run -q -f spec.json
expect_stdout "b $(printf '\xff\xfe')"
expect_status 0 cprun run -q -f - <spec.json
expect_status 0 cprun run -q -f spec.json --name other -- echo instead
expect_stdout instead
expect_json '.name == "other"' <(cprun list --limit 1)

it "shows the jobspec and does nothing with --dry-run"
expect_status 0 cprun submit -n --cpus 1 --stage-out a:b -- touch "$PWD/ran"
validate "$STDOUT"
expect_json '.schema == "cp.jobspec/1" and .outputs[0].url == "file:'"$PWD"'/b"'
[ ! -e ran ] || fail "it ran"
expect_equal 0 "$(cprun list --name touch | wc -l)"
