#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2094,SC2119,SC2120  # words and files of one name; a helper of the harness
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl python3

# put PATH FILE [CURL FLAG…]: sends FILE with the token in $TOKEN
put() {
  local path=$1 file=$2
  shift 2
  get "$path" -X PUT -H "Authorization: Bearer $TOKEN" --data-binary "@$file" "$@"
}
expect_put() {
  local wanted=$1
  shift
  put "$@"
  expect_equal "$wanted" "$STATUS" "status of $1 ($(head -c 300 "$STDOUT"))"
  [ "$wanted" -lt 400 ] || validate "$STDOUT"
}
record() { # ID SEQ NAME [ALIAS]
  jq -nc --arg id "$1" --argjson seq "$2" --arg name "$3" --arg alias "${4:-}" \
    '{schema: "cp.resource/1", id: $id, seq: $seq, issued: "2026-01-01T00:00:00Z", valid_until: "2099-01-01T00:00:00Z",
      kind: "node", name: $name, alias: ([$alias] - [""])}'
}
state() { # ID SEQ SECONDS_FROM_NOW
  jq -nc --arg id "$1" --argjson seq "$2" --arg at "$(date -u -d "now + $3 seconds" +%FT%TZ)" \
    '{schema: "cp.state/1", id: $id, seq: $seq, observed_at: $at, valid_for_s: 600, health: "ok"}'
}
token() { cpid token issue --plain --subject u1 --audience 86 "$@"; }
new='If-None-Match: *'

expect_status 0 cpid init --prefix 86
as stranger cpid init --prefix 86 >/dev/null
cpid mint --count 3 --plain >codes
mapfile -t code <codes
a=/v1/id/$(code_path "${code[0]}") b=/v1/id/$(code_path "${code[1]}") c=/v1/id/$(code_path "${code[2]}")
record "${code[0]}" 1 one @lab/one | cpid sign >one
serve here

it "takes nothing without a token of its own authority that holds"
for TOKEN in '' x "$(as stranger cpid token issue --plain --subject u1 --audience 86 --grant register)" \
  "$(cpid token issue --plain --subject u1 --audience 86.1 --grant register)"; do
  expect_put 401 "$a" one -H "$new"
  expect_match '^WWW-Authenticate: Bearer' "$TESTDIR/head"
done
TOKEN=$(token --grant state)
expect_put 403 "$a" one -H "$new"
TOKEN=$(token --grant register:prefix=86.1)
expect_put 403 "$a" one -H "$new"
TOKEN=$(token --grant register:quota=1)

it "takes no record that is malformed, unsigned, changed, or signed by another"
expect_put 428 "$a" one
expect_put 400 "$a" one -H 'If-Match: 1'
expect_put 422 "$b" one -H "$new"
record "${code[0]}" 1 one >unsigned
jq -c '.name = "two"' one >changed
record "${code[0]}" 1 one | as stranger cpid sign >foreign
jq -c '.proof.jws |= sub("^[^.]*"; "eyJhbGciOiJub25lIn0")' one >none
sed 's/"kind"/"seq":1,"kind"/' one >twice
printf '%s' '{' >cut_off
python3 -c 'print("[" * 100000)' >deep
record "$(as stranger cpid mint --plain)" 1 one | cpid sign >elsewhere
record "${code[0]}" 1 one | jq -c '.issued = "2098-01-01T00:00:00Z"' | cpid sign >future
for file in unsigned changed foreign none twice cut_off deep future; do
  expect_put 422 "$a" $file -H "$new"
done
expect_put 422 "/v1/id/$(code_path "$(jq -r .id elsewhere)")" elsewhere -H "$new"
record "${code[0]}" 2 one | cpid sign >second
expect_put 409 "$a" second -H "$new"
expect_http 404 "$a"

it "takes no body that is too long, and goes on"
head -c 100000000 /dev/zero >zeros
put "$a" zeros -H "$new" -H 'Expect:'
[ "$STATUS" = 413 ] || [ "$STATUS" = 000 ] || fail "100 MB were answered with $STATUS"
put "$a" zeros -H "$new"
expect_equal 413 "$STATUS"
put "$a" zeros -H "$new" -H 'Transfer-Encoding: chunked' -H 'Expect:'
[ "$STATUS" = 413 ] || [ "$STATUS" = 000 ] || fail "100 MB in chunks were answered with $STATUS"

