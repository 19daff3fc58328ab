#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
. "$CP_SOURCE/tests/tools/cpid/serving.sh"
need curl python3

it "serves nobody without an authority, and in clear only this machine, when that is asked for"
expect_status 66 cpid serve --anonymous --listen 127.0.0.1:0
expect_status 0 cpid init
expect_status 64 cpid serve --listen 127.0.0.1:0
expect_match 'anonymous' "$STDERR"
expect_status 64 cpid serve --anonymous --listen 0.0.0.0:0
expect_status 64 cpid serve --anonymous --tls-cert a --tls-key b --listen 127.0.0.1:0
expect_status 64 cpid serve --tls-cert a --listen 127.0.0.1:0
expect_status 66 cpid serve --tls-cert nowhere --tls-key nowhere --listen 127.0.0.1:0
expect_status 64 cpid serve --anonymous --connections 0 --listen 127.0.0.1:0
echo nothing >key.pem
chmod 644 key.pem
expect_status 78 cpid serve --tls-cert key.pem --tls-key key.pem --listen 127.0.0.1:0
chmod 600 key.pem
expect_status 78 cpid serve --tls-cert key.pem --tls-key key.pem --listen 127.0.0.1:0

it "says where it listens in one record"
cat >records <<'JSON'
{"schema":"cp.resource/1","kind":"node","name":"one","alias":["@lab/one"],"also_known_as":[{"scheme":"lei","id":"529900T8BM49AURSDO55"}],"nodes":3,"place":{"region":"cn-sh"},"node":{"cpu":{"cores":64},"memory_bytes":1000000000000,"accelerators":[{"vendor":"nvidia","model":"H100-SXM-80GB","count":8}]}}
{"schema":"cp.resource/1","kind":"node","name":"two","alias":["@lab/two"],"nodes":1,"place":{"region":"cn-bj"},"node":{"cpu":{"cores":8}}}
{"schema":"cp.resource/1","kind":"node","name":"three","nodes":1,"node":{"cpu":{"cores":16},"accelerators":[]}}
JSON
expect_status 0 cpid register records
cp "$STDOUT" registered
one=$(jq -r 'select(.name == "one").id' registered) two=$(jq -r 'select(.name == "two").id' registered)
serve here
validate "$TESTDIR/here.out"
expect_json '.prefix == "0" and .tls == false' "$TESTDIR/here.out"

it "gives a record as it was signed, and says for how long it may be kept"
expect_http 200 "/v1/id/$(code_path "$one")"
expect_equal "$(jq -cS 'select(.name == "one")' registered)" "$(jq -cS . "$STDOUT")"
validate "$STDOUT"
expect_match '^ETag: "1"' "$TESTDIR/head"
expect_match '^Cache-Control: public, max-age=300' "$TESTDIR/head"
expect_match '^X-Content-Type-Options: nosniff' "$TESTDIR/head"
expect_http 304 "/v1/id/$(code_path "$one")" -H 'If-None-Match: "0", W/"1"'
expect_http 200 "/v1/id/$(code_path "$one")" -H 'If-None-Match: "2"'
lower=${one,,}
expect_http 200 "/v1/id/$(code_path "$lower")"

it "knows aliases and foreign codes"
for path in /v1/alias/lab/one /v1/known/lei/529900T8BM49AURSDO55; do
  expect_http 200 "$path"
  expect_equal "$one" "$(jq -r .id "$STDOUT")"
done

it "says what is wrong with a wrong question, each time as a cp.error"
for question in '400 /v1/id/cp:0%2FAAAA-00' '400 /v1/alias/LAB/x' '404 /v1/alias/lab/none' \
  '404 /v1/known/lei/none' '404 /v1/known/alias/@lab%2Fone' "404 /v1/state/$(code_path "$one")" '404 /v1' '404 /v2/id/x' '404 /%00' \
  '400 /v1/search?where=corez%3E1' '400 /v1/search?where=' '400 /v1/search?limit=-1' '400 /v1/feed?since=x' \
  "404 /v1/id/$(code_path cp:86.3101.42/7F3K9Q2M-JB)" '400 /%'; do
  expect_http "${question%% *}" "${question#* }"
  validate "$STDOUT"
  expect_json '.schema == "cp.error/1"'
