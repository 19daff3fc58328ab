#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/cprun/registered.sh"

it "runs nothing on a stream that does not end with its answer"
offer >cut.json
expect_status 125 cprun run -q --offers cut.json -- touch "$PWD/ran"
expect_match 'cp\.answer' "$STDERR"
expect_status 125 cprun run -q --offers - -- touch "$PWD/ran" <cut.json
answer >empty.json
expect_status 125 cprun run -q --offers empty.json -- touch "$PWD/ran"
expect_match 'no offer' "$STDERR"
echo '{"schema":"cp.offer/1"' >broken.json
expect_status 125 cprun run -q --offers broken.json -- touch "$PWD/ran"
[ ! -e ran ] || fail "it ran"
expect_status 0 cprun run -q --allow-partial --offers cut.json -- true

it "takes the resource, the limit and the price from what it has verified"
{ offer '.price.hour.amount = "0.01" | .access[0].workdir = "/tmp/lie"'; answer; } >offers.json
expect_status 0 cprun run -q --offers - --record record.json -- sleep 0.01 <offers.json
validate record.json
expect_json ".attempts[0] | .resource == \"$MACHINE\" and .url == \"local:\" and .time_limit_s == 60 and .price.price.amount == \"3.60\"" record.json
expect_json ".attempts[0].workdir == \"$TESTDIR/scratch\"" record.json
expect_json '.usage.cost == {amount: "0.001", currency: "CNY"}' record.json

it "tells of each offer that it does not use, and why, and uses the next"
{
  offer '.resource = "cp:0/0000-00" | .name = "no code"'
  offer 'del(.resource) | .name = "no resource" | .source.trust = "verified"'
  offer '.units.cores = 0'
  offer
  answer
} >offers.json
expect_status 0 cprun run -q --offers offers.json -- true
expect_equal 3 "$(grep -c 'is not used' "$STDERR")"
expect_match 'no resource is not used: it names no resource' "$STDERR"
expect_match "$MACHINE is not used: it offers 0 cores, and the job wants 1" "$STDERR"

it "does not follow a URL of the offer to this machine or another"
{ offer 'del(.resource) | .access = [{role: "launch", url: "exec:evil"}, {role: "launch", url: "local:"}]'; answer; } >offers.json
expect_status 125 cprun run -q --offers offers.json -- touch "$PWD/ran"
expect_match 'none of the 1 offers can be used' "$STDERR"

it "runs nowhere when it wants more than was offered"
{ offer; answer; } >offers.json
expect_status 125 cprun run -q --offers offers.json --cpus 2 -- touch "$PWD/ran"
expect_match 'it offers 1 cores, and the job wants 2' "$STDERR"
[ ! -e ran ] || fail "it ran"

it "finds a resource by its code"
expect_status 0 cprun run -q --on "$MACHINE" --record record.json -- true
expect_json ".attempts[0].resource == \"$MACHINE\"" record.json
expect_status 125 cprun run -q --on cp:0/0000-00 -- true
expect_status 125 cprun run -q --on @nobody/nothing -- true

it "sums up by provider and month"
expect_status 0 cprun usage
validate "$STDOUT"
expect_json '.by.provider == "0" and .cost.currency == "CNY"'
