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
submit --max-price 5CNY/week -- true => unit of a price
submit --duration 0 -- true => above 0
submit --on 'a b' -- true => not the URL
submit --offers x --on local: -- true => exclude
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
