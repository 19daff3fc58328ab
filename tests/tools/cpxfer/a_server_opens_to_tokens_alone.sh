#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need openssl python3 jq

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
    -addext "subjectAltName=$2" -keyout "$TESTDIR/$1.key" -out "$TESTDIR/$1.pem" 2>/dev/null
  chmod 600 "$TESTDIR/$1.key"
  openssl pkey -in "$TESTDIR/$1.key" -pubout -outform DER | openssl dgst -sha256 -r | cut -c1-64 >"$TESTDIR/$1.pin"
}
certificate dtn IP:127.0.0.1
certificate other IP:127.0.0.2
cpid init --prefix 86 >/dev/null
CODE=$(cpid mint --plain)
# token NAME GRANT…: a file with a token for the server.
token() {
  local name=$1 grant
  shift
  local flags=()
  for grant in "$@"; do flags+=(--grant "$grant"); done
  cpid token issue --plain --subject u1 --audience "${AUDIENCE:-$CODE}" "${flags[@]}" >"$TESTDIR/$name.token"
  chmod 600 "$TESTDIR/$name.token"
}
secured() {
  local name=$1
  shift
  start_server "$name" cpxfer serve --tls-cert "$TESTDIR/dtn.pem" --tls-key "$TESTDIR/dtn.key" --audience "$CODE" \
    --listen 127.0.0.1:0 --root srv "$@"
  URL=$(wait_line "$name" 'listening on cpx://.* for whoever has a token, by TLS$')
  URL=${URL#*listening on } URL=${URL%%/ *}
}
mkdir -p srv/in srv/out src
plant_tree src
token in write:path=/in read:path=/in
secured server -v
CA=(--ca "$TESTDIR/dtn.pem")

it "takes a tree over TLS and sealed streams, and gives it back"
for rail in auto fabric; do
  [ $rail = auto ] || ldconfig -p | grep -q 'libfabric.so.1' || continue
  expect_status 0 cpxfer --rail $rail "${CA[@]}" --token "$TESTDIR/in.token" src/ "$URL/in/$rail"
  validate "$STDOUT"
  expect_json '.state == "done" and .encrypted and .failed == []'
  expect_equal "$(list src)" "$(list srv/in/$rail)"
  expect_status 0 diff -r --no-dereference src srv/in/$rail
  expect_status 0 cpxfer --rail $rail "${CA[@]}" --token "$TESTDIR/in.token" "$URL/in/$rail/" back-$rail
  expect_json '.encrypted'
  expect_status 0 diff -r --no-dereference src back-$rail
done

it "is known by its own key, too, and by no other"
expect_status 0 cpxfer --tls-key "sha256:$(cat "$TESTDIR/dtn.pin")" --token "$TESTDIR/in.token" src/small "$URL/in/"
expect_status 77 cpxfer --tls-key "sha256:$(cat "$TESTDIR/other.pin")" --token "$TESTDIR/in.token" src/small "$URL/in/"
expect_match 'another key than the one that was named' "$STDERR"
expect_status 64 cpxfer --tls-key sha256:12 --token "$TESTDIR/in.token" src/small "$URL/in/"

it "is not talked to when nobody vouches for it, or for another name"
expect_status 77 cpxfer --token "$TESTDIR/in.token" src/small "$URL/in/"
expect_match 'nobody vouches for the server' "$STDERR"
expect_status 77 cpxfer --ca "$TESTDIR/other.pem" --token "$TESTDIR/in.token" src/small "$URL/in/"
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/in.token" src/small "cpx://localhost:${URL##*:}/in/"
expect_status 78 cpxfer --ca "$TESTDIR/dtn.key" --token "$TESTDIR/in.token" src/small "$URL/in/"

it "serves nobody in clear text, and tells whoever tries"
expect_status 77 cpxfer --anonymous src/small "$URL/in/"
expect_match 'this server talks by TLS alone' "$STDERR"
serve clear srv
expect_status 76 cpxfer "${CA[@]}" src/small "$URL/"
expect_match 'a server in clear text on this machine wants --anonymous' "$STDERR"
secured again

it "wants a token that holds"
expect_status 77 cpxfer "${CA[@]}" src/small "$URL/in/"
expect_match 'this server wants a token' "$STDERR"
AUDIENCE=86 token elsewhere write:path=/in
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/elsewhere.token" src/small "$URL/in/"
expect_match 'the token is for 86' "$STDERR"
echo nonsense >"$TESTDIR/none.token"
chmod 600 "$TESTDIR/none.token"
expect_status 78 cpxfer "${CA[@]}" --token "$TESTDIR/none.token" src/small "$URL/in/"
expect_match 'holds no token' "$STDERR"
echo YQ.YQ.YQ >"$TESTDIR/none.token"
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/none.token" src/small "$URL/in/"
CP_STATE_DIR=$TESTDIR/stranger cpid init --prefix 86 >/dev/null
CP_STATE_DIR=$TESTDIR/stranger token strange write:path=/in
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/strange.token" src/small "$URL/in/"
chmod 644 "$TESTDIR/none.token"
expect_status 78 cpxfer "${CA[@]}" --token "$TESTDIR/none.token" src/small "$URL/in/"

it "stays within what the token grants"
for path in / /out /inn /in/../out; do
  expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/in.token" src/small "$URL$path"
  expect_match 'the token does not allow to write there' "$STDERR"
done
token reads read:path=/in/auto
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/reads.token" src/small "$URL/in/auto/"
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/reads.token" "$URL/in/small" here
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/reads.token" "$URL/in/auto/small" "$URL/in/small" here
expect_match 'the token does not allow to read there' "$STDERR"
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/reads.token" -n src/small "$URL/in/"
expect_status 0 cpxfer "${CA[@]}" --token "$TESTDIR/reads.token" "$URL/in/auto/small" here
expect_equal "" "$(ls srv/out)"

it "counts the bytes of all sessions of a token, also after its own death"
mkdir two
head -c 3000000 /dev/urandom >two/a
token few write:path=/in,bytes=7MB
expect_status 0 cpxfer "${CA[@]}" --token "$TESTDIR/few.token" --no-resume two/a "$URL/in/a1"
stop_server again KILL
secured third
expect_status 0 cpxfer "${CA[@]}" --token "$TESTDIR/few.token" --no-resume two/a "$URL/in/a2"
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/few.token" --no-resume two/a "$URL/in/a3"
expect_match 'the token allows no more bytes' "$STDERR"
[ ! -e srv/in/a3 ] || fail "a file stands there that was too much"

it "is measured by whoever has a token for that direction, and counts those bytes, too"
token writes write:path=/in
BENCH=(cpxfer bench --time 0.2s --rail tcp "${CA[@]}")
expect_status 77 "${BENCH[@]}" "$URL/in"
expect_match 'this server wants a token' "$STDERR"
expect_json '[$all[] | select(.stage == "rail")] == []'
expect_status 77 "${BENCH[@]}" --token "$TESTDIR/writes.token" "$URL/in"
expect_match 'the token does not allow to read there' "$STDERR"
expect_json '[$all[] | select(.stage == "rail") | [.direction, .encrypted]] == [["push", true]]'
expect_status 77 "${BENCH[@]}" --token "$TESTDIR/reads.token" --direction push "$URL/in/auto"
expect_match 'the token does not allow to write there' "$STDERR"
expect_status 0 "${BENCH[@]}" --token "$TESTDIR/reads.token" --direction pull "$URL/in/auto"
expect_status 77 "${BENCH[@]}" --token "$TESTDIR/writes.token" --direction push "$URL/"
for way in write read; do
  token small $way:path=/in,bytes=7MB
  expect_status 77 "${BENCH[@]}" --token "$TESTDIR/small.token" --direction "$([ $way = write ] && echo push || echo pull)" "$URL/in"
  expect_match 'the token allows no more bytes' "$STDERR"
done

it "sums and compares for whoever may read, and says nothing to others"
for words in "hash $URL/in/auto" "verify src/ $URL/in/auto" "verify $URL/in/auto/ src"; do
  # shellcheck disable=SC2086
  expect_status 77 cpxfer $words "${CA[@]}"
  expect_match 'this server wants a token' "$STDERR"
  expect_no_match 'cp.digest' "$STDOUT"
  # shellcheck disable=SC2086
  expect_status 77 cpxfer $words "${CA[@]}" --token "$TESTDIR/writes.token"
  expect_match 'the token does not allow to read there' "$STDERR"
  # shellcheck disable=SC2086
  expect_status 0 cpxfer $words "${CA[@]}" --token "$TESTDIR/reads.token"
  expect_json ".value == \"$(cpxfer hash --plain src/)\" or .path == \"$URL/in/auto\""
done
for path in /in /out /in/autos /in/auto/../../out; do
  expect_status 77 cpxfer hash "${CA[@]}" --token "$TESTDIR/reads.token" "$URL$path"
  expect_status 77 cpxfer verify "${CA[@]}" --token "$TESTDIR/reads.token" src/ "$URL$path"
done
expect_status 64 cpxfer verify --anonymous --token "$TESTDIR/reads.token" cpx://127.0.0.1:1/x cpx://127.0.0.1:2/x
expect_match 'one token opens one server, and these are two' "$STDERR"

it "takes a token back at once"
token gone write:path=/in
expect_status 0 cpxfer "${CA[@]}" --token "$TESTDIR/gone.token" src/small "$URL/in/"
cpid token list | jq -rs 'sort_by(.nbf, .jti) | last.jti' >jti
cpid token revoke "$(cat jti)" >/dev/null
expect_status 77 cpxfer "${CA[@]}" --token "$TESTDIR/gone.token" src/small "$URL/in/"
expect_match 'revoked' "$STDERR"

# Both ends' 64 bytes begin a stream; the credits come back.
it "ends when a byte is changed, or a frame repeated, on the way"
direct=$URL
for offset in 72 85 150 200 900000 1048800; do
  start_server "flip$offset" python3 "$PEER" flip "${direct##*:}" rail $offset
  port=$(wait_line "flip$offset" '^port ' | cut -d' ' -f2)
  expect_status 76 cpxfer "${CA[@]}" --token "$TESTDIR/in.token" --no-resume --streams 1 two/a "cpx://127.0.0.1:$port/in/changed"
  [ ! -e srv/in/changed ] || fail "a file stands there that was changed at $offset"
done
for offset in 35 50; do
  start_server "credit$offset" python3 "$PEER" flip "${direct##*:}" back-rail $offset
  port=$(wait_line "credit$offset" '^port ' | cut -d' ' -f2)
  expect_status 76 cpxfer "${CA[@]}" --token "$TESTDIR/in.token" --no-resume --streams 1 two/a "cpx://127.0.0.1:$port/in/credit"
  # All may have been placed by then.
  [ ! -e srv/in/credit ] || expect_status 0 cmp two/a srv/in/credit
done
start_server repeat python3 "$PEER" repeat "${direct##*:}" 64 1048704
port=$(wait_line repeat '^port ' | cut -d' ' -f2)
expect_status 76 cpxfer "${CA[@]}" --token "$TESTDIR/in.token" --no-resume --streams 1 two/a "cpx://127.0.0.1:$port/in/changed"
expect_match 'not sealed with the key of this rail, or out of its turn' "$STDERR"
[ ! -e srv/in/changed ] || fail "a file stands there that was repeated"
