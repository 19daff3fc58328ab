#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need openssl jq

certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
    -addext "subjectAltName=IP:127.0.0.1" -keyout "$TESTDIR/$1.key" -out "$TESTDIR/$1.pem" 2>/dev/null
  chmod 600 "$TESTDIR/$1.key"
  openssl pkey -in "$TESTDIR/$1.key" -pubout -outform DER | openssl dgst -sha256 -r | cut -c1-64 >"$TESTDIR/$1.pin"
}
certificate dtn
certificate other
cpid init --prefix 86 >/dev/null
CODE=$(cpid mint --plain)
cpid token issue --plain --subject u1 --audience "$CODE" --grant write:path=/in --grant read:path=/in >"$TESTDIR/in.token"
chmod 600 "$TESTDIR/in.token"
mkdir -p srv/in src
plant_tree src
start_server dtn cpxfer serve --tls-cert "$TESTDIR/dtn.pem" --tls-key "$TESTDIR/dtn.key" --audience "$CODE" \
  --listen 127.0.0.1:0 --root srv
URL=$(wait_line dtn 'listening on cpx://')
URL=${URL#*listening on } URL=${URL%%/ *}
# registered ACCESS…: the code of a resource with these accesses, as JSON.
registered() {
  local IFS=,
  printf '{"schema":"cp.resource/1","kind":"storage","access":[%s]}' "$*" | cpid register | jq -r .id
}
data() { printf '{"role":"data","url":"%s"%s}' "$1" "${2:+,\"tls_key\":\"sha256:$2\"}"; }
mover() { cpxfer --token "$TESTDIR/in.token" "$@"; }

GOOD=$(registered '{"role":"launch","url":"ssh://elsewhere.example"}' "$(data https://elsewhere.example/x)" \
  "$(data "$URL/in" "$(cat "$TESTDIR/dtn.pin")")")

it "moves a tree there and back by its code alone"
expect_status 0 mover src/ "$GOOD/a%20b/"
validate "$STDOUT"
expect_json '.encrypted and .state == "done"'
expect_equal "$(list src)" "$(list "srv/in/a%20b")"
expect_status 0 mover "$GOOD/a%20b/" back
expect_equal "$(list src)" "$(list back)"
expect_status 0 mover src/small "${GOOD/cp:/CP:}/"
expect_status 0 cmp src/small srv/in/small
expect_status 0 mover - "$GOOD/streamed" <src/small
expect_status 0 mover -n "$GOOD/small" .
expect_json ".plan[0].from == \"$URL/in/small\""

it "moves by an alias, too, whose name ends at the second slash"
cpid alias "$GOOD" @lab/dtn >/dev/null
expect_status 0 mover src/ "@lab/dtn/by alias/"
expect_json '.encrypted and .state == "done"'
expect_equal "$(list src)" "$(list "srv/in/by alias")"
expect_status 0 mover @lab/dtn/small named
expect_status 0 cmp src/small named
expect_status 0 mover -n @lab/dtn/small .
expect_json ".plan[0].from == \"$URL/in/small\""
# Without a path the access itself is meant, which is a directory here.
expect_status 0 mover -n src/small @lab/dtn
expect_json ".plan[0].to == \"$URL/in/small\""
expect_status 64 mover src/small @lab/dtn/../out
expect_equal "" "$(find srv -name out)"

it "takes what looks like an alias and is none for a path, and ./ for a path in any case"
mkdir -p @lab/dtn @Lab/dtn @lab
echo mine >@lab/dtn/file
echo other >@Lab/dtn/file
expect_status 0 cpxfer ./@lab/dtn/file copied
expect_equal mine "$(cat copied)"
expect_status 0 cpxfer @Lab/dtn/file copied-too
expect_equal other "$(cat copied-too)"
expect_status 0 cpxfer @lab copied-whole
expect_equal mine "$(cat copied-whole/@lab/dtn/file)"
expect_status 0 cpxfer ./@lab/dtn/file ./@lab/dtn/again
expect_status 66 mover src/small @lab/nobody/
expect_match 'write \./@lab/nobody/ if it is a path of this machine' "$STDERR"
expect_status 66 mover @lab/none here
expect_match '@lab/none' "$STDERR"
[ ! -e here ] || fail "something was moved"

it "goes to no server that shows another key, whatever the command says"
WRONG=$(registered "$(data "$URL/in" "$(cat "$TESTDIR/other.pin")")")
expect_status 77 mover src/small "$WRONG/"
expect_status 77 mover --ca "$TESTDIR/dtn.pem" src/small "$WRONG/"
expect_status 64 mover --tls-key "sha256:$(cat "$TESTDIR/dtn.pin")" src/small "$WRONG/"
expect_match 'its record says which key' "$STDERR"
expect_status 64 mover "$GOOD/small" "$WRONG/small" here

it "without a key in the record asks the authorities"
PLAIN=$(registered "$(data "$URL/in")")
expect_status 77 mover src/small "$PLAIN/"
expect_status 0 mover --ca "$TESTDIR/dtn.pem" src/small "$PLAIN/"

it "takes nothing of this machine out of a record, and nothing that is not verified"
HERE=$(registered "$(data "file:$PWD/srv/in")")
expect_status 69 mover src/small "$HERE/"
expect_match 'no data access that this cpxfer speaks: file:' "$STDERR"
NONE=$(registered '{"role":"launch","url":"ssh://elsewhere.example"}')
expect_status 69 mover src/small "$NONE/"
expect_status 66 mover src/small "$CODE/"
expect_status 65 mover src/small "cp:86/AAAAAAAA-00/"
expect_status 64 mover src/small "$GOOD/../out"
expect_equal "" "$(find srv -name out)"
cpid revoke "$PLAIN" >/dev/null 2>&1 || cpid tombstone "$PLAIN" >/dev/null
STATUS=0
mover --ca "$TESTDIR/dtn.pem" src/small "$PLAIN/gone" >"$STDOUT" 2>"$STDERR" || STATUS=$?
[ "$STATUS" -ne 0 ] && [ ! -e srv/in/gone ]
