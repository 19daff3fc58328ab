#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Both ways against python3-jwcrypto: what it signs holds here, what is signed here holds there; the
# canonical form of what it signs is made by this script, for documents without fractions.
. "$CP_SOURCE/tests/tools/harness.sh"
python=/usr/bin/python3
$python -c 'import jwcrypto' 2>/dev/null || skip "python3-jwcrypto is not installed"
cat >other.py <<'PY'
import json, sys
from jwcrypto import jwk, jws
from jwcrypto.common import base64url_encode

def form(document):
    bare = {name: value for name, value in document.items() if name != "proof"}
    return json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

def typ(document):
    return document["schema"].split("/")[0].replace("cp.", "cp-") + "+jws"

action, key_file = sys.argv[1:3]
with open(key_file, "rb") as file:
    key = jwk.JWK.from_pem(file.read()) if key_file.endswith(".pem") else jwk.JWK.from_json(file.read())
for line in sys.stdin:
    document = json.loads(line)
    if action == "sign":
        token = jws.JWS(form(document))
        token.add_signature(key, "EdDSA", json.dumps({"alg": "EdDSA", "kid": key.thumbprint(), "typ": typ(document)}))
        header, _, signature = token.serialize(compact=True).split(".")
        document["proof"] = {"jws": header + ".." + signature, "key": key.thumbprint()}
        print(json.dumps(document, ensure_ascii=False))
    else:
        assert document["proof"]["key"] == key.thumbprint()
        header, nothing, signature = document["proof"]["jws"].split(".")
        assert nothing == ""
        token = jws.JWS()
        token.deserialize(".".join([header, base64url_encode(form(document)), signature]))
        token.verify(key)
        assert token.jose_header["typ"] == typ(document)
        print("holds")
PY
cpid init --prefix 86 --name 'Ünïcode 超算 \ "quoted"' >root.json
key=$CP_STATE_DIR/keys/$(jq -r .proof.key root.json).pem

it "takes its signatures of what it has canonicalised itself"
expect_status 0 cpid mint --count 200 --plain
jq -Rc '{schema: "cp.resource/1", id: ., seq: 1, issued: "2026-01-01T00:00:00Z", kind: "node", nodes: (length * 7),
  valid_until: "2100-01-01T00:00:00Z", name: "\u0001\t\"\\ ü 超算 \u20ac", software: [], z: {b: null, a: [true, false, {}]}}' "$STDOUT" >documents
expect_status 0 $python other.py sign "$key" <documents
cp "$STDOUT" theirs
expect_status 0 cpid verify theirs
expect_json '$all[-1].summary.valid == 200'
sed -i 's/"nodes": /"nodes": 1/' theirs
expect_status 1 cpid verify theirs
expect_json '$all[-1].summary.failed == 200'

it "is taken by it, delegations, heads and records"
cpid sign --key "$key" <documents >ours
expect_status 0 $python other.py verify "$key" <ours
expect_equal 200 "$(grep -cx holds "$STDOUT")"
expect_status 0 $python other.py verify "$key" <root.json
cpid head >head.json
live=$CP_STATE_DIR/keys/$(jq -r .proof.key head.json).pem
expect_status 0 $python other.py verify "$live" <head.json
sed 's/"nodes":/"nodes":1/' ours >forged
expect_status 1 $python other.py verify "$key" <forged

it "signs with keys that it has made"
$python -c 'from jwcrypto import jwk; print(jwk.JWK.generate(kty="OKP", crv="Ed25519").export())' >theirs.json
chmod 600 theirs.json
expect_status 0 cpid sign --key theirs.json <documents
cp "$STDOUT" by-theirs
expect_status 0 $python other.py verify theirs.json <by-theirs
