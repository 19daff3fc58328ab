#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Registries whose feeds hold what does not hold any more, and a reader who follows them afresh.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
node() { echo '{"schema":"cp.resource/1","kind":"node","nodes":'"$1"'}'; }

it "follows a registry that has revoked a key, and takes what the new key signed"
as lab cpid init --prefix 77 >root.json
as lab cpid register <<<"$(node 1)" >one.json
as lab cpid register <<<"$(node 2)" >two.json
key=$(jq -r .proof.key one.json)
as lab cpid rekey --for record --overlap 1d >delegation.json
as lab cpid register one.json >one2.json
as lab cpid revoke --why lost -- "$key" >head.json
CP_STATE_DIR=$TESTDIR/lab serve lab
as reader cpid trust add --prefix 77 root.json >anchor
expect_status 0 as reader cpid sync "$URL/"
validate "$STDOUT"
expect_json '.status == "complete" and .records == 1 and .refused == 1 and .problem == null'
expect_json '.refusals | length == 1 and .[0].subject == "'"$(jq -r .id two.json)"'" and .[0].reason == "revoked"'
expect_match "$(jq -r .id two.json): its key $key was revoked by prefix 77: lost \(revoked\)" "$STDERR"
expect_status 0 as reader cpid resolve --offline "$(jq -r .id one.json)"
expect_json '.seq == 2'
expect_status 66 as reader cpid resolve --offline "$(jq -r .id two.json)"
expect_status 0 as reader cpid sync "$URL/"
expect_json '.status == "complete" and .refused == 1 and .refusals == null'
stop_server lab

it "follows a registry whose leave to delegate was taken away"
as nation cpid init --prefix 86 --name Nation >nation.json
as region cpid init --prefix 86.1 --parent 86 >request
as nation cpid delegate --label region --may-delegate --max-depth 2 request >answer
as region cpid trust add --prefix 86 nation.json >anchor
as region cpid accept answer >accepted
as plant cpid init --prefix 86.1.1 --parent 86.1 >plant.request
as region cpid delegate --label plant plant.request >plant.answer
as region cpid register <<<"$(node 3)" >three.json
as nation cpid delegate --max-depth 0 request >answer
as region cpid accept answer >accepted
as region cpid register <<<"$(node 4)" >four.json
CP_STATE_DIR=$TESTDIR/region serve region
as reader cpid trust add --prefix 86 nation.json >anchor
expect_status 0 as reader cpid sync "$URL/"
validate "$STDOUT"
expect_json '.status == "complete" and .records == 2 and .refused == 1'
expect_json '.refusals[0].subject == "86.1.1" and .refusals[0].reason == "may_not_delegate"'
expect_status 0 as reader cpid resolve --offline "$(jq -r .id four.json)"
stop_server region

it "follows a registry whose record went to an owner who was not known here"
as nation cpid delegate --may-delegate --max-depth 2 request >answer
as region cpid accept answer >accepted
CP_STATE_DIR=$TESTDIR/region serve region
region=$URL
as east cpid init --prefix 86.2 --parent 86 >east.request
as nation cpid delegate --label east east.request >east.answer
as east cpid trust add --prefix 86 nation.json >anchor
as east cpid accept east.answer >accepted
CP_STATE_DIR=$TESTDIR/east serve east
as nation cpid delegate --registry "$URL/" east.request >east.answer
as east cpid accept east.answer >accepted
old=$(as region cpid register --plain <<<"$(node 5)")
new=$(as east cpid register --plain <<<"$(node 6)")
as region cpid move "$old" "$new" >half.json
as east cpid sign --add half.json >full.json
as east cpid bundle "$new" >chain.json
cat chain.json full.json >whole.json
expect_status 0 as region cpid move whole.json
expect_status 0 as reader cpid sync "$region/"
validate "$STDOUT"
expect_json '.status == "complete" and .problem == null and .records == 3'
as stranger cpid trust add --prefix 86 nation.json >anchor
for who in reader stranger; do
  expect_status 0 as $who cpid resolve --registry "$region/" --registry "$URL/" "$old"
  expect_json '.id == "'"$new"'" and .nodes == 6'
done