it "takes a record that holds, once, and each next version after the one before"
expect_put 201 "$a" one -H "$new"
expect_match '^ETag: "1"' "$TESTDIR/head"
expect_http 200 "$a"
expect_equal "$(jq -cS . one)" "$(jq -cS . "$STDOUT")"
expect_put 412 "$a" one -H "$new"
expect_put 409 "$a" one -H 'If-Match: "1"'
record "${code[0]}" 2 newer @lab/one | cpid sign >second
expect_put 412 "$a" second -H 'If-Match: "7"'
expect_put 200 "$a" second -H 'If-Match: "1"'
expect_put 412 "$a" second -H 'If-Match: "1"'
expect_put 409 "$a" one -H 'If-Match: "2"'
expect_http 200 /v1/alias/lab/one
expect_json '.seq == 2 and .name == "newer"'

it "keeps to the token's quota, and to aliases that are taken"
record "${code[1]}" 1 other @lab/one | cpid sign >other
expect_put 409 "$b" other -H "$new"
record "${code[1]}" 1 other | cpid sign >other
expect_put 403 "$b" other -H "$new"
expect_match 'quota' "$STDOUT"
TOKEN=$(token --grant register --grant state)
expect_put 201 "$b" other -H "$new"

it "takes no alias of another's label, of its own records or of a child's"
as seven cpid init --prefix 86.7 --parent 86 >request
cpid delegate request --label seven >answer
as seven cpid trust add --prefix 86 answer >/dev/null
as seven cpid accept answer >/dev/null
below=$(as seven cpid mint --plain)
record "${code[1]}" 2 other @seven/a | cpid sign >labelled
expect_put 422 "$b" labelled -H 'If-Match: "1"'
expect_match 'the label seven was allotted to 86.7, not to 86' "$STDOUT"
for name in 'lab/\u202e' 'Lab/a' 'lab/a\u200b'; do
  record "${code[1]}" 2 other "$(jq -nr '"@'"$name"'"')" | cpid sign >labelled
  expect_put 422 "$b" labelled -H 'If-Match: "1"'
  expect_match 'alias\[0\] is not an alias' "$STDOUT"
done
record "${code[1]}" 2 other | jq -c '.alias = [range(65) | "@lab/a\(.)"]' | cpid sign >labelled
expect_put 422 "$b" labelled -H 'If-Match: "1"'
expect_match 'alias has 65 entries, and at most 64 are taken' "$STDOUT"
record "$below" 1 child @lab/two | as seven cpid sign >labelled
expect_put 422 "/v1/id/$(code_path "$below")" labelled -H "$new"
expect_match 'the label lab was not allotted to 86.7' "$STDOUT"
expect_http 404 "/v1/id/$(code_path "$below")"
record "$below" 1 child @seven/a | as seven cpid sign >labelled
expect_put 201 "/v1/id/$(code_path "$below")" labelled -H "$new"

it "takes no end that is none"
for end in '"x"' '{"how": "ended", "at": "2026-01-01T00:00:00Z"}' '{"how": "moved", "at": "2026-01-01T00:00:00Z"}'; do
  record "${code[1]}" 2 other | jq -c --argjson said "$end" '.ended = $said' | cpid sign >end
  expect_put 422 "$b" end -H 'If-Match: "1"'
  expect_match 'ended(\.how|\.successor)? is' "$STDOUT"
  expect_status 1 cpid verify end
  expect_json '.reason == "malformed"'
done

it "says that its store is busy, and not where it lies"
record "${code[1]}" 2 other | cpid sign >next
python3 - "$CP_STATE_DIR/identity.db" <<'END' &
import sqlite3, sys, time
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("BEGIN IMMEDIATE")
print("locked", file=open("locked", "w"), flush=True)
time.sleep(30)
END
holder=$!
wait_until test -s locked
expect_put 503 "$b" next -H 'If-Match: "1"'
kill "$holder"
expect_match 'the registry is busy: try again' "$STDOUT"
expect_no_match "$TESTDIR|identity.db" "$STDOUT"

