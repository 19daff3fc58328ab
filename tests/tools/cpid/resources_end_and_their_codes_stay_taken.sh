#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl
register() { cpid register --plain <<<'{"schema":"cp.resource/1","kind":"node","alias":["'"$1"'"]}'; }
cpid init >/dev/null

it "ends a resource for good, and says so"
id=$(register @lab/a)
expect_status 66 cpid tombstone @lab/none
expect_status 0 cpid tombstone @lab/a --why 'switched off'
validate "$STDOUT"
expect_json '.id == "'"$id"'" and .seq == 2 and .ended.how == "tombstone" and .ended.why == "switched off"'
for name in "$id" @lab/a; do
  expect_status 66 cpid resolve "$name"
  expect_match "$id is no more: tombstone: switched off" "$STDERR"
done
expect_status 0 cpid list
expect_stdout ''
expect_status 77 cpid tombstone "$id"
expect_status 77 cpid alias "$id" @lab/b
expect_status 77 cpid register <<<'{"schema":"cp.resource/1","kind":"node","id":"'"$id"'"}'
expect_match "$id is no more" "$STDERR"
expect_status 0 cpid list --codes --plain
expect_stdout "$id"

it "leads from an old code to its successor"
old=$(register @lab/old) new=$(register @lab/new)
expect_status 77 cpid move "$old" "$old"
expect_status 65 cpid move "$old" cp:0/7777-77
expect_status 0 cpid merge "$old" "$new"
validate "$STDOUT"
expect_json '.ended.how == "merged" and .ended.successor == "'"$new"'"'
for name in "$old" @lab/old; do
  expect_status 0 cpid resolve "$name"
  expect_json '.id == "'"$new"'"'
done
third=$(register @lab/third)
expect_status 0 cpid move "$new" "$third" --why 'moved house'
expect_status 0 cpid resolve @lab/old
expect_json '.id == "'"$third"'"'
expect_status 0 cpid check --ledger

it "lets no code lead back to itself, over others neither, nor to one that is not there"
for command in move merge; do
  expect_status 77 cpid $command "$third" "$old"
  expect_match "$old leads back to $third" "$STDERR"
  expect_status 77 cpid $command "$third" "$(cpid mint --plain)"
  expect_match 'has no record' "$STDERR"
  expect_status 77 cpid $command "$third" "$id"
  expect_match "$id is no more: tombstone" "$STDERR"
done
expect_status 0 cpid resolve @lab/old
expect_json '.id == "'"$third"'"'

it "frees the names of what has ended for whoever takes them next"
gone=$(register @lab/gone) went=$(register @lab/went) after=$(register @lab/after) void=$(register @lab/void)
expect_status 77 cpid alias "$after" @lab/gone
expect_match "@lab/gone names $gone already" "$STDERR"
cpid tombstone "$gone" >/dev/null
cpid move "$went" "$after" >/dev/null
cpid revoke "$void" --why 'never was' >/dev/null
expect_status 66 cpid resolve @lab/gone
expect_match "$gone is no more: tombstone" "$STDERR"
expect_status 0 cpid resolve @lab/went
expect_json '.id == "'"$after"'"'
next=$(register @lab/gone)
expect_status 0 cpid alias "$next" @lab/went
expect_status 0 cpid alias "$after" @lab/void
for name in "@lab/gone $next" "@lab/went $next" "@lab/void $after" "$went $after"; do
  expect_status 0 cpid resolve "${name% *}"
  expect_json '.id == "'"${name#* }"'"'
done
expect_status 77 cpid alias "$after" @lab/gone
cpid tombstone "$next" >/dev/null
expect_status 66 cpid resolve @lab/gone
expect_match "$next is no more: tombstone" "$STDERR"
serve here
expect_http 200 /v1/alias/lab/void
expect_json '.id == "'"$after"'"'
expect_http 410 /v1/alias/lab/gone
expect_json '.id == "'"$next"'"'
expect_status 0 cpid check --ledger

