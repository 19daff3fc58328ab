#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2094,SC2119,SC2120  # words and files of one name; a helper of the harness
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl
new='If-None-Match: *'
token() { as nation cpid token issue --plain --subject u1 --audience 86 "$@"; }
# put CODE FILE [CURL FLAG…]: hands FILE in as the record of CODE
put() {
  local code=$1 file=$2
  shift 2
  get "/v1/id/$(code_path "$code")" -X PUT -H "Authorization: Bearer $TOKEN" --data-binary "@$file" "$@"
}
expect_put() {
  local wanted=$1
  shift
  put "$@"
  expect_equal "$wanted" "$STATUS" "status of $1 ($(head -c 300 "$STDOUT"))"
}
as nation cpid init --prefix 86 >root.json
# East is served by itself, west has nobody but the nation.
declare -A URL_OF=()
for who in east west; do
  prefix=86.1; [ $who = east ] || prefix=86.2
  as $who cpid init --prefix $prefix --parent 86 >$who.request
  as $who cpid trust add --prefix 86 root.json >anchor
  as nation cpid delegate $who.request >answer
  as $who cpid accept answer >accepted
  for i in 1 2 3; do
    as $who cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":'$i'}' >$who.$i
  done
done
CP_STATE_DIR=$TESTDIR/east serve east
URL_OF[east]=$URL/
as nation cpid delegate --registry "$URL/" east.request >answer
as east cpid accept answer >accepted
expect_status 0 as nation cpid sync --allow-net 127.0.0.1
follow() { as nation cpid sync --allow-net 127.0.0.1 "$@"; }
code_of() { jq -r .id "$1"; }

it "refuses limits that are none"
expect_status 64 follow --child-limit records=many
expect_status 64 follow --child-limit 86.01:records=1
CP_CPID_CHILD_LIMITS='rate=5' expect_status 78 follow
expect_status 64 as nation cpid serve --anonymous --listen 127.0.0.1:0 --token-rate 5

it "tells a child that has more than it may, and follows it when it may"
for i in 4 5; do as east cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":'$i'}' >east.$i; done
expect_status 1 follow --child-limit 86.1:records=4
validate "$STDOUT"
expect_json '.status == "limited" and (.problem | test("more than 4 records")) and .records == 4'
expect_status 0 as nation cpid resolve --offline "$(code_of east.4)"
expect_status 66 as nation cpid resolve --offline "$(code_of east.5)"
printf '[cpid]\nchild_limits = ["records=1", "86.1:records=4,bytes=1MB"]\n' >config.toml
expect_status 1 follow --config config.toml
expect_status 0 follow
expect_status 0 as nation cpid resolve --offline "$(code_of east.5)"

it "sends those who hand in what a child's own registries take to these"
CP_STATE_DIR=$TESTDIR/nation serve nation --child-limit 86.2:records=2,bytes=1MB,rate=5/h --token-rate 100/h
TOKEN=$(token --grant register --grant state)
as east cpid mint --plain >code
expect_put 307 "$(cat code)" east.1 -H "$new"
validate "$STDOUT"
expect_json '.schema == "cp.referral/1" and .prefix == "86.1"'
expect_match "^Location: ${URL_OF[east]}v1/id/cp%3A86.1%2F" "$TESTDIR/head"
get "/v1/state/$(code_path "$(code_of east.1)")" -X PUT -H "Authorization: Bearer $TOKEN" --data-binary @east.1
expect_equal 307 "$STATUS"
TOKEN=x expect_put 401 "$(cat code)" east.1 -H "$new"

it "takes from a child without a registry as many records as it may have"
expect_put 201 "$(code_of west.1)" west.1 -H "$new"
expect_put 201 "$(code_of west.2)" west.2 -H "$new"
expect_put 403 "$(code_of west.3)" west.3 -H "$new"
validate "$STDOUT"
expect_json '.message | test("prefix 86.2 has 2 records here")'
expect_http 404 "/v1/id/$(code_path "$(code_of west.3)")"
jq -c '.nodes = 7' west.1 | as west cpid register >west.1b
expect_put 200 "$(code_of west.1)" west.1b -H 'If-Match: "1"'

it "makes one who comes too often wait, and says how long"
put "$(code_of west.3)" west.3 -H "$new"
expect_put 429 "$(code_of west.3)" west.3 -H "$new"
validate "$STDOUT"
expect_match '^Retry-After: [1-9][0-9]*' "$TESTDIR/head"
expect_match 'prefix 86.2 has used up 5/h'

it "bounds the bytes of a child's records, and what comes with one token"
stop_server nation
room=$(($(cat west.1b west.2 west.3 | wc -c) - 20))
CP_STATE_DIR=$TESTDIR/nation serve nation --token-rate 2/h --child-limit 86.2:bytes=$room
expect_put 403 "$(code_of west.3)" west.3 -H "$new"
expect_match 'the records of prefix 86.2 may have no more than'
expect_put 412 "$(code_of west.1)" west.1 -H "$new"
expect_put 429 "$(code_of west.1)" west.1 -H "$new"
expect_match 'token 86 .* has used up 2/h'

it "keeps to the bytes and the rate that a token grants"
for i in 1 2 3; do
  jq -nc --arg id "$(as nation cpid mint --plain)" '{schema: "cp.resource/1", id: $id, seq: 1, kind: "node",
    issued: "2026-01-01T00:00:00Z", valid_until: "2099-01-01T00:00:00Z"}' | as nation cpid sign >own.$i
done
TOKEN=$(token --grant register:bytes="$(($(cat own.1 own.2 | wc -c) - 1))")
expect_put 201 "$(code_of own.1)" own.1 -H "$new"
expect_put 403 "$(code_of own.2)" own.2 -H "$new"
expect_match 'quota'
TOKEN=$(token --grant register:per_hour=1)
expect_put 201 "$(code_of own.2)" own.2 -H "$new"
expect_put 429 "$(code_of own.3)" own.3 -H "$new"
expect_match 'has used up 1/h'