it "takes live states in order, none that is older, from the future or too long"
now=$(date +%s)000
sa=/v1/state/${a##*/} sc=/v1/state/${c##*/}
state "${code[0]}" "$now" 0 | cpid sign >state
state "${code[2]}" "$now" 0 | cpid sign >unknown
expect_put 404 "$sc" unknown
expect_put 201 "$sa" state
expect_http 200 "$sa"
expect_equal "$(jq -cS . state)" "$(jq -cS . "$STDOUT")"
validate "$STDOUT"
state "${code[0]}" $((now - 1)) 0 | cpid sign >older
expect_put 409 "$sa" older
expect_match 'replay' "$STDOUT"
state "${code[0]}" "$now" 0 | jq -c '.health = "down"' | cpid sign >other_state
expect_put 409 "$sa" other_state
expect_match 'equivocation' "$STDOUT"
state "${code[0]}" $((now + 3600000)) 0 | cpid sign >future_seq
expect_put 422 "$sa" future_seq
state "${code[0]}" $((now + 1)) 3600 | cpid sign >future_time
expect_put 422 "$sa" future_time
state "${code[0]}" $((now + 1)) -700 | cpid sign >stale
expect_put 422 "$sa" stale
state "${code[0]}" $((now + 1)) 0 | jq -c '.valid_for_s = 3601' | cpid sign >long
expect_put 422 "$sa" long
expect_http 200 "$sa"
expect_json '.health == "ok"'
state "${code[0]}" $((now + 1)) 0 | cpid sign >next
expect_put 200 "$sa" next -H "If-Match: \"$now\""

it "takes nothing with a token that was revoked meanwhile"
expect_status 0 cpid token list
jti=$(jq -r 'select(.grants | length == 2).jti' "$STDOUT")
expect_status 0 cpid token revoke "$jti"
record "${code[2]}" 1 last | cpid sign >last
expect_put 401 "$c" last -H "$new"

it "has an audit and a chain that are whole after all that"
expect_http 200 /v1/dump
cp "$STDOUT" dump
as reader cpid trust add --prefix 86 -- "$(jq -r 'select(.schema == "cp.delegation/1" and .prefix == "86").keys[0].x' dump)" >/dev/null
expect_status 0 as reader cpid verify dump
expect_http 200 /v1/feed
validate "$STDOUT"
expect_json '[$all[] | select(.kind == "resource")] | length == 3'

it "takes no record that leaves no room for its entry in a line of the feed"
TOKEN=$(token --grant register)
record "${code[2]}" 1 long | jq -c '.notes = [range(15) | "x" * 61300]' | cpid sign >long
expect_put 422 "$c" long -H "$new"
expect_status 65 cpid register - < <(jq -nc '{schema: "cp.resource/1", kind: "node", nodes: 1, notes: [range(15) | "x" * 61300]}')
expect_match 'a record has 917504 bytes at most' "$STDERR"
# The follower below takes this one.
expect_status 0 cpid register --plain - < <(jq -nc '{schema: "cp.resource/1", kind: "node", nodes: 1, notes: [range(15) | "x" * 61000]}')
long_one=$(cat "$STDOUT")

it "goes by what is stored, not by what was sent"
record "${code[2]}" 1 wide | jq -c '.notes = [range(50000) | 1000000000000000000]' | cpid sign |
  sed 's/1000000000000000000/1e18/g' >wide
[ "$(wc -c <wide)" -lt 300000 ] || fail "what is sent is long already"
expect_put 422 "$c" wide -H "$new"
expect_match 'a record has 917504 bytes at most' "$STDOUT"
other=$(as seven cpid mint --plain)
for notes in 'range(51000) | 1000000000000000000' 'range(17) | "x" * 60000'; do
  record "$other" 1 wide | jq -c ".notes = [$notes]"' | .ended = {how: "tombstone", at: "2026-01-01T00:00:00Z"}' |
    as seven cpid sign | sed 's/1000000000000000000/1e18/g' >wide
  expect_put 422 "/v1/id/$(code_path "$other")" wide -H "$new"
  expect_match 'a record has [0-9]+ bytes at most' "$STDOUT"
done
state "${code[0]}" $(($(date +%s) * 1000)) 0 | jq -c '.notes = [range(60000) | 1000000000000000000]' | cpid sign |
  sed 's/1000000000000000000/1e18/g' >wide
TOKEN=$(token --grant register --grant state)
expect_put 422 "$sa" wide
expect_match 'a document has 1048576 bytes at most' "$STDOUT"

it "lets what is as long as can be end all the same"
room=$((917504 - $(cpid resolve "$long_one" | wc -c) + 1))
cpid resolve "$long_one" | jq -c --argjson room "$room" 'del(.proof) | .notes += ["y" * ($room - 3)]' >long
expect_status 0 cpid register long
expect_equal 917504 "$(($(wc -c <"$STDOUT") - 1))"
expect_status 65 cpid alias "$long_one" @lab/long
expect_status 65 cpid tombstone "$long_one" --why "$(printf '%04097d' 0)"
expect_match 'the reason has 4097 bytes, and at most 4096 are taken' "$STDERR"
expect_status 0 cpid tombstone "$long_one" --why "$(printf '\001%.0s' {1..4096})"
expect_http 410 "/v1/id/$(code_path "$long_one")"

it "takes no reason and no delegation that nobody could read with the others"
expect_status 65 cpid revoke 86.7 --why "$(printf '%04097d' 0)"
jq -c '.notes = ["x" * 60000, "y" * 6000]' request | as seven cpid sign >wide
expect_status 65 cpid delegate wide
expect_match 'a delegation has 16384 bytes at most' "$STDERR"

it "shows the feed without what an older release took and nobody could follow"
python3 - "$CP_STATE_DIR/identity.db" "$below" <<'END'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
kept = store.execute("SELECT document FROM kept WHERE subject = ?", sys.argv[2:]).fetchone()[0]
print(kept, file=open("kept", "w"))
store.execute("UPDATE kept SET document = ? WHERE subject = ?", (kept[:-1] + ',"notes":"%s"}' % ("x" * 1048000), sys.argv[2]))
store.commit()
END
expect_http 200 /v1/feed
expect_json '[$all[] | select(.kind == "kept") | has("document")] == [false]'
python3 - "$CP_STATE_DIR/identity.db" "$below" <<'END'
import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE kept SET document = ? WHERE subject = ?", (open("kept").read().strip(), sys.argv[2]))
store.commit()
END
expect_http 200 /v1/feed
expect_json '[$all[] | select(.kind == "kept") | has("document")] == [true]'
followed() { as "$1" cpid trust add --prefix 86 dump >/dev/null && as "$1" cpid sync "$URL"; }
expect_status 0 followed early
expect_status 0 as early cpid resolve --offline "$below"

it "shows nothing of a child that was revoked, until its prefix is given anew"
shown() {
  get "/v1/id/$(code_path "$below")" && echo "$STATUS"
  get /v1/alias/seven/a && echo "$STATUS"
  get /v1/dump && jq -r 'select(.id == "'"$below"'") | "dump"' "$STDOUT"
  get '/v1/search?limit=100' && jq -r 'select(.id == "'"$below"'") | "search"' "$STDOUT"
  get /v1/feed && jq -r 'select(.document.id? == "'"$below"'") | "feed"' "$STDOUT"
}
expect_equal '200 200 dump search feed' "$(shown | xargs)"
get /v1/feed
jq -c 'select(.kind == "kept") | [.seq, .hash]' "$STDOUT" >entries
expect_status 0 cpid revoke 86.7 --why left
expect_equal '404 404' "$(shown | xargs)"
get /v1/feed
expect_equal "$(cat entries)" "$(jq -c 'select(.kind == "kept") | [.seq, .hash]' "$STDOUT")"
expect_status 0 followed early
expect_status 77 as early cpid resolve --offline "$below"
expect_status 0 followed late
expect_json '.status == "complete" and [.refusals[].subject] == ["86.7"]'
record "$below" 2 child @seven/a | as seven cpid sign >again
expect_put 422 "/v1/id/$(code_path "$below")" again -H "$new"
expect_match 'revoked' "$STDOUT"
expect_status 0 cpid delegate --replace request
expect_equal '200 200 dump search feed' "$(shown | xargs)"

it "answers nobody without a token when it is private"
stop_server here
serve closed --private
for path in / /metrics /v1/bootstrap "$a" /v1/feed /v1/dump /v1/search; do
  expect_http 401 "$path"
  validate "$STDOUT"
done
TOKEN=$(token --grant register)
expect_http 403 "$a" -H "Authorization: Bearer $TOKEN"
TOKEN=$(token --grant read)
expect_http 200 "$a" -H "Authorization: Bearer $TOKEN"
expect_http 200 "$a" -H "Authorization: bearer $TOKEN"
expect_match '^Cache-Control: private, max-age=300' "$TESTDIR/head"

it "lets readers and followers in who have a token, which nobody else is shown"
(umask 077 && echo "$TOKEN" >token)
expect_status 77 as reader cpid resolve --registry "$URL" "${code[0]}"
expect_match 'Bearer|token' "$STDERR"
expect_status 0 as reader cpid resolve --registry "$URL" --token token "${code[0]}"
expect_json '.id == "'"${code[0]}"'"'
expect_status 1 as follower cpid sync "$URL"
expect_json '.status == "missing"'
as follower cpid trust add --prefix 86 -- "$(jq -r 'select(.schema == "cp.delegation/1" and .prefix == "86").keys[0].x' dump)" >/dev/null
expect_status 0 as follower cpid sync --token token "$URL"
expect_json '.status == "complete"'
expect_status 66 as follower cpid resolve --offline "$long_one"
expect_match 'is no more: tombstone' "$STDERR"
expect_status 0 as follower cpid resolve --offline "$below"
expect_status 64 as reader cpid resolve --registry "$URL" --registry http://127.0.0.1:9/ --token token "${code[0]}"
expect_match 'a token is for one registry' "$STDERR"
chmod 644 token
expect_status 78 as follower cpid sync --token token "$URL"
