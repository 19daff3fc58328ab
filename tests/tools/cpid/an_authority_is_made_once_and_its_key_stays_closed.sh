#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

it "says what to do where there is no authority, and makes nothing"
rmdir "$CP_STATE_DIR"
for command in 'mint' 'resolve @lab/a' 'list' 'check --ledger'; do
  # shellcheck disable=SC2086
  expect_status 66 cpid $command
  expect_stderr 'cpid: there is no authority here
  run cpid init'
done
expect_status 66 cpid register <<<'{"schema":"cp.resource/1","kind":"node"}'
expect_status 1 test -e "$CP_STATE_DIR"

it "makes a private authority with a closed key"
expect_status 0 cpid init --name 'Test Lab'
validate "$STDOUT"
expect_json '.prefix == "0" and .level == "private" and .name == "Test Lab" and .may_delegate == false'
key=$(jq -r .proof.key "$STDOUT")
expect_equal '700 700 600 600' "$(stat -c %a "$CP_STATE_DIR" "$CP_STATE_DIR/keys" "$CP_STATE_DIR"/keys/* "$CP_STATE_DIR/identity.db" | xargs)" modes

it "keeps the key in a form that openssl reads"
if command -v openssl >/dev/null; then
  expect_status 0 openssl pkey -in "$CP_STATE_DIR/keys/$key.pem" -noout -text
  expect_match '^ED25519 Private-Key:'
fi

it "refuses a second authority and changes nothing"
before=$(sha256sum "$CP_STATE_DIR"/keys/*)
expect_status 73 cpid init
expect_match '^cpid: there is an authority here already, of prefix 0$' "$STDERR"
expect_equal "$before" "$(sha256sum "$CP_STATE_DIR"/keys/*)"

it "refuses a prefix that is none"
expect_status 64 env CP_STATE_DIR="$TESTDIR/other" cpid init --prefix 086
expect_match '086 is no prefix' "$STDERR"

it "refuses a state directory that is open to others"
chmod 755 "$CP_STATE_DIR"
expect_status 78 cpid mint
expect_match "^cpid: $CP_STATE_DIR is open to others$" "$STDERR"
chmod 700 "$CP_STATE_DIR"

it "refuses a key that others may read, and one that is no key"
describe='{"schema":"cp.resource/1","kind":"node"}'
chmod 644 "$CP_STATE_DIR/keys/$key.pem"
expect_status 78 cpid register <<<"$describe"
expect_match 'may be read by others' "$STDERR"
chmod 600 "$CP_STATE_DIR/keys/$key.pem"
echo oops >"$CP_STATE_DIR/keys/$key.pem"
expect_status 78 cpid register <<<"$describe"
expect_no_match oops "$STDERR"

it "refuses a store that is none"
echo 'this is not a database, nor was it ever one' >"$CP_STATE_DIR/identity.db"
rm -f "$CP_STATE_DIR"/identity.db-*
expect_status 65 cpid list