done
expect_http 404 /v1/alias/lab/none
expect_match '^Cache-Control: public, max-age=10' "$TESTDIR/head"
expect_http 405 "/v1/id/$(code_path "$one")" -X DELETE
expect_http 413 "/v1/bootstrap" -X POST -d hello

it "searches with the language of --where"
expect_http 200 '/v1/search?where=gpu.model+%3D+H100+and+cores+%3E%3D+64'
expect_equal one "$(jq -r .name "$STDOUT")"
expect_http 200 '/v1/search?where=region+in+%5Bcn-bj%2Ccn-sh%5D+and+nodes+in+%5B1..2%5D'
expect_equal two "$(jq -r .name "$STDOUT")"
expect_http 200 '/v1/search?where=not+cores+%3C+16+or+name+like+%22tw*%22'
expect_equal "one three two" "$(jq -r .name "$STDOUT" | sort | xargs)"
expect_http 200 '/v1/search?where=cores+%3E+1000'
expect_equal "" "$(xargs <"$STDOUT")"
expect_http 200 '/v1/search?limit=2'
expect_equal 2 "$(jq -r .id "$STDOUT" | wc -l)"

it "gives its ledger as a chain of hashes that ends in a signed head"
expect_http 200 /v1/feed
validate "$STDOUT"
cp "$STDOUT" feed
python3 - feed <<'PYTHON'
import hashlib, json, sys
last = bytes(32)
seq = 0
for line in open(sys.argv[1]):
    record = json.loads(line)
    if record["schema"] == "cp.head/1":
        assert record["seq"] == seq and record["hash"] == "sha256:" + last.hex()
        break
    seq += 1
    entry = json.dumps(record["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert record["previous"] == "sha256:" + last.hex() and record["seq"] == record["entry"]["seq"] == seq
    last = hashlib.sha256(last + entry.encode()).digest()
    assert record["hash"] == "sha256:" + last.hex()
    if "document" in record and "record" in record["entry"]:
        form = json.dumps(record["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert record["entry"]["record"] == "sha256:" + hashlib.sha256(form.encode()).hexdigest()
else:
    sys.exit("no head")
PYTHON
expect_equal "init mint resource mint resource mint resource head" "$(jq -r 'select(.kind).kind' feed | xargs)"
expect_http 200 '/v1/feed?since=5&limit=1'
expect_equal "6 cp.head/1" "$(jq -r 'if .kind then .seq else .schema end' "$STDOUT" | xargs)"

it "gives all of it in one dump, which anybody can verify"
expect_http 200 /v1/dump
validate "$STDOUT"
cp "$STDOUT" dump
as other cpid trust add --prefix 0 "$(jq -r 'select(.schema == "cp.delegation/1").keys[0].x' dump)" >/dev/null
expect_status 0 as other cpid verify dump
expect_json '$all[-1].summary == ($all[-1].summary + {checked: 5, valid: 5, failed: 0})'

it "sees at once what another process changes"
jq -c 'select(.name == "two") | .nodes = 9' registered >changed
expect_status 0 cpid register changed
expect_http 200 "/v1/id/$(code_path "$two")" -H 'If-None-Match: "1"'
expect_json '.seq == 2 and .nodes == 9'
expect_http 200 /v1/feed
expect_json '[$all[] | select(.kind == "resource" and .document == null)] | length == 1'
expect_json '[$all[] | select(.document.nodes == 9)] | length == 1'

it "says what has ended, with the signed record of it"
expect_status 0 cpid tombstone @lab/one --why 'switched off'
expect_http 410 "/v1/id/$(code_path "$one")"
expect_json '.ended.how == "tombstone" and .proof != null'
expect_http 410 /v1/alias/lab/one
expect_http 200 '/v1/search?where=cores+%3E%3D+64'
expect_equal "" "$(xargs <"$STDOUT")"

it "ends at SIGTERM, cleanly"
stop_server here
expect_equal 0 "$STATUS" "status of the server"
