#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

plant_tree src
mkdir srv
serve server srv -v

for rail in tcp fabric auto; do
  it "pushes a tree over the rail $rail with its names, modes, times, links and empty directories"
  expect_status 0 cpxfer --anonymous --rail $rail src/ "$URL/$rail"
  validate "$STDOUT"
  expect_json '.state == "done" and .failed == [] and .files.total == .files.done and .bytes.moved == .bytes.total'
  expect_json ".rails[0].kind == \"${rail/auto/tcp}\" and .rails[0].streams >= 1 and .bytes.wire > .bytes.moved - 67108864 and .bytes.wire < .bytes.moved / 2 and .encrypted == false"
  expect_equal "$(list src)" "$(list srv/$rail)"
  expect_status 0 diff -r --no-dereference src srv/$rail
  [ "$(stat -c %b srv/$rail/d/sparse)" -lt 4096 ] || fail "the hole of the sparse file is filled"

  it "pulls it over the rail $rail, with the same digest"
  expect_status 0 cpxfer --anonymous --rail $rail "$URL/$rail/" back-$rail
  validate "$STDOUT"
  expect_json '.state == "done" and .files.total == .files.done and .bytes.moved == .bytes.total'
  expect_equal "$(list src)" "$(list back-$rail)"
  expect_status 0 diff -r --no-dereference src back-$rail
  jq -r .digest.value "$STDOUT" >>digests
done
expect_status 0 cpxfer src/ copy
jq -r .digest.value "$STDOUT" >>digests
expect_equal 1 "$(sort -u digests | wc -l)" "digests of one tree"

it "replaces what stood there and leaves the rest alone"
echo other >srv/tcp/small
echo mine >srv/tcp/mine
expect_status 0 cpxfer --anonymous src/ "$URL/tcp"
expect_equal hello "$(cat srv/tcp/small)"
expect_equal mine "$(cat srv/tcp/mine)"

it "leaves nothing of its own behind, at neither end"
expect_equal "" "$(left_behind .)"

it "puts a directory without a slash under its name, and one file under the name that it is given"
expect_status 0 cpxfer --anonymous src/many src/small "$URL/two/"
expect_equal "many small" "$(find srv/two -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
expect_status 0 cpxfer --anonymous src/small "$URL/renamed"
expect_equal hello "$(cat srv/renamed)"
expect_status 0 cpxfer --anonymous -T src/d/inner "$URL/three"
expect_status 0 diff -r --no-dereference src/d/inner srv/three
expect_status 0 cpxfer --anonymous "$URL/renamed" "$URL/two/small" here
expect_equal "renamed small" "$(find here -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"

it "takes names with percent signs as a URL does"
expect_status 0 cpxfer --anonymous "$URL/tcp/100%2541" "$URL/tcp/%20space%20" "$URL/tcp/new%0aline" odd/
expect_equal "psn" "$(cat odd/100%41 'odd/ space ' odd/$'new\nline')"
expect_status 64 cpxfer --anonymous "$URL/tcp/100%4" odd/
expect_status 64 cpxfer --anonymous "$URL/tcp/a%00b" odd/

it "shows what would land at a server and does nothing"
expect_status 0 cpxfer --anonymous -n src/d "$URL/four"
validate "$STDOUT"
expect_json '.state == "planned" and .plan == [{from: "src/d", to: "'"$URL"'/four/d"}]'
expect_equal "" "$(ls -d srv/four 2>/dev/null)"

it "names what the server does not have"
expect_status 66 cpxfer --anonymous "$URL/none" here
expect_stderr "cpxfer: $URL: cannot open /none: no such file or directory"
expect_stdout ""

it "names what cannot be read at the server, and brings the rest"
mkfifo srv/two/pipe
expect_status 1 cpxfer --anonymous "$URL/two/" part
validate "$STDOUT"
expect_json '$all[-1].state == "partial" and $all[-1].files.failed == 1'
expect_match 'cannot move .*two/pipe: it is a named pipe' "$STDERR"
expect_equal hello "$(cat part/small)"

it "tells under -v what it did, with the names escaped, and ends cleanly"
expect_status 0 cpxfer --anonymous src/small "$URL/"$'\e[31m/'
stop_server server
expect_equal 0 "$STATUS"
expect_match '^cpxfer: 127\.0\.0\.1:[0-9]+: took /tcp: [0-9]+ files, ' "$TESTDIR/server.err"
expect_match '^cpxfer: 127\.0\.0\.1:[0-9]+: gave /tcp/: [0-9]+ files, ' "$TESTDIR/server.err"
expect_no_match $'\e' "$TESTDIR/server.err"
