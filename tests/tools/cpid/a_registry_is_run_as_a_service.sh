#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl openssl python3
cpid init --prefix 86 >/dev/null
cpid register <<<'{"schema":"cp.resource/1","kind":"node"}' >record
path=/v1/id/$(code_path "$(jq -r .id record)")
certificate() { # NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
    -addext 'subjectAltName=IP:127.0.0.1' -keyout "$1.key" -out "$1.pem" 2>openssl.log
  chmod 600 "$1.key"
}
install_certificate() { cp "$1.pem" cert.pem && cp "$1.key" cert.key && chmod 600 cert.key; }

it "logs each request on a line that steers no terminal and has no token in it"
expect_status 73 cpid serve --anonymous --listen 127.0.0.1:0 --access-log no/such/place
serve here --access-log access.log --quiet
expect_http 200 "$path?token=secret1" -H 'Authorization: Bearer secret2' -A $'evil\e[31m\xff"\u202e'
expect_http 404 '/v1/nothing%0A%22'
expect_http 405 / -X DELETE
expect_http 200 '/v1/search?limit=1&where=nodes%20%3E%3D%201'
TOKEN=$(cpid token issue --plain --subject u1 --audience 86 --grant register)
expect_http 428 "$path" -X PUT -H "Authorization: Bearer $TOKEN" --data-binary @record
wait_until eval '[ "$(wc -l <access.log)" = 5 ]'
validate access.log
expect_no_match 'secret|eyJ' access.log
expect_no_match $'[^ -~]' access.log
expect_equal '200 404 405 200 428' "$(jq -r .status access.log | xargs)"
expect_json '$all[0].target | endswith("?token=...")' access.log
expect_json '$all[0].bytes > 100 and $all[0].peer == "127.0.0.1" and ($all[0].agent | startswith("evil"))' access.log
expect_json '$all[4].who == "86 u1" and $all[4].method == "PUT"' access.log
expect_equal '' "$(cat "$TESTDIR/here.err")"

it "tells its log, and nobody else, why a request failed"
hold_store .
expect_http 503 "$path" -X PUT -H "Authorization: Bearer $TOKEN" -H 'If-Match: "1"' --data-binary @record
expect_no_match 'identity|store'
let_store_go
wait_until eval '[ "$(tail -n 1 access.log | jq .status)" = 503 ]'
validate access.log
expect_json '$all[-1].why | endswith("identity.db: another process holds the store")' access.log
expect_match '^cpid: a request failed: .*identity.db: another process holds the store$' "$TESTDIR/here.err"

it "goes on in a new log after SIGHUP"
mv access.log old.log
kill -HUP "${SERVERS[here]}"
wait_until eval 'curl -s -o /dev/null "$URL/v1/bootstrap"; test -s access.log'
validate access.log

it "ends what is under way when it is asked to stop, and then itself"
cat >slow.py <<'PYTHON'
import http.client, sys, time, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
c = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
c.putrequest("PUT", "/v1/id/x"); c.putheader("Content-Length", "4"); c.endheaders(b"ab")
print("begun", flush=True)
sys.stdin.readline()
c.send(b"cd")
r = c.getresponse(); body = r.read()
print("got", r.status, r.getheader("Connection"), flush=True)
PYTHON
mkfifo go
start_server slow bash -c 'exec python3 slow.py "$0" <go' "$URL"
exec 7>go
wait_line slow begun >line
wait_until eval 'curl -s "$URL/metrics" | grep -q "^cp_registry_connections [2-9]"'
kill -TERM "${SERVERS[here]}"
wait_until eval '! curl -s --max-time 1 -o /dev/null "$URL/"'
kill -0 "${SERVERS[here]}" || fail "it did not wait for what was under way"
echo >&7
wait_line slow 'got 400 [Cc]lose' >line
stop_server here

it "gives new connections a certificate that was renewed, and loses none that is there"
certificate old
certificate new
install_certificate old
start_server tls cpid serve --tls-cert cert.pem --tls-key cert.key --listen 127.0.0.1:0
URL=$(wait_line tls '"cp\.server/1"' | jq -r '.url | rtrimstr("/")')
expect_http 200 "$path" --cacert old.pem
cat >hold.py <<'PYTHON'
import http.client, ssl, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
c = http.client.HTTPSConnection(url.hostname, url.port, timeout=20, context=ssl.create_default_context(cafile="old.pem"))
c.putrequest("PUT", "/v1/id/x"); c.putheader("Content-Length", "4"); c.endheaders(b"ab")
print("begun", flush=True)
sys.stdin.readline()
c.send(b"cd")
print("got", c.getresponse().status, flush=True)
PYTHON
start_server hold bash -c 'exec python3 hold.py "$0" <go' "$URL"
exec 7>go
wait_line hold begun >line
install_certificate new
kill -HUP "${SERVERS[tls]}"
# Until each of the threads that had the old one has left the socket.
has_new_one() { for _ in {1..8}; do curl -s -o /dev/null --cacert new.pem "$URL/" || return 1; sleep 0.1; done; }
wait_until has_new_one
expect_http 200 "$path" --cacert new.pem
echo >&7
wait_line hold 'got 400' >line
expect_http 000 "$path" --cacert old.pem

it "keeps the certificate that it has when the new one cannot be used"
echo nonsense >cert.pem
kill -HUP "${SERVERS[tls]}"
wait_line tls 'the old certificate stays' >line
expect_http 200 "$path" --cacert new.pem
kill -TERM "${SERVERS[tls]}"
stop_server tls
