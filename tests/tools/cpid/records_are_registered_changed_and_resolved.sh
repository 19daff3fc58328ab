#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
expect_status 0 cpid init
minimal='{"schema":"cp.resource/1","kind":"node"}'

it "refuses what is no record, with its place, and keeps nothing"
expect_status 65 cpid register </dev/null
expect_match 'there is no record in the input' "$STDERR"
expect_status 65 cpid register <<<'{"schema":"cp.resource/1","kind":"node",}'
expect_match '^cpid: standard input:1:[0-9]+: malformed JSON' "$STDERR"
expect_status 65 cpid register <<<'{"schema":"cp.resource/1","kind":"a","kind":"b"}'
expect_match '"kind" occurs twice' "$STDERR"
expect_status 65 cpid register <<<'{"schema":"cp.resource/2","kind":"node"}'
expect_match 'cp.resource/2 is of a major version that is not known' "$STDERR"
expect_status 65 cpid register <<<'{"schema":"cp.resource/1","kind":"node","prices":[{"unit":"node-hour"}]}'
expect_match 'standard input:1: prices\[0\].price is missing' "$STDERR"
register_with() { expect_status 65 cpid register <<<"${minimal%\}},$1}"; }
register_with '"prices":[{"unit":"fortnight","price":{"amount":"1","currency":"CNY"}}]'
expect_match "prices\[0\].unit is 'fortnight'" "$STDERR"
register_with '"policy":"demand.nodez < 3"'
expect_match "policy: .*there is no field 'demand.nodez'" "$STDERR"
register_with '"access":[{"role":"launch","url":"javascript:x"}]'
expect_match "access\[0\].url: nothing is launched by 'javascript:'" "$STDERR"
register_with '"access":[{"role":"launch","url":"ssh://-oProxyCommand=x"}]'
expect_match "access\[0\].url: '-oProxyCommand=x' is no host" "$STDERR"
expect_status 64 cpid init --name $'\xff'
expect_match "^cpid: --name: '.xff' is not valid UTF-8" "$STDERR"
expect_status 66 cpid register missing.json
expect_status 0 cpid list
expect_stdout ''
expect_status 0 cpid list --codes
expect_stdout ''

it "goes on after a bad record, reports it in the stream, and ends with its status"
printf '[%s,\n{"schema":"cp.state/1"},\n%s]' "$minimal" "$minimal" >three
expect_status 65 cpid register three
validate "$STDOUT"
expect_json '[$all[].schema] == ["cp.resource/1", "cp.error/1", "cp.resource/1"] and $all[1].item == "three:2"'

it "signs, numbers and dates a record, and keeps what it does not know"
expect_status 0 cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"],"paint":{"colour":1.50}}'
validate "$STDOUT"
expect_json '.seq == 1 and .provider.prefix == "0" and .paint.colour == 1.5 and (.proof.jws | test("^[^.]+\\.\\.[^.]+$"))'
cp "$STDOUT" first
id=$(jq -r .id first)

it "finds it by code in any spelling, and by alias"
for name in "$id" "${id,,}" @lab/a; do
  expect_status 0 cpid resolve "$name"
  expect_stdout "$(cat first)"
done

it "tells apart what is not there"
expect_status 66 cpid resolve @lab/b
expect_match 'nothing here is called @lab/b' "$STDERR"
expect_match 'did you mean @lab/a\?' "$STDERR"
expect_status 66 cpid resolve "$(cpid mint --plain)"
expect_match 'is allocated, but has no record yet' "$STDERR"
expect_status 65 cpid resolve cp:86.3101.42/7F3K9Q2M-JC
expect_status 66 cpid resolve cp:86.3101.42/7F3K9Q2M-JB
expect_match 'no other registry is known' "$STDERR"
expect_status 66 cpid resolve @lab/a @lab/b
expect_json '$all[0].id == "'"$id"'" and $all[1].schema == "cp.error/1"'

it "takes a change of the newest version only"
jq -c '.name = "new"' first >change
expect_status 0 cpid register change
expect_json '.seq == 2 and .name == "new" and .id == "'"$id"'"'
expect_status 77 cpid register change
expect_match 'is at sequence number 2, and the record was made from 1' "$STDERR"
expect_status 0 cpid resolve @lab/a
expect_json '.seq == 2'

it "keeps an alias with one resource"
expect_status 77 cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/a"]}'
expect_match "@lab/a names $id already" "$STDERR"
expect_status 65 cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["a"]}'

it "refuses identifiers of others and such that were never allocated"
expect_status 77 cpid register <<<'{"schema":"cp.resource/1","kind":"node","id":"cp:86.3101.42/7F3K9Q2M-JB"}'
expect_status 77 cpid register <<<'{"schema":"cp.resource/1","kind":"node","provider":{"prefix":"86"}}'

it "completes an alias that would like to be a command"
expect_status 0 cpid register <<<'{"schema":"cp.resource/1","kind":"node","alias":["@lab/$(touch pwned)"]}'
expect_status 0 cpid __complete alias
expect_stdout '@lab/$(touch pwned)
@lab/a'
expect_status 0 cpid resolve '@lab/$(touch pwned)'
expect_status 0 cpid list --table
expect_match '@lab/\$\(touch pwned\)'
expect_status 1 test -e pwned

it "lists every record, and no more than it is asked for"
expect_status 0 cpid list
validate "$STDOUT"
expect_json '($all | length) == 4 and ([$all[].id] | . == sort)'
expect_status 0 cpid list --limit 2 --plain
expect_equal 2 "$(wc -l <"$STDOUT")"
expect_status 0 cpid list --codes
validate "$STDOUT"
expect_json '($all | length) == 5'

it "trusts nothing that was changed behind its back"
need sqlite3
expect_status 0 cpid check --ledger
validate "$STDOUT"
sqlite3 "$CP_STATE_DIR/identity.db" "UPDATE resource SET record = replace(record, '\"name\":\"new\"', '\"name\":\"NEW\"')"
expect_status 77 cpid resolve @lab/a
expect_stderr 'cpid: @lab/a: the signature is wrong'
expect_no_match NEW
expect_status 77 cpid list
expect_json '[$all[] | select(.schema == "cp.resource/1")] | length == 3'
expect_status 1 cpid check --ledger
expect_json '.valid == false and .reason == "broken"'
validate "$STDOUT"
