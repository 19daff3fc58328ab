#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2013  # a path in percent form is one word
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl python3 openssl

cpid init --prefix 86 >/dev/null
cpid mint --count 60 --plain >codes
mapfile -t codes <codes
TOKEN=$(cpid token issue --plain --subject u1 --audience 86 --grant register)
for code in "${codes[@]}"; do
  jq -nc --arg id "$code" '{schema: "cp.resource/1", id: $id, seq: 1, issued: "2026-01-01T00:00:00Z",
    valid_until: "2099-01-01T00:00:00Z", kind: "node", name: "x"}'
done | cpid sign >signed
mkdir records
while read -r record; do
  printf '%s' "$record" >"records/$(jq -r '.id | @uri' <<<"$record")"
done <signed
jq -r '.id | @uri' signed >paths
# put_to URL PATH_OF_CODE: hands its record in and prints the status
put_to() {
  curl -s -o /dev/null -w '%{http_code}\n' --max-time 20 -X PUT -H "Authorization: Bearer $TOKEN" \
    -H 'If-None-Match: *' --data-binary "@records/$2" "$1/v1/id/$2" || true
}

it "answers others while strangers send garbage, nothing, or a byte now and then"
serve here
cat >strangers.py <<'PYTHON'
import os, random, socket, sys, time, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
random.seed(1)
held = []
for i in range(200):
    s = socket.create_connection((url.hostname, url.port))
    s.setblocking(False)
    try:
        s.send([b"", b"GET / HTTP/1.1\r\nHo", b"PUT /v1/id/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{",
                random.randbytes(300), b"\x16\x03\x01" + random.randbytes(200), b"GET " + b"/" * 70000][i % 6])
    except OSError:
        pass
    held.append(s)
print("held", flush=True)
time.sleep(30)
PYTHON
start_server strangers python3 strangers.py "$URL"
wait_line strangers held >line
for _ in {1..20}; do expect_http 200 /v1/bootstrap; done
expect_http 200 /metrics
expect_match '^cp_registry_connections (1[0-9]|[2-9])[0-9]'
stop_server strangers KILL

it "has every record that it took, though it was killed while it took others"
for round in 1 2 3; do
  : >taken
  for path in $(sed -n "$((round * 15 - 14)),$((round * 15))p" paths); do
    echo "$(put_to "$URL" "$path") $path" >>taken
  done &
  wait_until test -s taken
  kill -KILL "${SERVERS[here]}"
  wait $! 2>/dev/null || true
  stop_server here KILL
  serve here
  grep -q '^201 ' taken || fail "nothing was taken before it was killed"
  while read -r status path; do
    [ "$status" = 201 ] || continue
    expect_http 200 "/v1/id/$path"
  done <taken
done
expect_status 0 cpid list --codes
expect_equal 60 "$(wc -l <"$STDOUT")"

it "shares its store with another server: one of two takes a record, both give it out"
other=$URL
serve second
path=$(sed -n 50p paths)
put_to "$other" "$path" >first_status &
put_to "$URL" "$path" >second_status
wait $!
expect_equal "201 412" "$(sort first_status second_status | xargs)"
for URL in "$other" "$URL"; do expect_http 200 "/v1/id/$path"; done
stop_server second

it "says that the disk is full, keeps answering, and takes records again when there is room"
stop_server here
# A limit on the size of files stands for the disk.
start_server full bash -c 'ulimit -f 64; exec cpid serve --anonymous --listen 127.0.0.1:0'
URL=$(wait_line full '"cp\.server/1"' | jq -r '.url | rtrimstr("/")')
status=201
for path in $(sed -n '51,60p' paths); do
  [ "$status" = 201 ] || break
  status=$(put_to "$URL" "$path")
done
expect_equal 507 "$status"
expect_http 404 "/v1/id/$path"
expect_http 200 "/v1/bootstrap"
stop_server full
serve here
expect_equal 201 "$(put_to "$URL" "$path")"
stop_server here

it "speaks TLS with the certificate that it was given, and nothing else there"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout key.pem -out cert.pem 2>/dev/null
chmod 600 key.pem
start_server tls cpid serve --tls-cert cert.pem --tls-key key.pem --listen 127.0.0.1:0
URL=$(wait_line tls '"cp\.server/1"' | jq -r '.url | rtrimstr("/")')
expect_match '^https://127' <(echo "$URL")
expect_http 200 /v1/bootstrap --cacert cert.pem
validate "$STDOUT"
expect_http 000 /v1/bootstrap
expect_http 000 /v1/bootstrap --cacert cert.pem --tls-max 1.1
URL=http${URL#https} expect_http 000 /v1/bootstrap