it "gives and takes names"
id=$(register @lab/x)
expect_status 0 cpid alias "$id" @lab/y
expect_json '.alias == ["@lab/x", "@lab/y"] and .seq == 2'
expect_status 0 cpid resolve @lab/y
expect_status 77 cpid alias "$id" @lab/y
expect_status 65 cpid alias "$id" y
other=$(register @lab/z)
expect_status 77 cpid alias "$other" @lab/y
jq -c '.alias += [range(61) | "@lab/n\(.)"] | .seq = 2' <(cpid resolve "$id") >many.json
expect_status 0 cpid register many.json
expect_status 0 cpid alias "$id" @lab/last
expect_status 65 cpid alias "$id" @lab/too_many
expect_match 'has 64 aliases, and at most 64 are taken' "$STDERR"
expect_status 65 cpid register <<<"$(jq -c '.alias += ["@lab/too_many"] | .seq = 4' <(cpid resolve "$id"))"
expect_status 0 cpid alias "$id" @lab/x --remove
expect_status 66 cpid resolve @lab/x
expect_status 66 cpid alias "$id" @lab/x --remove
expect_status 0 cpid revoke "$id" --why 'never was'
expect_json '.ended.how == "revoked"'
expect_status 0 cpid check --ledger
expect_json '.verdict == "verified"'

it "hands a resource to another owner only with both signatures"
as root cpid init --prefix 86 >root.json
for arc in 1 2; do
  as owner$arc cpid init --prefix 86.$arc --parent 86 >request
  as root cpid delegate request >answer$arc
  as owner$arc cpid trust add --prefix 86 root.json >/dev/null
  as owner$arc cpid accept answer$arc >/dev/null
done
id=$(as owner1 cpid register --plain <<<'{"schema":"cp.resource/1","kind":"node"}')
expect_status 0 as owner1 cpid move "$id" "$(as owner2 cpid mint --plain)"
cp "$STDOUT" half.json
expect_status 77 as owner2 cpid sign --add half.json
expect_match 'has no record' "$STDERR"
next=$(as owner2 cpid register --plain <<<'{"schema":"cp.resource/1","kind":"node"}')
expect_status 0 as owner1 cpid move "$id" "$next"
cp "$STDOUT" half.json
expect_match 'has to sign it, too' "$STDERR"
expect_status 0 as owner1 cpid resolve "$id"
expect_status 77 as owner1 cpid move half.json
expect_status 77 as owner1 cpid sign --add half.json
expect_match 'has signed it already' "$STDERR"
jq -c '.ended.successor = "cp:86.2/7777-7E"' half.json >other.json
expect_status 0 as owner2 cpid sign --add half.json
cp "$STDOUT" full.json
validate full.json
expect_status 77 as owner1 cpid move full.json
expect_match 'the delegation of prefix 86.2 is not known' "$STDERR"
expect_match 'cpid bundle prints there, before the record in FILE' "$STDERR"
as owner2 cpid bundle "$next" >chain.json
cat chain.json half.json >bad.json
expect_status 77 as owner1 cpid move bad.json
expect_match 'only one of both owners has signed' "$STDERR"
cat chain.json full.json full.json >two.json
expect_status 65 as owner1 cpid move two.json
cat chain.json full.json >whole.json
expect_status 0 as owner1 cpid move whole.json
expect_status 66 as owner1 cpid resolve "$id"
expect_match "$id is no more: moved to $next" "$STDERR"
as user cpid trust add --prefix 86 root.json >/dev/null
expect_status 0 as user cpid verify answer1 answer2 full.json
expect_status 1 as user cpid verify half.json
expect_json '.reason == "one_signature"'

it "takes over HTTP what both owners have signed, and no less"
house=$(as owner1 cpid register --plain <<<'{"schema":"cp.resource/1","kind":"node"}')
as owner1 cpid move "$house" "$next" >half2.json
as owner2 cpid sign --add half2.json >full2.json
bearer="Authorization: Bearer $(as owner1 cpid token issue --plain --subject u --audience 86.1 --grant register)"
CP_STATE_DIR=$TESTDIR/owner1 serve owner1
for put in '409 half2.json' '200 full2.json'; do
  expect_http "${put% *}" "/v1/id/$(code_path "$house")" -X PUT -H "$bearer" -H 'If-Match: "1"' \
    --data-binary "@${put#* }"
done
stop_server owner1
expect_status 66 as owner1 cpid resolve "$house"
expect_match "$house is no more: moved to $next" "$STDERR"

it "lets no two owners lead in a circle"
back=$(as owner2 cpid move "$next" "$id")
expect_status 77 as owner1 cpid sign --add <<<"$back"
expect_match "$id leads back to $next" "$STDERR"
expect_status 0 as owner2 cpid verify answer1 full.json
expect_status 77 as owner2 cpid move "$next" "$id"
expect_match "$id leads back to $next" "$STDERR"
