#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --verify=readback: a disk that changes what it was given is found out, before a file gets its name.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
BAD=$CP_BUILD/tests/tools/bad_disk.so
[ -e "$BAD" ] || skip "the layer that changes what is written was not built"

# What begins with the needle is changed as it is written.
NEEDLE=needle-in-the-haystack
mkdir -p src srv
plant_tree src
{ printf '%s' $NEEDLE; head -c 3000000 /dev/urandom; } >src/large
{ printf '%s' $NEEDLE; head -c 1000 /dev/urandom; } >src/little
spoilt() { env LD_PRELOAD="$BAD" BAD_DISK=write:$NEEDLE TIMES=100 "$@"; }

it "reads back what arrived, and finds it as it was sent"
for durability in batch file end none; do
  expect_status 0 cpxfer --durability $durability --verify readback src/ good-$durability
  validate "$STDOUT"
  expect_json '.verify == "readback" and .state == "done"'
  expect_equal "$(list src)" "$(list good-$durability)"
done

# found DIR: two were not what they were to be, and the others are there.
found() {
  validate "$STDOUT"
  [ "$(grep -c 'cannot move .*/\(large\|little\): what the disk gives back is not what was written$' "$STDERR")" -eq 2 ] ||
    fail "they are not both named"
  expect_json '$all[-1] | .state == "partial" and .files.failed == 2 and (.failed | map(.code) | unique) == ["io"]'
  for name in large little; do [ ! -e "$1/$name" ] || fail "$name has its name"; done
  expect_equal "$(list src | grep -avE '^(large|little) ')" "$(list "$1")"
  expect_equal "" "$(left_behind "$1")"
}
it "names what the disk changed, and gives it no name, whenever it syncs"
for durability in batch file end none; do
  expect_status 1 spoilt cpxfer --durability $durability --verify readback src/ here-$durability
  found here-$durability
done
expect_status 74 spoilt cpxfer --verify readback src/large alone
[ ! -e alone ] || fail "it is there"

it "would not have noticed otherwise"
expect_status 0 spoilt cpxfer --no-resume src/large alone
! cmp -s src/large alone || fail "nothing was changed"
rm alone

it "brings it when the same command is given once more, to a disk that is better"
expect_status 0 cpxfer --verify readback src/ here-batch
expect_equal "$(list src)" "$(list here-batch)"
cmp src/large here-batch/large && cmp src/little here-batch/little

it "does not take for read back what landed without that"
expect_status 0 spoilt cpxfer src/ later
expect_status 0 cpxfer --verify readback src/ later
cmp src/large later/large

it "finds it at a server, and on the way from one"
start_server spoilt env LD_PRELOAD="$BAD" BAD_DISK=write:$NEEDLE TIMES=100 cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv
BAD_URL=$(wait_line spoilt 'listening on cpx://')
BAD_URL=${BAD_URL#*listening on } BAD_URL=${BAD_URL%%/ *}
expect_status 1 cpxfer --anonymous --verify readback src/ "$BAD_URL/to"
found srv/to
serve good .
expect_status 1 spoilt cpxfer --anonymous --verify readback "$URL/src/" back
found back
expect_status 0 cpxfer --anonymous --verify readback "$URL/src/" back
expect_equal "$(list src)" "$(list back)"

it "has nothing to read back of a stream"
expect_status 64 cpxfer --verify readback src/small -
expect_match 'what goes to a stream cannot be read back' "$STDERR"

# A file system in a file, whose bytes change beneath it: what it remembers of them does not.
cat >inside.sh <<'SH'
mount -o loop disk mnt || exit 77
trap 'umount mnt' EXIT
env LD_PRELOAD="$BAD" BAD_DISK=flip:$NEEDLE BACKING="$PWD/disk" cpxfer "$@"
SH
export BAD NEEDLE
export PATH="$PATH:/usr/sbin:/sbin"
need mke2fs unshare
mkdir mnt
truncate -s 64M disk
mke2fs -q -t ext4 disk
own() { unshare -m bash inside.sh "$@"; }
own src/small mnt/first >/dev/null 2>&1 || skip "this user may mount no file as a disk"

it "reads from the disk, and not from what the system remembers of it"
expect_status 74 own --durability file --verify readback src/large mnt/large
expect_match 'what the disk gives back is not what was written$' "$STDERR"
