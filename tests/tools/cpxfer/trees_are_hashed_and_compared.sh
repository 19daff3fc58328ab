#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

plant_tree src
printf b >'src/back\slash'
cpxfer src dst/ >moved.json

it "gives a tree the digest that its transfer had"
for path in src dst/src; do
  expect_status 0 cpxfer hash $path
  validate "$STDOUT"
  expect_json ".value == \"$(jq -r .digest.value moved.json)\""
  expect_json ".files == $(jq .files.done moved.json) and .bytes == $(jq .bytes.total moved.json)"
done
whole=$(cpxfer hash --plain src)
expect_equal "$(cpxfer hash --plain src/)" "$(cpxfer hash --plain dst/src/)"
[ "$(cpxfer hash --plain src/)" != "$whole" ] || fail "the tree's own name makes no difference"
expect_equal "$whole" "$(cpxfer hash --plain -j 7 src)"

it "makes it of names, kinds and contents, and of nothing else"
touch src/small
chmod 600 src/small
expect_equal "$whole" "$(cpxfer hash --plain src)"
for change in 'printf x >>src/small' 'mv src/empty src/empty2' 'ln -sfn elsewhere src/dangling' 'rmdir src/hollow' \
  'printf Z | dd of=src/d/inner/big bs=1 seek=3333333 conv=notrunc status=none' 'touch src/d/new'; do
  before=$(cpxfer hash --plain src)
  eval "$change"
  [ "$(cpxfer hash --plain src)" != "$before" ] || fail "the same digest after: $change"
done

it "prints sums as sha256sum does, whatever the names"
expect_status 0 cpxfer hash --digest sha256 --plain dst/src
expect_equal "$(find dst/src -type f -print0 | sort -z | xargs -0 sha256sum)" "$(cat "$STDOUT")"
sha256sum --quiet -c "$STDOUT"
expect_status 0 cpxfer hash --digest sha256 dst/src
validate "$STDOUT"
expect_equal "$(find dst/src -type f -printf x | wc -c)" "$(grep -c sha256 "$STDOUT")" "records"
expect_status 0 cpxfer hash --each dst/src/many
expect_equal 701 "$(wc -l <"$STDOUT")" "records"

it "names what cannot be hashed, and prints no digest of a part"
mkfifo dst/src/pipe
expect_status 69 cpxfer hash dst/src
expect_match 'dst/src/pipe: it is a named pipe' "$STDERR"
expect_json '.schema == "cp.error/1" and ($all | length) == 1'
rm dst/src/pipe
expect_status 66 cpxfer hash nowhere dst/src/small
expect_json '$all[1].path == "dst/src/small"'
expect_status 69 cpxfer hash /dev/null
expect_status 1 cpxfer hash /proc/version
expect_match 'does not say how much it holds' "$STDERR"

it "finds no difference where there is none"
rm -rf src
cp -a dst/src src
expect_status 0 cpxfer verify src dst
validate "$STDOUT"
expect_json ".different == 0 and .against == \"dst\" and .value == \"$(cpxfer hash --plain src)\""
expect_status 0 cpxfer verify src/ dst/src
expect_status 0 cpxfer verify -T src dst/src
expect_status 0 cpxfer verify src/small src/d dst/src
cp src/small other
expect_status 0 cpxfer verify src/small other

it "names each item that is missing or another"
: >dst/src/small
printf Q | dd of=dst/src/d/inner/big bs=1 seek=4999999 conv=notrunc status=none
rm dst/src/empty dst/src/d/link
ln -sfn elsewhere dst/src/dangling
ln -s inner/packed dst/src/d/link
rmdir dst/src/hollow
: >dst/src/hollow
rm -rf dst/src/many
ln -s "$PWD/src/many" dst/src/many
expect_status 1 cpxfer verify src/ dst/src
validate "$STDOUT"
expect_json '$all[-1].different == 707'
expect_match 'src/small: its counterpart has 0 bytes, not 6$' "$STDERR"
expect_match 'src/d/inner/big: its content is another$' "$STDERR"
expect_match 'src/empty: it is missing' "$STDERR"
expect_match 'src/dangling: its target is another$' "$STDERR"
expect_match 'src/d/link: its target is another$' "$STDERR"
expect_match 'src/hollow: its counterpart is no directory$' "$STDERR"
expect_match 'src/many: its counterpart is no directory$' "$STDERR"
expect_match 'src/many/aaa: .*symbolic link' "$STDERR"
expect_equal '' "$(left_behind .)"

it "changes nothing and says what it cannot compare"
expect_status 66 cpxfer verify src nowhere/
[ ! -e nowhere ]
expect_status 64 cpxfer verify src
expect_status 69 cpxfer verify src cpx://127.0.0.1:1/src

it "is interrupted at once"
truncate -s 4T hole
start_server hashing cpxfer hash --digest sha256 hole
stop_server hashing INT
expect_equal 130 "$STATUS"
