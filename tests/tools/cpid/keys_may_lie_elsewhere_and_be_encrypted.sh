#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
(umask 077; echo 'correct horse' >pass; echo 'battery staple' >wrong; : >empty)

it "makes a key file that is closed, new, and opens with its passphrase alone"
expect_status 0 cpid keygen plain.pem
validate "$STDOUT"
expect_json '.for == ["delegate", "record"] and (.thumbprint | length) == 43'
expect_equal 600 "$(stat -c %a plain.pem)" mode
expect_status 73 cpid keygen plain.pem
expect_status 64 cpid keygen other.pem --for delegate,everything
expect_match "'everything' is none of delegate, record, state, head, token" "$STDERR"
expect_status 78 cpid keygen other.pem --passphrase-file empty
expect_status 64 setsid -w cpid keygen other.pem --encrypt
expect_match 'no terminal to ask for a passphrase at' "$STDERR"
expect_status 1 test -e other.pem
expect_status 0 cpid keygen delegating.pem --for delegate --passphrase-file pass
cp "$STDOUT" delegating.json
expect_match '^-----BEGIN ENCRYPTED PRIVATE KEY-----$' delegating.pem
chmod 644 pass
expect_status 78 cpid keygen other.pem --passphrase-file pass
chmod 600 pass

it "is a key file that openssl reads, and takes those that openssl writes"
if command -v openssl >/dev/null; then
  expect_status 0 openssl pkey -in delegating.pem -passin file:pass -noout -text
  expect_match '^ED25519 Private-Key:'
  (umask 077; openssl genpkey -algorithm ed25519 -out theirs.pem)
  expect_status 0 cpid sign --key theirs.pem <<<'{"schema":"cp.resource/1","id":"cp:86.3101.42/7F3K9Q2M-JB","seq":1}'
  expect_json '.proof.key | length == 43'
fi

it "founds a root whose delegating key never comes to the machine with the registry"
expect_status 0 cpid keygen live.pem --for record,state,head,token
cp "$STDOUT" live.json
expect_status 0 as root cpid init --prefix 86 --name Root --key delegating.json --key live.json
validate "$STDOUT"
expect_json '(.proof | not) and (.keys | length) == 2'
cp "$STDOUT" unsigned.json
expect_status 77 as root cpid mint
expect_status 77 as offline cpid sign --key delegating.pem --passphrase-file wrong unsigned.json
expect_match 'delegating.pem: the passphrase is wrong$' "$STDERR"
expect_no_match 'battery' "$STDERR"
expect_status 0 as offline cpid sign --key delegating.pem --passphrase-file pass unsigned.json
cp "$STDOUT" signed.json
jq -c '.name = "Rogue"' unsigned.json | as offline cpid sign --key delegating.pem --passphrase-file pass >rogue.json
expect_status 77 as root cpid accept rogue.json
expect_match 'it is not what was prepared here for prefix 86' "$STDERR"
expect_status 77 as root cpid accept unsigned.json
expect_status 0 as offline cpid sign --key live.pem unsigned.json
cp "$STDOUT" by-live.json
expect_status 77 as root cpid accept by-live.json
expect_status 0 as root cpid accept signed.json
expect_status 0 as root cpid mint --plain

it "delegates with it by files"
expect_status 0 as child cpid init --prefix 86.7 --parent 86
cp "$STDOUT" request.json
expect_status 66 as root cpid delegate request.json
expect_match 'the key that may sign as delegate is not here' "$STDERR"
expect_status 0 as root cpid delegate --prepare request.json --label seven --valid-for 365d
expect_json '(.proof | not) and .label == "seven"'
cp "$STDOUT" prepared.json
expect_status 0 as offline cpid sign --key delegating.pem --passphrase-file pass prepared.json
cp "$STDOUT" child-signed.json
jq -c '.may_delegate = true' child-signed.json >more.json
expect_status 77 as root cpid delegate more.json
expect_status 0 as root cpid delegate child-signed.json
cp "$STDOUT" answer.json
expect_status 0 as child cpid trust add --prefix 86 signed.json
expect_status 0 as child cpid accept answer.json
expect_status 0 as root cpid check --ledger
expect_json '.message | startswith("4 entries")'

it "opens an authority's encrypted key where it signs, and never in vain"
expect_status 0 as safe cpid init --passphrase-file pass
for file in "$TESTDIR"/safe/keys/*; do expect_match ENCRYPTED "$file"; done
expect_status 0 as safe cpid mint
record='{"schema":"cp.resource/1","kind":"node"}'
expect_status 77 as safe cpid register --passphrase-file wrong <<<"$record"
expect_status 64 as safe setsid -w cpid register <<<"$record"
expect_status 0 as safe cpid register --passphrase-file pass <<<"$record"
expect_status 0 as safe env CP_CPID_PASSPHRASE_FILE=pass cpid register <<<"$record"
expect_status 0 as safe cpid list
