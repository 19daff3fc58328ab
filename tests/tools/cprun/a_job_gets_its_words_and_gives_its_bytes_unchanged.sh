#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "hands over every argument as it is"
words=('' '[x,y]' '{a}' -n --help '%%' $'\n' $'\xff\xfe' 'a b' "it's" '"' '\x' '*' '$HOME' -- --json -q)
printf '%s\0' "${words[@]}" >wanted
cprun run -q -- printf '%s\0' "${words[@]}" >got
cmp wanted got
cprun run -q printf '%s\0' "${words[@]}" >got
cmp wanted got

it "hands over the environment as it is, and what is set for the job"
export WEIRD=$'a=b\n\xff'
expect_equal "$WEIRD|set|" "$(cprun run -q --env ADDED=set --env EMPTY= -- sh -c 'printf "%s|%s|%s" "$WEIRD" "$ADDED" "$EMPTY"')"
expect_equal unset "$(cprun run -q --clean-env -- sh -c 'echo ${WEIRD-unset}')"
expect_match '^j-' <(cprun run -q -- sh -c 'echo $CP_JOB_ID')

it "gives output back byte for byte"
head -c 10000000 /dev/urandom >random
cprun run -q --stdin random -- cat >got
cmp random got
expect_equal "no newline" "$(cprun run -q -- printf 'no newline')"
printf 'a\0b' >wanted
cprun run -q -- printf 'a\0b' >got
cmp wanted got

it "keeps standard output and standard error apart"
expect_status 0 cprun run -q -- sh -c 'echo out; echo err >&2'
expect_stdout out
expect_stderr err

it "says its states on standard error, and nothing else on standard output"
expect_status 0 cprun run -- echo out
expect_stdout out
expect_match '^cprun: j-[0-9A-Z]{26} QUEUED$' "$STDERR"
expect_match '^cprun: j-[0-9A-Z]{26} ACTIVE on local:$' "$STDERR"
expect_match '^cprun: j-[0-9A-Z]{26} COMPLETED with exit code 0 after ' "$STDERR"

it "keeps the output in the logs when standard output carries the record"
expect_status 3 cprun run -q --json -- sh -c 'echo out; echo err >&2; exit 3'
validate "$STDOUT"
expect_json '.schema == "cp.job/1" and .state == "FAILED" and .exit_code == 3 and .reason == "user_error"'
expect_json '.attempts[0].token | startswith("cp-")'
id=$(jq -r .id "$STDOUT")
expect_status 0 cprun logs "$id"
expect_stdout out
expect_stderr err
expect_status 0 cprun logs --err "$id"
expect_stdout ''

it "writes the record to a file"
expect_status 0 cprun run -q --record record.json -- true
validate record.json
expect_json '.state == "COMPLETED" and .attempts[0].guarantee == "exactly-once"' record.json

it "ends quietly when nobody reads any more, and the job with it"
(cprun run -q --name endless -- yes || true) | head -n 1 >got
expect_equal y "$(cat got)"
expect_status 0 cprun list --name endless
expect_json '.state == "CANCELED"'
