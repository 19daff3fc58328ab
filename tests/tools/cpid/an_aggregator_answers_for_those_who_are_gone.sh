#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A nation follows a region and a laboratory below that; whoever knows nothing but the nation's key and URL finds
# what the laboratory has, proves it, and does so when the other two are gone.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
declare -A URL_OF=()
serve_state() { # NAME
  CP_STATE_DIR=$TESTDIR/$1 serve "$1"
  URL_OF[$1]=$URL/
}
adopt() { # PARENT CHILD PREFIX FLAG…
  as "$2" cpid trust add --prefix 86 root.json >anchor
  as "$1" cpid delegate --registry "${URL_OF[$2]:-http://127.0.0.1:9/}" --label "$2" "${@:4}" "$2.request" >answer
  as "$2" cpid accept answer >accepted
}
newcomer() { # NAME COMMAND…
  as "$1" cpid trust add --prefix 86 root.json >anchor
  as "$1" "${@:2}"
}
ask() { newcomer "$1" cpid resolve --timeout 2s --registry "${URL_OF[nation]}" --allow-net 127.0.0.1 "${@:2}"; }

as nation cpid init --prefix 86 >root.json
as region cpid init --prefix 86.1 --parent 86 >region.request
as lab cpid init --prefix 86.1.5 --parent 86.1 >lab.request
adopt nation region 86.1 --may-delegate --max-depth 1
adopt region lab 86.1.5
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":3,"alias":["@lab/a"]}' >record
serve_state nation
serve_state region
serve_state lab
adopt nation region 86.1 --may-delegate --max-depth 1
adopt region lab 86.1.5
code=$(jq -r .id record)

it "finds it by referral before anybody has followed anybody"
expect_status 0 ask early "$code"
expect_equal "$(jq -cS . record)" "$(jq -cS . "$STDOUT")"

it "proves what the nation has gathered of the third level"
expect_status 0 as nation cpid sync --allow-net 127.0.0.1
expect_equal 'complete complete' "$(jq -r .status "$STDOUT" | xargs)"
URL=${URL_OF[nation]%/}
expect_http 200 /v1/chain/86.1.5
validate "$STDOUT"
expect_json '[.delegations[].prefix] == ["86", "86.1", "86.1.5"]'
cp "$STDOUT" chain
expect_status 0 newcomer chained cpid verify <chain
expect_json '[$all[] | select(.verdict == "verified" and .document == "cp.delegation/1").input] == ["86", "86.1", "86.1.5"]'
expect_http 404 /v1/chain/86.1.6
expect_http 400 /v1/chain/86.01
for wanted in "$code" @lab/a; do
  expect_status 0 ask "late-${wanted:0:2}" "$wanted"
  expect_equal "$(jq -cS . record)" "$(jq -cS . "$STDOUT")"
done

it "gives a dump that proves all that is in it"
expect_http 200 /v1/dump
cp "$STDOUT" dump
expect_status 0 newcomer offline cpid verify <dump
expect_json 'any($all[]; .input == "'"$code"'" and .verdict == "verified")'

it "does so when region and laboratory are gone"
stop_server region KILL
stop_server lab KILL
for wanted in "$code" @lab/a; do
  expect_status 0 ask "alone-${wanted:0:2}" "$wanted"
  expect_equal "$(jq -cS . record)" "$(jq -cS . "$STDOUT")"
done
