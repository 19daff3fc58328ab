#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A root that has changed its keys several times, and readers who have pinned one or another.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
as root cpid init --prefix 86 >root1.json
as lab cpid init --prefix 86.7 --parent 86 >request.json
as root cpid delegate request.json --label lab --valid-for 365d >answer.json
as lab cpid trust add --prefix 86 root1.json >anchor
as lab cpid accept answer.json >accepted
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"]}' >record.json
as root cpid rekey --overlap 0 >root2.json
as root cpid rekey --for delegate --overlap 30d >root3.json
newest=$(jq -r '.proof[1].key' root3.json)

it "prints what children need when all of their delegations are renewed"
expect_status 0 as root cpid delegate --renew
validate "$STDOUT"
expect_json '[$all[] | "\(.prefix) \(.seq)"] == ["86 1", "86 2", "86 3", "86.7 2"]'
cp "$STDOUT" renewed.json
expect_status 0 as lab cpid accept renewed.json
expect_json '.seq == 2 and .prefix == "86.7"'
expect_equal "$newest" "$(as lab cpid trust list --plain)"
expect_status 77 as root cpid accept root2.json
expect_match 'a newer one has taken its place' "$STDERR"
for who in root lab; do as $who cpid head >head.json; done

it "leads by a bundle from any key to the newest"
as root cpid bundle >bundle.json
as lab cpid bundle >lab.json
for pinned in 1 2 3; do
  for bundle in bundle lab; do
    who=$bundle$pinned
    expect_status 0 as $who cpid trust add --prefix 86 root$pinned.json
    validate "$STDOUT"
    expect_json '.thumbprint == "'"$(jq -r '.proof | if type == "array" then .[1].key else .key end' root$pinned.json)"'"'
    expect_status 0 as $who cpid verify $bundle.json
    validate "$STDOUT"
    expect_json '[$all[] | select(.document == "cp.delegation/1" and .input == "86") | .valid] == [true, true, true]'
    expect_equal "$newest" "$(as $who cpid trust list --plain)"
  done
done
expect_status 0 as lab1 cpid verify record.json
key=$(jq -r '.keys[] | select(.for | index("delegate")) | .x' root1.json)
expect_status 0 as bare cpid trust add --prefix 86 -- "$key"
expect_status 0 as bare cpid verify bundle.json lab.json
expect_equal "$newest" "$(as bare cpid trust list --plain)"

it "leads by a registry from any key to the newest, the root's or a child's"
for who in root lab; do
  CP_STATE_DIR=$TESTDIR/$who serve $who
  expect_http 200 /v1/bootstrap
  validate "$STDOUT"
  expect_json '[.delegations[] | select(.prefix == "86") | .seq] == [1, 2, 3]'
  expect_http 200 /v1/dump
  expect_json '[$all[] | select(.schema == "cp.delegation/1" and .prefix == "86") | .seq] == [1, 2, 3]'
  for pinned in 1 2 3; do
    reader=$who$pinned-reader
    as $reader cpid trust add --prefix 86 root$pinned.json >anchor
    for round in first again; do
      expect_status 0 as $reader cpid sync "$URL/"
      expect_json '.status == "complete" and .problem == null and .refused == 0'
      expect_equal "$newest" "$(as $reader cpid trust list --plain)" "$round"
    done
  done
  stop_server $who
done
expect_status 0 as lab1-reader cpid resolve --offline @lab/a

it "keeps each of its own delegations in the feed, beside the entry that has its digest"
CP_STATE_DIR=$TESTDIR/root serve root
expect_http 200 '/v1/feed?since=0'
validate "$STDOUT"
expect_json '[$all[] | select(.kind == "rekey") | .document.seq] == [2, 3]'
stop_server root

it "follows a root to its next name, registry and end"
expect_status 64 as root cpid renew
expect_status 64 as lab cpid renew --valid-for 10d
expect_match 'the level and the end of prefix 86.7 are for prefix 86 to give' "$STDERR"
expect_status 0 as root cpid renew --name 'The root' --level industry --registry https://new.example/ --valid-for 3650d
validate "$STDOUT"
expect_json '.seq == 4 and .name == "The root" and .level == "industry" and .registries == ["https://new.example/"] and .not_after'
cp "$STDOUT" root4.json
expect_equal "$newest" "$(jq -r .proof.key root4.json)"
expect_status 0 as lab3 cpid verify root4.json
expect_status 0 as root cpid check --ledger
CP_STATE_DIR=$TESTDIR/root serve root
expect_http 200 /v1/bootstrap
expect_json '[.delegations[] | select(.prefix == "86") | .seq] == [1, 2, 3, 4]'
expect_http 200 '/v1/feed?since=0'
expect_json '[$all[] | select(.kind == "accept") | .document.name] == ["The root"]'
expect_status 0 as root2-reader cpid sync "$URL/"
expect_json '.status == "complete" and .problem == null'
stop_server root
expect_status 0 as root cpid renew --prepare --name 'Signed elsewhere'
cpid sign --key "$TESTDIR/root/keys/$newest.pem" "$STDOUT" >root5.json
expect_status 0 as root cpid accept root5.json
expect_json '.seq == 5 and .name == "Signed elsewhere" and .level == "industry"'
as lab cpid renew --registry https://lab.example/ >request3.json
expect_status 0 as root cpid delegate request3.json
expect_json '$all[-1] | .seq == 3 and .registries == ["https://lab.example/"] and .label == "lab"'

it "pins no key from a delegation that its newest key has not signed, nor one that was changed"
jq -c '.proof |= [.[1], .[0]]' root2.json >turned.json
expect_status 77 as turned cpid trust add --prefix 86 turned.json
jq -c '.name = "Other"' root2.json >changed.json
expect_status 77 as turned cpid trust add --prefix 86 changed.json
expect_status 77 as turned cpid trust add --prefix 85 root2.json
expect_equal '' "$(as turned cpid trust list)"
