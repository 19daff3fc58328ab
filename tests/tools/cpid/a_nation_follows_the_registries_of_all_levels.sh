#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A nation over a region over two enterprises, each a process with TLS.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
need openssl sqlite3 curl
for who in nation region lab plant; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$who" \
    -addext subjectAltName=IP:127.0.0.1 -keyout $who.key -out $who.pem 2>openssl.log
done
chmod 600 ./*.key
cat ./*.pem >all.crt
declare -A URL_OF=() PORT_OF=() PREFIX_OF=([region]=86.1 [lab]=86.1.7 [plant]=86.1.8) PARENT_OF=([region]=nation [lab]=region [plant]=region)
serve() { # NAME
  CP_STATE_DIR=$TESTDIR/$1 start_server "$1" cpid serve --tls-cert "$1.pem" --tls-key "$1.key" \
    --listen "127.0.0.1:${PORT_OF[$1]:-0}"
  URL_OF[$1]=$(wait_line "$1" '"cp\.server/1"' | jq -r .url)
  PORT_OF[$1]=$(sed -E 's|.*:([0-9]+)/?$|\1|' <<<"${URL_OF[$1]}")
}
# delegate CHILD FLAG…: from its parent, who tells its own chain along
delegate() {
  local child=$1 parent=${PARENT_OF[$1]}
  shift
  as "$parent" cpid delegate "$@" "$child.request" >"$child.answer"
  as "$child" cpid accept "$child.answer" >accepted
}
follow() { as nation cpid sync --ca all.crt --allow-net 127.0.0.1 "$@"; }
verdicts() { jq -rs 'map("\(.prefix) \(.level) \(.status)") | sort | join(", ")' "$STDOUT"; }
problem_of() { jq -r --arg prefix "$1" 'select(.prefix == $prefix).problem' "$STDOUT"; }

as nation cpid init --prefix 86 --name Nation >root.json
serve nation
for who in region lab plant; do
  as $who cpid init --prefix "${PREFIX_OF[$who]}" --parent "${PREFIX_OF[$who]%.*}" \
    --name $who >$who.request
  as $who cpid trust add --prefix 86 root.json >anchor
  delegate $who --label $who --may-delegate --max-depth 1
  as $who cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":1,"alias":["@'$who'/a"]}' >$who.json
  serve $who
  delegate $who --may-delegate --max-depth 1 --registry "${URL_OF[$who]}"
done
lab=$(jq -r .id lab.json)

it "finds the enterprises through the region, and serves what all of them have"
expect_status 0 follow
validate "$STDOUT"
expect_equal '86.1 0 complete, 86.1.7 1 complete, 86.1.8 1 complete' "$(verdicts)"
expect_status 0 as nation cpid resolve --offline "$lab" @plant/a
expect_equal 200 "$(curl -s --cacert all.crt -o got -w '%{http_code}' "${URL_OF[nation]}v1/id/$(jq -rn --arg id "$lab" '$id | @uri')")"
expect_equal "$(jq -cS . lab.json)" "$(jq -cS . got)"

it "refers to the enterprise for what it has not followed"
late=$(as lab cpid mint --plain)
expect_equal 307 "$(curl -s --cacert all.crt -o got -w '%{http_code}' "${URL_OF[nation]}v1/id/$(jq -rn --arg id "$late" '$id | @uri')")"
expect_json '.prefix == "86.1.7"' got
expect_equal 307 "$(curl -s --cacert all.crt -o got -w '%{http_code}' "${URL_OF[nation]}v1/alias/lab/late")"
expect_json '.prefix == "86.1.7"' got
as lab cpid register <<<'{"schema":"cp.resource/1","id":"'"$late"'","kind":"node","nodes":1,"alias":["@lab/late"]}' >/dev/null
as stranger cpid trust add --prefix 86 root.json >/dev/null
expect_status 0 as stranger cpid resolve --ca all.crt --allow-net 127.0.0.1 --registry "${URL_OF[nation]}" @lab/late
expect_json ".id == \"$late\""

it "goes no deeper than it is told"
expect_status 0 follow --depth 0
expect_equal '86.1 0 complete' "$(verdicts)"
expect_status 0 follow "${URL_OF[region]}"
expect_equal '86.1 0 complete' "$(verdicts)"
expect_status 0 follow --depth 1 "${URL_OF[region]}"
expect_equal '86.1 0 complete, 86.1.7 1 complete, 86.1.8 1 complete' "$(verdicts)"
expect_status 64 follow --depth 9
expect_status 1 follow --child-limit 86.1:registries=1
expect_equal '86.1 0 complete, 86.1.7 1 complete' "$(verdicts)"
expect_match 'prefix 86.1 has more than 1 registries below it' "$STDERR"

it "follows the enterprises on while the region is down, and says how old the region is"
stop_server region KILL
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":2,"alias":["@lab/b"]}' >b.json
expect_status 1 follow --timeout 2s
expect_equal '86.1 0 stale, 86.1.7 1 complete, 86.1.8 1 complete' "$(verdicts)"
expect_json '.age_s >= 0 and .synced_at != null'
expect_status 0 as nation cpid resolve --offline @lab/b
serve region

it "tells one that lies, one that is another, and one that was never there, and follows the rest"
as lab cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":3}' >c.json
sqlite3 "$TESTDIR/lab/identity.db" "UPDATE resource SET record = replace(record, '\"nodes\":3', '\"nodes\":8')"
delegate plant --registry "${URL_OF[lab]}" --registry "${URL_OF[nation]}"
for who in loop gone; do
  prefix=86.1.9; [ $who = loop ] || prefix=86.1.10
  url=${URL_OF[region]}; [ $who = loop ] || url=https://127.0.0.1:1/
  as $who cpid init --prefix $prefix --parent 86.1 --registry "$url" >$who.request
  as region cpid delegate $who.request >$who.answer
done
expect_status 1 follow --timeout 2s
validate "$STDOUT"
# The region's own URL was followed already, the nation's is another's.
expect_equal '86.1 0 complete, 86.1.10 1 missing, 86.1.7 1 lying, 86.1.8 1 missing' "$(verdicts)"
expect_match 'bad_signature' <(problem_of 86.1.7)
expect_match 'it is the registry of prefix 86, not of prefix 86.1.8' <(problem_of 86.1.8)

it "shows all of that on its page, and in OpenMetrics"
shows() { grep -qE -e "$1" <<<"$(curl -s --cacert all.crt "${URL_OF[nation]}")"; }
wait_until shows 'good">1 complete'
page=$(curl -s --cacert all.crt "${URL_OF[nation]}")
for verdict in 'good">1 complete' 'bad">2 missing' 'bad">1 lying' 'bad_signature' '86\.1\.7.*seconds? ago|86\.1\.7.* s ago'; do
  expect_match "$verdict" <(echo "$page")
done
curl -s --cacert all.crt "${URL_OF[nation]}metrics" >metrics
expect_match '^cp_registry_child_complete\{prefix="86.1"\} 1' metrics
expect_match '^cp_registry_child_complete\{prefix="86.1.7"\} 0' metrics
expect_match '^cp_registry_child_synced_age_seconds\{prefix="86.1.7"\} [0-9]' metrics
expect_no_match 'synced_age_seconds\{prefix="86.1.10"\}' metrics

it "leaves a registry alone whose delegation was revoked"
delegate plant --registry "${URL_OF[nation]}"
as region cpid revoke 86.1.7 >head.json
expect_status 1 follow --timeout 2s
expect_equal '86.1 0 complete, 86.1.10 1 missing, 86.1.8 1 missing' "$(verdicts)"

it "gets what a registry keeps for one below it that has none of its own"
as mill cpid init --prefix 86.1.20 --parent 86.1 >mill.request
as region cpid delegate --label mill mill.request >mill.answer
as mill cpid trust add --prefix 86 root.json >anchor
as mill cpid accept mill.answer >accepted
token=$(as region cpid token issue --plain --subject mill --audience 86.1 --grant register:prefix=86.1.20)
put() { # FILE HEADER STATUS
  expect_equal "$3" "$(curl -s --cacert all.crt -o got -w '%{http_code}' -X PUT -H "Authorization: Bearer $token" \
    -H "$2" --data-binary "@$1" "${URL_OF[region]}v1/id/$(jq -r '.id | @uri' "$1")")"
}
as mill cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":1}' >mill1.json
put mill1.json 'If-None-Match: *' 201
put mill1.json 'If-Match: "1"' 200
jq -c '.nodes = 2' mill1.json | as mill cpid register >mill2.json
put mill2.json 'If-Match: "1"' 200
expect_status 1 follow --timeout 2s
validate "$STDOUT"
expect_match '^86.1 0 complete' <(verdicts)
expect_status 0 as nation cpid resolve --offline "$(jq -r .id mill1.json)"
expect_json '.nodes == 2'
curl -s --cacert all.crt "${URL_OF[region]}v1/feed?since=0" >feed
validate feed
expect_equal 'null 2' "$(jq -r 'select(.kind == "kept").document.nodes' feed | xargs)"
expect_status 0 as region cpid check --ledger
