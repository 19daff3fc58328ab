#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# To a file system that takes README and readme for one name: exFAT, mounted in a namespace of our own.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
need unshare losetup mkfs.exfat mount.exfat-fuse
export -f it fail expect_status expect_json expect_equal expect_match show left_behind

cat >"$TESTDIR/inside" <<'END'
set -euo pipefail
STDOUT=$TESTDIR/stdout STDERR=$TESTDIR/stderr STATUS=0 SENTENCE='' RAN=''
truncate -s 16M disk
mkfs.exfat disk >/dev/null 2>&1
device=$(losetup -f --show disk) || exit 77
trap 'umount exfat 2>/dev/null || true; losetup -d "$device"' EXIT
mkdir exfat
mount.exfat-fuse "$device" exfat >/dev/null 2>&1 || exit 77
mkdir -p exfat/to src/Dir src/dir
echo one >src/README
echo two >src/readme
echo x >src/Dir/x
echo X >src/dir/X
echo y >src/dir/y
export CP_CPXFER_PRESERVE=

it "names what would take another's name, and leaves that alone"
expect_status 1 cpxfer src/ exfat/to
expect_json '$all[-1] | .state == "partial" and .files.failed == 3 and ([.failed[].message] | unique ==
  ["another item has that name already, where upper and lower case are one"])'
expect_equal 1 "$(find exfat/to -iname readme | wc -l)"
expect_equal "$(cat "src/$(cd exfat/to && ls | grep -i readme)")" "$(cat exfat/to/readme)"
[ "$(cat exfat/to/dir/x)" = x ] || [ "$(cat exfat/to/dir/x)" = X ] || fail "it is none of both"
expect_equal y "$(cat exfat/to/dir/y)"
first=$(cat exfat/to/readme)

it "and so when the same is moved again, or compared"
expect_status 1 cpxfer src/ exfat/to
expect_status 1 cpxfer --update src/ exfat/to
expect_equal "$first" "$(cat exfat/to/readme)"

it "replaces what stood there, and does not delete it for its other name"
rm -r exfat/to src
mkdir -p exfat/to/sub src/SUB
echo old >exfat/to/file
echo old >exfat/to/gone
echo old >exfat/to/sub/inner
echo new >src/FILE
echo new >src/SUB/Inner
expect_status 0 cpxfer --delete src/ exfat/to
expect_equal "new new" "$(cat exfat/to/FILE) $(cat exfat/to/SUB/Inner)"
[ ! -e exfat/to/gone ] || fail "something stayed"

# What is not told as failed is there as it was, whoever was first.
kept_or_told() { # SOURCE DESTINATION
  local path
  expect_json '$all[-1] | .state == "partial"'
  jq -r 'select(.failed) | .failed[].path' "$STDOUT" | sed 's|^[^/]*/||; s|^to/||' >told
  (cd "$1" && find . -type f -printf '%P\n') >paths
  while read -r path; do
    grep -qxF -e "$path" -e "${path%/*}" told || cmp "$1/$path" "$2/$path" || fail "$path is neither there nor told"
  done <paths
}
it "lets no directory destroy a file of the same name, nor a file a directory, with --delete either"
rm -r src
mkdir -p src/Dir src/sub src/Old src/LINKED
echo file >src/dir
echo x >src/Dir/x
head -c 3000000 /dev/urandom >src/SUB
head -c 3000000 /dev/urandom >src/sub/y
echo file >src/oLD
echo z >src/Old/z
echo file >src/linked
for _ in 1 2 3; do
  for flags in "" --delete "--delete --streams 4"; do
    rm -rf exfat/to
    mkdir -p exfat/to/OLD/of/before exfat/to/KEPT
    echo before >exfat/to/OLD/of/before/file
    # shellcheck disable=SC2086
    expect_status 1 cpxfer $flags src/ exfat/to
    kept_or_told src exfat/to
    expect_equal "" "$(left_behind exfat/to)"
  done
done

mkdir -p first/Dir
echo file >first/dir
for n in {1..40}; do echo "$n" >"first/Dir/$n"; done
for _ in {1..5}; do
  rm -rf exfat/to
  mkdir exfat/to
  expect_status 1 cpxfer --delete first/dir first/Dir exfat/to/
  kept_or_told first exfat/to
  expect_json '$all[-1].files.deleted == 0'
done

it "takes no name for its own in other letters"
rm -rf src exfat/to
mkdir -p src exfat/to
mkdir src/.CPXFER && echo w >src/with
echo x >src/.CPXFER/x
expect_status 1 cpxfer src/ exfat/to
expect_match 'the name is reserved' "$STDERR"
expect_equal "" "$(left_behind exfat/to)"
END
status=0
[ "$(id -u)" -eq 0 ] || skip "only root mounts exFAT"
unshare -m bash "$TESTDIR/inside" || status=$?
[ $status -ne 77 ] || skip "no exFAT can be mounted here"
exit $status
