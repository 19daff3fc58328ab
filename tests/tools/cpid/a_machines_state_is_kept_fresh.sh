#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl
as root cpid init --prefix 86 >root.json
as lab cpid init --prefix 86.7 --parent 86 >request.json
as root cpid delegate request.json --label lab >answer.json
as lab cpid trust add --prefix 86 root.json >anchor
as lab cpid accept answer.json >accepted
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"]}' >record.json
code=$(jq -r .id record.json)

it "refuses what is not its own, and a pause that is none"
expect_status 66 as lab cpid publish --count 1 cp:86.3101.42/7F3K9Q2M-JB
expect_status 64 as lab cpid publish --every 1ms --count 1 @lab/a
expect_status 64 as lab cpid publish --count 1 --registry http://127.0.0.1:1/ @lab/a

it "signs what it sees, with numbers that only rise, and lets it age"
expect_status 0 as lab cpid publish --every 100ms --count 3 @lab/a
validate "$STDOUT"
expect_json '($all | length) == 3 and $all[0].id == "'"$code"'" and $all[0].seq < $all[1].seq and $all[1].seq < $all[2].seq'
cp "$STDOUT" states
as reader cpid trust add --prefix 86 root.json >anchor
expect_status 0 as reader cpid verify answer.json states
expect_status 0 as lab cpid publish --every 1m --count 1 @lab/a
expect_json '.valid_for_s >= 180 and .seq > '"$(tail -n1 states | jq .seq)"

it "is given out by the registry here"
CP_STATE_DIR=$TESTDIR/lab serve here
expect_http 200 "/v1/state/$(code_path "$code")"
cp "$STDOUT" served
expect_status 0 as reader cpid verify served

it "says each time that a registry does not take it, and goes on"
echo 'nonsense' >bad.token
chmod 600 bad.token
expect_status 78 as lab cpid publish --count 1 --registry "$URL" --token bad.token @lab/a
expect_match 'bad.token holds no token' "$STDERR"
echo 'YQ.YQ.YQ' >bad.token
expect_status 77 as lab cpid publish --every 100ms --count 2 --registry "$URL" --token bad.token @lab/a
expect_equal 2 "$(grep -c '(401)' "$STDERR")"
expect_json '[$all[].schema] | map(select(. == "cp.state/1")) | length == 2'

it "reaches a registry above, with a token of that one"
expect_status 0 as root cpid sync --allow-net 127.0.0.1 "$URL"
as root cpid token issue "$TESTDIR/state.token" --subject lab --audience 86 --grant state:prefix=86.7 >issued
CP_STATE_DIR=$TESTDIR/root serve above
expect_http 404 "/v1/state/$(code_path "$code")"
expect_status 0 as lab cpid publish --count 1 --registry "$URL" --token "$TESTDIR/state.token" @lab/a
jq -S . "$STDOUT" >published
expect_http 200 "/v1/state/$(code_path "$code")"
expect_equal "$(cat published)" "$(jq -S . "$STDOUT")"
as root cpid token revoke "$(jq -r .jti issued)" >head.json
expect_status 77 as lab cpid publish --count 1 --registry "$URL" --token "$TESTDIR/state.token" @lab/a
expect_match 'revoked' "$STDERR"

it "goes on with the keys that its authority has by then"
CP_STATE_DIR=$TESTDIR/lab start_server rekeyed cpid publish --every 100ms @lab/a
wait_line rekeyed 'cp.state' >first
as lab cpid rekey --for state --overlap 0s >new.request
as root cpid delegate new.request >new.answer
as lab cpid accept new.answer >accepted
wait_until eval '[ "$(jq -r .proof.key "$TESTDIR/rekeyed.out" | sort -u | wc -l)" = 2 ]'
kill -0 "${SERVERS[rekeyed]}" || fail "it ended: $(cat "$TESTDIR/rekeyed.err")"
stop_server rekeyed TERM
expect_equal 0 "$STATUS"

it "waits for a store that another one holds"
hold_store lab
CP_STATE_DIR=$TESTDIR/lab start_server patient cpid publish --every 100ms @lab/a
for _ in {1..300}; do grep -q 'another process holds' "$TESTDIR/patient.err" && break; sleep 0.05; done
expect_match 'another process holds the store' "$TESTDIR/patient.err"
let_store_go
wait_line patient 'cp.state' >first
stop_server patient TERM

it "ends when its resource does"
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/b"]}' >other.json
CP_STATE_DIR=$TESTDIR/lab start_server ending cpid publish --every 100ms @lab/b
wait_line ending 'cp.state' >first
as lab cpid tombstone --why scrapped "$(jq -r .id other.json)" >gone
for _ in {1..200}; do kill -0 "${SERVERS[ending]}" 2>/dev/null || break; sleep 0.05; done
stop_server ending TERM
expect_equal 66 "$STATUS" "$(cat "$TESTDIR/ending.err")"

it "ends quietly when it is told to"
CP_STATE_DIR=$TESTDIR/lab start_server fresh cpid publish --every 100ms @lab/a
wait_line fresh 'cp.state' >first
stop_server fresh TERM
expect_equal 0 "$STATUS"
