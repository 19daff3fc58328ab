#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
good=cp:86.3101.42/7F3K9Q2M-JB bad=cp:86.3101.42/7F3K9Q2M-JC

it "names what is wrong and ends with 1"
expect_status 1 cpid check $good $bad 86.3101.42/7F3K9Q2M-JB
expect_json '[$all[].reason] == ["wrong_check", "no_scheme", null]'
expect_json '$all[2].summary | .checked == 3 and .valid == 1 and .failed == 2 and .duration_s >= 0'
validate "$STDOUT"

it "says nothing of good ones but their number, unless it is asked"
expect_status 0 cpid check $good
expect_json '($all | length) == 1 and .summary.valid == 1'
expect_status 0 cpid check --all CP:86.3lo1.42/7f3k9q2m-jb
expect_json '.valid and .id == "'$good'" and .input == "CP:86.3lo1.42/7f3k9q2m-jb"'
validate "$STDOUT"

it "suggests what one error could have made into it"
expect_status 1 cpid check --suggest cp:86.3101.42/7F3K9QM2-JB 86.3101.42/7F3K9Q2M-JB hello
expect_json '[$all[].suggestions] == [["'$good'"], ["'$good'"], [], null]'
validate "$STDOUT"
expect_status 1 cpid check --suggest --table $bad
expect_match "$good"

it "suggests what exists before what only could"
expect_status 0 cpid init
expect_status 0 cpid mint --count 2000 --length 4 --plain
sort "$STDOUT" >codes
# A wrong check character: its neighbours of four characters are many, and one of them was allocated.
sed 's/-\(.\).$/-\1Z/' codes | comm -23 - codes >wrong
expect_status 1 cpid check --suggest <wrong
jq -R . codes | jq -s 'map({(.): true}) | add' >allocated
jq -c --slurpfile set allocated 'select(.suggestions) | [.suggestions[] | $set[0][.] // false]' "$STDOUT" >found
expect_equal '' "$(jq -c 'select(index(true) != null and (. != (sort | reverse)))' found)" 'allocated, and not first'
[ "$(jq -c 'select(.[0])' found | wc -l)" -gt 500 ] || fail "few were found again"

it "reads lines, whatever their ends, and counts their numbers"
printf '\n  %s\t\r\n\r\n%s\n%s' $good $bad $good >lines
expect_status 1 cpid check <lines
expect_json '.line == 4 and .input == "'$bad'" and $all[1].summary.checked == 3'

it "reads JSON in any shape, and checks what an offer offers"
printf '"%s"\n{"id":\n"%s"}[]' $good $bad >json
expect_status 1 cpid check --all <json
expect_json '[$all[] | select(.input) | [.line, .valid]] == [[1, true], [2, false]]'
expect_status 0 cpid check --all <<<'[{"id":"'$good'"},{"schema":"cp.offer/1","id":"o-1","resource":"'$good'"}]'
expect_json '[$all[] | select(.input) | .valid] == [true, true]'
expect_status 1 cpid check <<<'{"code":"'$good'"}'
expect_json '.reason == "no_id" and .input == "{\"code\":\"'$good'\"}"'
validate "$STDOUT"

it "reads an array of any length on one line, and lines that come in pieces"
for _ in {1..5000}; do echo "\"$good\""; done | paste -sd, | sed 's/.*/[&]/' >array
expect_status 0 cpid check <array
expect_json '.summary.valid == 5000'
expect_status 1 cpid check < <(for part in ' ' $'\n' cp:86.3101 .42/7F3K9Q2M-J $'B\ncp:'; do printf %s "$part"; done)
expect_json '.line == 3 and $all[1].summary.valid == 1'

it "passes on what another tool could not give"
error='{"schema":"cp.error/1","tool":"cpid","code":"not_found","message":"gone"}'
expect_status 0 cpid check <<<"$error"
expect_json '. == '"$error"' and $all[1].summary.checked == 0'

it "refuses malformed JSON with its place, and gives no summary"
expect_status 65 cpid check <<<'{"id": "'$good'"}
{"id": oops}'
expect_match '^cpid: standard input:2:[0-9]+: malformed JSON' "$STDERR"
expect_no_match summary

it "refuses a line without an end"
head -c 2000000 /dev/zero | tr '\0' 7 >long
expect_status 65 cpid check <long
expect_stderr 'cpid: standard input: a line is longer than 65536 bytes'

it "shows hostile bytes as text"
expect_status 1 cpid check --table $'cp:\e[2J' $'cp:\xff'
expect_match 'cp:\\x1b\[2J'
expect_status 1 cpid check --json $'cp:\xff'
expect_json '.input.base64 == "Y3A6/w=="'
validate "$STDOUT"

it "is quiet for people, too"
expect_status 0 cpid check --table $good
expect_stdout '1 checked, 1 valid, 0 bad'
expect_status 1 cpid check --plain $bad
expect_stdout $bad

it "ends by SIGPIPE when nobody reads on, and with 74 on a full disk"
for _ in {1..100000}; do echo $bad; done >many
set +e
(cpid check <many; echo $? >status) | head -n 1 >/dev/null
set -e
expect_equal 141 "$(cat status)" status
if [ -w /dev/full ]; then
  expect_status 74 sh -c 'cpid check <many >/dev/full'
  expect_match '^cpid: cannot write standard output: no space left on device$' "$STDERR"
fi

it "agrees with the published vectors"
vectors=$CP_SOURCE/tests/data/identifiers.json
jq -r '.valid[] | .id, .also[]' "$vectors" >valid
expect_status 0 cpid check <valid
expect_json '.summary.checked > 100'
jq -c '.invalid[] | .text' "$vectors" >invalid
expect_status 1 cpid check <invalid
jq -r '.invalid[].reason' "$vectors" >wanted
jq -r 'select(has("input")).reason' "$STDOUT" >got
expect_equal "$(cat wanted)" "$(cat got)" reasons
