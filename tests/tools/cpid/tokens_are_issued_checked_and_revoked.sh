#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpid/machines.sh"
server=cp:86.3101.42/7F3K9Q2M-JB
as root cpid init --prefix 86 >root.json
as server cpid trust add --prefix 86 root.json >anchor
issue() { as root cpid token issue "$@"; }

it "refuses what is no grant, server, end or action"
expect_status 64 issue --subject u1 --audience $server --grant fly
expect_match "none of read, write, run, register, state" "$STDERR"
expect_status 64 issue --subject u1 --audience example.org --grant read
expect_status 64 issue --subject u1 --audience $server
expect_status 64 issue --audience $server --grant read
expect_status 64 issue --subject u1 --audience $server --grant write:path=/in/../..
expect_match 'without ..' "$STDERR"
expect_status 64 issue --subject u1 --audience 86.3101 --grant register:prefix=86.9
expect_match 'prefix 86.9 does not lie below 86.3101' "$STDERR"
expect_status 64 issue --subject u1 --audience $server --grant read --not-after 2020-01-01T00:00:00Z
expect_status 64 as root cpid token forge
expect_status 66 as nobody cpid token issue --subject u1 --audience $server --grant read
expect_status 0 as root cpid token list
expect_stdout ''

it "writes a token to a file that nobody else may read, and shows it nowhere"
expect_status 0 issue me.token --subject u1 --audience $server --grant read --grant write:path=/scratch,bytes=10TB
validate "$STDOUT"
expect_json '.grants[1].bytes == 10000000000000 and (.exp - .nbf | . == 86400 or . == 86399) and has("token") == false'
jti=$(jq -r .jti "$STDOUT")
expect_equal 600 "$(stat -c %a me.token)"
! grep -rqF "$(cut -d. -f3 me.token)" "$TESTDIR/root" || fail "the store holds the token itself"
cp me.token before
expect_status 0 issue --output printed.token --subject u1 --audience $server --grant read
expect_equal 600 "$(stat -c %a printed.token)"
expect_status 73 issue me.token --subject u2 --audience $server --grant read
cmp me.token before || fail "the token was written over"

it "prints one where that is asked for"
expect_status 0 issue --plain --subject u1 --audience 86 --grant register:prefix=86,quota=5
expect_match '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$'
expect_status 0 issue --subject u1 --audience 86 --grant state
validate "$STDOUT"

it "is taken by a server that has the issuer pinned, for itself alone"
expect_status 0 as server cpid token check me.token --audience $server
expect_json '.sub == "u1"'
expect_status 77 as server cpid token check me.token --audience 86
expect_match 'the token is for .*wrong_audience' "$STDERR"
expect_status 77 as stranger cpid token check me.token --audience $server
expect_match 'no_anchor' "$STDERR"
chmod 644 me.token
expect_status 78 as server cpid token check me.token --audience $server
chmod 600 me.token

it "lists what was issued, and revokes: at once here, with the head elsewhere"
expect_status 0 as root cpid token list
expect_json '($all | length) == 4 and all($all[]; .status == "valid")'
expect_status 66 as root cpid token revoke 01M8160WP8BC98HFDRDK7K7K01
expect_status 0 as root cpid token revoke "$jti" --why lost
validate "$STDOUT"
cp "$STDOUT" head.json
expect_status 77 as root cpid token check me.token --audience $server
expect_match 'the token was revoked' "$STDERR"
expect_status 0 as root cpid token list
expect_json '[$all[] | select(.status == "revoked") | .jti] == ["'"$jti"'"]'
expect_status 0 as server cpid token check me.token --audience $server
expect_status 0 as server cpid verify head.json
expect_status 77 as server cpid token check me.token --audience $server
expect_match 'the token was revoked' "$STDERR"
expect_status 0 as root cpid check --ledger
