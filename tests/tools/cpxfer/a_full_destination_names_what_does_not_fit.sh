#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

mkdir srv src
head -c 3000000 /dev/urandom >src/large
head -c 400000 /dev/urandom >src/medium
echo small >src/small
mkdir full

it "a server that may write no such large file names it, and takes the others"
start_server server bash -c 'ulimit -f 1024; exec cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv'
URL=$(wait_line server 'listening on cpx://')
URL=${URL#*listening on } URL=${URL%%/ *}
for rail in tcp fabric; do
  expect_status 1 cpxfer --anonymous --rail $rail src/ "$URL/$rail"
  validate "$STDOUT"
  expect_json "\$all[-1].state == \"partial\" and (\$all[-1].failed | map(.path)) == [\"$URL/$rail/large\"]"
  expect_match "^cpxfer: cannot move $URL/$rail/large: file too large$" "$STDERR"
  expect_equal "medium small" "$(find srv/$rail -mindepth 1 -printf '%f\n' | sort | paste -sd' ')"
done

# A small file system of this user's own.
cat >inside.sh <<'SH'
mount -t tmpfs -o size=2m none full || exit 77
exec "$@"
SH
own_disk() { unshare -rm bash inside.sh "$@"; }
own_disk true 2>/dev/null || skip "this user may mount nothing"

it "a full disk fails the file that does not fit, and the room that it took is free again"
expect_status 0 own_disk bash -c '
  cpxfer src/ full >first 2>said || echo $? >status
  for name in $(ls -A full); do cmp src/$name full/$name || exit; done
  cpxfer src/medium src/small full/ && cmp src/medium full/medium && cmp src/small full/small && ls -A full >listing'
expect_match '^(1|74)$' status
expect_match '^cpxfer: cannot move full/large: no space left on device$' said
validate first
expect_json '$all[-1] | .files.failed >= 1 and .files.done + .files.failed == 3 and any(.failed[]; .path == "full/large" and .code == "io")' first
expect_equal "medium small" "$(paste -sd' ' listing)"

it "a disk without any room is told as that"
expect_status 74 own_disk bash -c 'cpxfer src/large full/; s=$?; ls -A full >listing; exit $s'
expect_match 'no space left on device$' "$STDERR"
expect_equal "" "$(cat listing)"

it "names a file by the name that it was to take"
expect_status 74 own_disk cpxfer src/large full/other
expect_match '^cpxfer: cannot move full/other: no space left on device$' "$STDERR"
expect_json '[$all[-1].failed[].path] == ["full/other"]'

it "and so at a server"
cat >both.sh <<'SH'
cpxfer serve --anonymous --listen 127.0.0.1:0 --root full 2>said &
trap 'kill $!' EXIT
for _ in {1..100}; do grep -q listening said && break; sleep 0.1; done
url=$(sed 's/.*listening on //; s,/ .*,,' said)
cpxfer --anonymous src/ "$url/" 2>said || echo $? >status
cpxfer --anonymous src/large "$url/other" >/dev/null 2>named || true
cpxfer --anonymous src/medium src/small "$url/" >/dev/null
ls -A full >listing
SH
expect_status 0 own_disk bash both.sh
validate "$STDOUT"
expect_match '^(1|74)$' status
expect_json '$all[-1] | .files.failed >= 1 and .files.done + .files.failed == 3'
expect_match 'cannot move .*/large: no space left on device$' said
expect_match 'cannot move cpx://[^/]*/other: no space left on device$' named
expect_equal "medium small" "$(paste -sd' ' listing)"
