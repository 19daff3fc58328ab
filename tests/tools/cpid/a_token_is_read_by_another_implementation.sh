#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# python3-jwcrypto reads a token that was issued here, and one that it has made holds here.
. "$CP_SOURCE/tests/tools/harness.sh"
python=/usr/bin/python3
$python -c 'import jwcrypto' 2>/dev/null || skip "python3-jwcrypto is not installed"
server=cp:86.3101.42/7F3K9Q2M-JB
cpid init --prefix 86 >root.json
cat >other.py <<'PY'
import json, sys
from jwcrypto import jwk, jws, jwt

action, key_file, root_file = sys.argv[1:4]
if action == "read":
    keys = jwk.JWKSet()
    for key in json.load(open(root_file))["keys"]:
        keys.add(jwk.JWK(kty=key["kty"], crv=key["crv"], x=key["x"], kid=jwk.JWK(
            kty=key["kty"], crv=key["crv"], x=key["x"]).thumbprint()))
    token = jwt.JWT(jwt=sys.stdin.read().strip(), key=keys, algs=["EdDSA"])
    assert json.loads(token.header)["typ"] == "cp-token+jwt"
    print(token.claims)
else:
    with open(key_file, "rb") as file:
        key = jwk.JWK.from_pem(file.read())
    token = jwt.JWT(header={"alg": sys.argv[4], "typ": "cp-token+jwt", "kid": key.thumbprint()},
                    claims=sys.stdin.read().strip())
    token.make_signed_token(key)
    print(token.serialize())
PY

it "issues tokens that it verifies, and reads as they were meant"
expect_status 0 cpid token issue mine --subject ü1 --audience $server --grant write:path=/scratch
cp "$STDOUT" claims
expect_status 0 $python other.py read none root.json <mine
cp "$STDOUT" theirs
expect_equal "$(jq -S . claims)" "$(jq -S . theirs)"
sed 's/^\(.\{80\}\)./\1x/' mine >forged
expect_status 1 $python other.py read none root.json <forged

it "takes those that it has made with a key for tokens, and no other"
key=$(jq -r '[.keys[] | select(.for | index("token"))][0].x' root.json)
for file in "$CP_STATE_DIR"/keys/*.pem; do
  [ "$(openssl pkey -in "$file" -pubout -outform DER | tail -c 32 | basenc --base64url | tr -d =)" != "$key" ] || live=$file
done
umask 077
expect_status 0 $python other.py make "$live" root.json EdDSA <claims
cp "$STDOUT" made
expect_status 0 cpid token check made --audience $server
expect_json '.sub == "ü1"'
main=$CP_STATE_DIR/keys/$(jq -r .proof.key root.json).pem
expect_status 0 $python other.py make "$main" root.json EdDSA <claims
cp "$STDOUT" made2
expect_status 77 cpid token check made2 --audience $server
expect_match 'may not sign as token.*wrong_use' "$STDERR"
