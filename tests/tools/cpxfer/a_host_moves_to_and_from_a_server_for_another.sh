#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/third.sh"
need openssl jq

start_both
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
    -addext "subjectAltName=IP:127.0.0.1" -keyout "$TESTDIR/$1.key" -out "$TESTDIR/$1.pem" 2>/dev/null
  chmod 600 "$TESTDIR/$1.key"
}
certificate dtn
certificate other
PIN=sha256:$(openssl pkey -in "$TESTDIR/dtn.key" -pubout -outform DER | openssl dgst -sha256 -r | cut -c1-64)
cpid init --prefix 86 >/dev/null
CODE=$(cpid mint --plain)
token() {
  cpid token issue --plain --subject u1 --audience "$CODE" "${@:2}" >"$TESTDIR/$1.token"
  chmod 600 "$TESTDIR/$1.token"
}
token in --grant write:path=/in,bytes=10TB --grant read:path=/in
token small --grant write:path=/in,bytes=1MB
mkdir -p srv/in
start_dtn() {
  start_server dtn cpxfer serve --tls-cert "$TESTDIR/dtn.pem" --tls-key "$TESTDIR/dtn.key" --audience "$CODE" \
    --listen "127.0.0.1:${1:-0}" --root srv
  URL=$(wait_line dtn 'listening on cpx://')
  URL=${URL#*listening on } URL=${URL%%/ *}
}
start_dtn
plant_tree "$A/src"

it "gives a host's files to a server, which knows the one who asks by his token"
expect_status 0 cpxfer --json --token "$TESTDIR/in.token" --ca "$TESTDIR/dtn.pem" a:src/ "$URL/in/tree"
validate "$STDOUT"
expect_json '.state == "done" and .encrypted and .rails[0].kind == "tcp" and .source == "a:src/"'
expect_equal "$(list "$A/src")" "$(list srv/in/tree)"
expect_status 0 cpxfer --token "$TESTDIR/in.token" --tls-key "$PIN" a:src/small "$URL/in/a%20b"
expect_status 0 cmp "$A/src/small" "srv/in/a b"

it "and a server's files to a host"
expect_status 0 cpxfer --token "$TESTDIR/in.token" --tls-key "$PIN" "$URL/in/tree/" b:back
expect_json '.state == "done" and .destination == "b:back" and .digest.value != null'
expect_equal "$(list "$A/src")" "$(list "$B/back")"
expect_equal "" "$(left_behind "$B")"
expect_status 0 cpxfer -n --token "$TESTDIR/in.token" --tls-key "$PIN" "$URL/in/tree/small" b:back/
expect_json ".plan[0].from == \"$URL/in/tree/small\" and .plan[0].to == \"b:back/small\""

it "does nothing that the token or the server's key does not allow"
expect_status 77 cpxfer --token "$TESTDIR/in.token" --ca "$TESTDIR/dtn.pem" a:src/small "$URL/out/"
expect_match "^cpxfer: a: cpx://.*: " "$STDERR"
expect_status 77 cpxfer --ca "$TESTDIR/dtn.pem" a:src/small "$URL/in/"
expect_status 77 cpxfer --token "$TESTDIR/in.token" --ca "$TESTDIR/other.pem" a:src/small "$URL/in/x"
expect_status 77 cpxfer --token "$TESTDIR/in.token" a:src/small "$URL/in/x"
STATUS=0
cpxfer --retry 0s --token "$TESTDIR/small.token" --ca "$TESTDIR/dtn.pem" a:src/ "$URL/in/much" >"$STDOUT" 2>"$STDERR" || STATUS=$?
expect_equal 77 "$STATUS"
expect_equal "" "$(find srv -name x -o -name out)"

it "shows the token to nobody on the host"
head -c 60000000 /dev/urandom >"$A/large"
touch -d '1 hour ago' "$A/large"
start_server client cpxfer --bwlimit 12MB/s --token "$TESTDIR/in.token" --ca "$TESTDIR/dtn.pem" a:large "$URL/in/"
wait_until arriving srv/in/.cpxfer
pids=$(ends_at "$A")
[ -n "$pids" ] || fail "no end runs at a"
secret=$(tr -d '\n' <"$TESTDIR/in.token")
for pid in $pids $(running '^ssh '); do
  ! grep -qsaF "$secret" "/proc/$pid/cmdline" "/proc/$pid/environ" || fail "process $pid shows the token"
done
moved=$(awk '/^(rchar|wchar)/ { sum += $2 } END { print sum }' "/proc/${SERVERS[client]}/io")
[ "$moved" -lt 4000000 ] || fail "$moved bytes passed the caller"

it "goes on when the server comes back"
port=${URL##*:}
stop_server dtn KILL
start_dtn "$port"
STATUS=0
wait "${SERVERS[client]}" || STATUS=$?
unset 'SERVERS[client]'
expect_equal 0 "$STATUS" "$(cat "$TESTDIR/client.err")"
expect_json '.state == "done" and .connections > 1' "$TESTDIR/client.out"
cmp "$A/large" srv/in/large

it "is clear and open on the host's own loopback alone"
start_server open cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv
OPEN=$(wait_line open 'listening on cpx://')
OPEN=${OPEN#*listening on } OPEN=${OPEN%%/ *}
expect_status 0 cpxfer --anonymous a:src/small "$OPEN/anonymous"
expect_status 77 cpxfer --anonymous a:src/small cpx://192.0.2.1/x
expect_match 'no loopback address' "$STDERR"

it "says what cannot be, and what to type"
expect_status 69 cpxfer --token "$TESTDIR/in.token" "$URL/in/tree" cpx://127.0.0.1:1/x
expect_match 'no server is the client of another' "$STDERR"
expect_match 'give the command on one of the two machines' "$STDERR"
expect_status 64 cpxfer a:src b:src "$URL/in/"
expect_status 64 cpxfer --rail ssh a:src b:x
expect_status 64 cpxfer --rail fabric a:src b:x
expect_status 69 cpxfer a:src/small cpx://127.0.0.1:1/x --anonymous
expect_match '^cpxfer: a: cpx://127.0.0.1:1: ' "$STDERR"
far_path /usr/bin /bin
write_login_of a
expect_status 69 cpxfer a:src b:x
expect_match '^cpxfer: a: there is no cpxfer in the PATH there' "$STDERR"
expect_match 'install-remote' "$STDERR"
write_login_of b
expect_status 69 cpxfer b:src cpx://127.0.0.1:1/x
mkdir bin
printf '#!/bin/sh\nprintf "cpxfer\\r\\n\\002\\000\\000\\000\\001\\000\\000\\000"\nsleep 1\n' >bin/cpxfer
chmod +x bin/cpxfer
far_path "$PWD/bin" /usr/bin /bin
write_login_of a
expect_status 69 cpxfer --anonymous a:src "$OPEN/x"
expect_match '^cpxfer: a: its cpxfer is too old to carry out a transfer for others' "$STDERR"
