#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need python3

mkdir srv src small
head -c 3000000 /dev/urandom >src/f
echo hello >small/f
serve server srv

# through STREAM OFFSET: $THROUGH leads to the server past somebody who changes that byte.
through() {
  start_server "$1-$2" python3 "$PEER" flip "${URL##*:}" "$1" "$2"
  THROUGH=cpx://127.0.0.1:$(wait_line "$1-$2" '^port ' | cut -d' ' -f2)
}

it "lets through what nobody changes"
through rail 99999999
expect_status 0 cpxfer --anonymous src/ "$THROUGH/same"
expect_status 0 cmp src/f srv/same/f

# 64 bytes begin the stream and 128 the chunk.
for offset in 193 500000 1048767; do
  it "finds byte $offset of a stream to the server changed, and no file appears"
  through rail $offset
  expect_status 76 cpxfer --anonymous --streams 1 src/ "$THROUGH/in"
  validate "$STDOUT"
  expect_json '.state == "failed" and .files.done == 0 and .error.code == "protocol" and .digest == null'
  expect_stderr "cpxfer: $THROUGH: a chunk that does not match its digest"
  expect_equal "" "$(find srv/in -mindepth 1)"
done

it "finds a changed byte of a small file"
through rail 192
expect_status 76 cpxfer --anonymous small/ "$THROUGH/in"
expect_stderr "cpxfer: $THROUGH: a chunk that does not match its digest"
expect_equal "" "$(find srv/in -mindepth 1)"

it "finds a changed byte on its way back"
through back-rail 500000
expect_status 76 cpxfer --anonymous "$THROUGH/same/" back
expect_match 'a chunk that does not match its digest$' "$STDERR"
expect_equal "" "$(find back -mindepth 1)"

it "finds a changed frame, whatever byte of it"
for offset in 64 68 69 72 80 88 96 104 132; do
  through rail $offset
  expect_status 76 cpxfer --anonymous --streams 1 src/ "$THROUGH/in"
  expect_equal "" "$(find srv/in -mindepth 1)"
done

it "moves nothing over a stream whose ends have not proven the key to each other"
for where in "rail 20" "rail 40" "back-rail 5"; do
  # shellcheck disable=SC2086
  through $where
  expect_status 77 cpxfer --anonymous --streams 1 src/ "$THROUGH/in"
  expect_match "does not have the session's key$" "$STDERR"
  expect_equal "" "$(ls srv/in)"
done
