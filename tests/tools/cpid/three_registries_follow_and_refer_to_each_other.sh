#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A national registry and two regional ones, each a process with TLS; a reader who has pinned the
# national key and knows the national URL.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
need openssl sqlite3
for who in nation east west; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$who" \
    -addext subjectAltName=IP:127.0.0.1 -keyout $who.key -out $who.pem 2>openssl.log
done
chmod 600 ./*.key
cat nation.pem east.pem west.pem >all.pem
declare -A URL_OF=() PORT_OF=()
serve() { # NAME
  CP_STATE_DIR=$TESTDIR/$1 start_server "$1" cpid serve --tls-cert "$1.pem" --tls-key "$1.key" \
    --listen "127.0.0.1:${PORT_OF[$1]:-0}"
  URL_OF[$1]=$(wait_line "$1" '"cp\.server/1"' | jq -r .url)
  PORT_OF[$1]=$(sed -E 's|.*:([0-9]+)/?$|\1|' <<<"${URL_OF[$1]}")
}
ask() { as "$1" cpid resolve --registry "${URL_OF[nation]}" --ca all.pem --allow-net 127.0.0.1 "${@:2}"; }
# Asks those alone that the delegations name.
ask_region() { as reader cpid resolve --ca all.pem --allow-net 127.0.0.1 "$@"; }
follow() { as nation cpid sync --ca all.pem --allow-net 127.0.0.1 "$@"; }
status_of() { jq -r --arg url "${URL_OF[$1]}" 'select(.url == $url).status' "$STDOUT"; }
# What the reader keeps is as if it had been fetched two hours ago.
age() { sqlite3 "$TESTDIR/$1/resolver.db" "UPDATE answer SET fresh_until = 0, fetched_at = fetched_at - 7200000"; }

as nation cpid init --prefix 86 --name Nation >root.json
serve nation
for who in east west; do
  prefix=86.1; [ $who = east ] || prefix=86.2
  as $who cpid init --prefix $prefix --parent 86 --name $who >$who.request
  as nation cpid delegate --label $who $who.request >answer
  as $who cpid trust add --prefix 86 root.json >anchor
  as $who cpid accept answer >accepted
  as $who cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":1,"alias":["@'$who'/a"]}' >$who.json
  serve $who
  # Where it listens is known only now.
  as nation cpid delegate --registry "${URL_OF[$who]}" $who.request >answer
  as $who cpid accept answer >accepted
done
east=$(jq -r .id east.json) west=$(jq -r .id west.json)
as reader cpid trust add --prefix 86 root.json >anchor

it "finds what two regions have by the nation's referral, and proves it from the nation's key"
expect_status 0 ask reader "$east" "$west"
validate "$STDOUT"
expect_equal "$(jq -cS . east.json west.json)" "$(jq -cS . "$STDOUT")"
expect_status 0 as reader cpid resolve --offline "$east"
expect_match "$east: from ${URL_OF[east]}, asked .* ago" "$STDERR"
expect_status 66 ask reader "$(as east cpid mint --plain)"
expect_match 'knows no' "$STDERR"
expect_no_match 'were not asked' "$STDERR"
for age in '' 'asked .* ago'; do
  expect_status 66 ask reader @nobody/here
  expect_match "knows no @nobody/here.*$age" "$STDERR"
  expect_match "^  authorities below it were not asked; cpid sync ${URL_OF[nation]%/}/ asks them all$" "$STDERR"
done

it "refuses what is no address of a registry as what was typed"
expect_status 64 as reader cpid resolve --registry ftp://x/ "$east"
expect_match 'https' "$STDERR"

it "asks nobody whose certificate nobody vouches for, and follows no referral to where it may not"
expect_status 77 as other cpid resolve --registry "${URL_OF[nation]}" --allow-net 127.0.0.1 "$east"
as other cpid trust add --prefix 86 root.json >anchor
expect_status 77 as other cpid resolve --registry "${URL_OF[nation]}" --ca all.pem "$east"
expect_match 'the address 127.0.0.1 is not allowed' "$STDERR"
expect_status 66 as other cpid resolve --offline "$east"

it "lets the nation follow both, and only what is new the next time"
expect_status 0 follow
validate "$STDOUT"
expect_json '[$all[].status] == ["complete", "complete"] and all($all[]; .records == 1 and .entries > 0)'
expect_status 0 follow
expect_json 'all($all[]; .status == "complete" and .entries <= 1)'
expect_status 0 as nation cpid resolve --offline "$east" @west/a
expect_equal "$east $west" "$(jq -r .id "$STDOUT" | xargs)"

it "serves what it has, with its age, when a region was killed, and goes on when it is back"
stop_server east KILL
age reader
expect_status 0 ask_region "$east" --timeout 2s
expect_match "$east is 2 h 00 m old" "$STDERR"
# The nation has followed it, and answers in its place.
expect_status 0 ask reader "$east" --timeout 2s
expect_match 'connect' "$STDERR"
expect_no_match ' old' "$STDERR"
expect_status 1 follow --timeout 2s
expect_equal 'stale complete' "$(status_of east) $(status_of west)"
as east cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":2,"alias":["@east/b"]}' >b.json
serve east
expect_status 0 follow
expect_json '[$all[] | select(.prefix == "86.1")] | .[0].status == "complete" and .[0].records == 2'
expect_status 0 as nation cpid resolve --offline @east/b
age reader
expect_status 0 ask_region "$east"
expect_no_match ' old' "$STDERR"

it "waits for a region that was cut off no longer than it was told"
kill -s STOP "${SERVERS[west]}"
age reader
expect_status 0 ask_region "$west" --timeout 1s
expect_match "$west is . h 00 m old: .*timed out" "$STDERR"
expect_status 1 follow --timeout 1s
expect_equal 'complete stale' "$(status_of east) $(status_of west)"
kill -s CONT "${SERVERS[west]}"
expect_status 0 follow

it "refuses a record that a region has forged, and says that it lies"
as east cpid register <<<'{"schema":"cp.resource/1","kind":"node","nodes":3}' >c.json
sqlite3 "$TESTDIR/east/identity.db" "UPDATE resource SET record = replace(record, '\"nodes\":3', '\"nodes\":8')"
as third cpid trust add --prefix 86 root.json >anchor
expect_status 77 ask third "$(jq -r .id c.json)"
expect_match 'the signature is wrong \(bad_signature\)' "$STDERR"
expect_status 66 as third cpid resolve --offline "$(jq -r .id c.json)"
expect_status 1 follow
expect_equal 'lying complete' "$(status_of east) $(status_of west)"
expect_json '[$all[] | select(.prefix == "86.1").problem] | .[0] | test("bad_signature")'
expect_status 66 as nation cpid resolve --offline "$(jq -r .id c.json)"

it "refuses a version older than one that was seen"
jq -c '.nodes = 7' west.json | as west cpid register >west2.json
age reader
expect_status 0 ask reader "$west"
expect_json '.nodes == 7'
sqlite3 "$TESTDIR/west/identity.db" "UPDATE resource SET seq = 1, record = '$(jq -c . west.json)'"
age reader
expect_status 77 ask reader "$west"
expect_match '\(replay\)' "$STDERR"
expect_status 0 as reader cpid resolve --offline "$west"
expect_json '.nodes == 7'

it "follows those that answer while another one hangs"
start_server deaf /usr/bin/python3 -uc 'import socket, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1])
time.sleep(600)'
deaf=http://127.0.0.1:$(wait_line deaf '^[0-9]+$')/
expect_status 1 follow --timeout 8s "$deaf" "${URL_OF[west]}"
expect_json '[$all[].url] == ["'"${URL_OF[west]}"'", "'"$deaf"'"]'
expect_json '$all[1].status == "missing" and ($all[1].problem | test("timed out"))'
