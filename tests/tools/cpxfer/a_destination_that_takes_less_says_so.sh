#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Destinations that take no names as long as ours, no more than a quota, or nothing at all.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
BAD=$CP_BUILD/tests/tools/bad_disk.so
[ -e "$BAD" ] || skip "the layer of short names was not built"

name() { printf "$1%.0s" $(seq "$2"); }
LONG=$(name l 120) FITS=$(name f 100)
mkdir -p src/dir srv
printf long >"src/$LONG"
printf fits >"src/$FITS"
printf in >"src/dir/$LONG"
ln -s target "src/$(name s 101)"
head -c 2000000 /dev/urandom >"src/$(name b 140)"
printf small >src/small

check() {
  validate "$STDOUT"
  expect_equal "dir $FITS small" "$(cd "$1" && printf '%s\n' * | paste -sd' ')" "in $1: "
  expect_equal "" "$(ls "$1/dir")"
  expect_equal "fits small" "$(cat "$1/$FITS") $(cat "$1/small")"
  expect_equal "" "$(left_behind "$1")"
  [ "$(grep -c 'file name too long$' "$STDERR")" -eq 4 ] || fail "not each of them is named"
  expect_json '$all[-1] | .state == "partial" and .files.done == 2 and (.failed | length) == 4'
}
BAD_HERE=(env LD_PRELOAD="$BAD" BAD_DISK=names:100)
bad() { "${BAD_HERE[@]}" "$@"; }

it "names what is too long for the destination, and the others arrive"
expect_status 1 bad cpxfer src/ here
check here
expect_status 73 bad cpxfer "src/$LONG" here
expect_match "^cpxfer: cannot move here/$LONG: file name too long$" "$STDERR"

it "and so at a server, and from one"
start_server short "${BAD_HERE[@]}" cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv
SHORT=$(wait_line short 'listening on cpx://')
SHORT=${SHORT#*listening on } SHORT=${SHORT%%/ *}
expect_status 1 cpxfer --anonymous src/ "$SHORT/to"
check srv/to
serve long .
expect_status 1 bad cpxfer --anonymous "$URL/src/" back
check back

it "names a directory of which that holds, and what is in it"
mkdir -p "deep/$(name d 110)"
printf in >"deep/$(name d 110)/in"
cp src/small deep
expect_status 1 bad cpxfer deep/ there
expect_match "there/$(name d 110): file name too long$" "$STDERR"
expect_match "there/$(name d 110)/in: file name too long$" "$STDERR"
expect_equal small "$(ls there)"

it "names what is over a quota, keeps no part of it, and the others arrive"
mkdir big
head -c 5000000 /dev/urandom >big/large
printf small >big/small
over_quota() {
  validate "$STDOUT"
  expect_match "^cpxfer: cannot move $2/large: disk quota exceeded$" "$STDERR"
  expect_json '$all[-1] | .state == "partial" and .files.done == 1 and .files.failed == 1 and .failed[0].code == "io"'
  expect_equal small "$(ls "$1")"
  expect_equal "" "$(left_behind "$1")"
}
QUOTA=(env LD_PRELOAD="$BAD" BAD_DISK=quota:3000000)
expect_status 1 "${QUOTA[@]}" cpxfer big/ little
over_quota little little
expect_status 74 "${QUOTA[@]}" cpxfer big/large little/other
expect_match '^cpxfer: cannot move little/other: disk quota exceeded$' "$STDERR"
start_server quota "${QUOTA[@]}" cpxfer serve --anonymous --listen 127.0.0.1:0 --root srv
LITTLE=$(wait_line quota 'listening on cpx://')
LITTLE=${LITTLE#*listening on } LITTLE=${LITTLE%%/ *}
for rail in tcp fabric; do
  expect_status 1 cpxfer --anonymous --rail $rail big/ "$LITTLE/$rail"
  over_quota srv/$rail "$LITTLE/$rail"
done

# A file system that may be read alone, of this user's own.
cat >inside.sh <<'SH'
mkdir -p closed open
echo stands >closed/stands
mount --bind closed closed && mount -o remount,ro,bind closed || exit 77
exec "$@"
SH
closed() { unshare -rm bash inside.sh "$@"; }
closed true 2>/dev/null || skip "this user may mount nothing"

it "says at once that nothing can be written where a file system is read-only"
for what in src/ src/small; do
  expect_status 73 closed cpxfer "$what" closed
  expect_match '^cpxfer: cannot create closed: read-only file system$' "$STDERR"
  [ ! -s "$STDOUT" ] || fail "it moved something"
  expect_status 73 closed cpxfer "$what" closed/new/
  expect_match '^cpxfer: .*read-only file system$' "$STDERR"
done
expect_equal stands "$(ls closed)"

it "moves the rest where one directory of the destination is read-only"
cat >inside.sh <<'SH'
mkdir -p mixed/dir
mount --bind mixed/dir mixed/dir && mount -o remount,ro,bind mixed/dir || exit 77
exec "$@"
SH
rm -f src/l* src/d*/l* src/b* src/ss*
printf in >src/dir/one
expect_status 1 closed cpxfer src/ mixed
expect_match '^cpxfer: cannot move mixed/dir/one: .*read-only file system$' "$STDERR"
expect_json '$all[-1] | .state == "partial" and .files.done == 2'
expect_equal "dir $FITS small" "$(cd mixed && printf '%s\n' * | paste -sd' ')"

it "and so at a server"
cat >both.sh <<'SH'
mkdir -p closed
mount --bind closed closed && mount -o remount,ro,bind closed || exit 77
cpxfer serve --anonymous --listen 127.0.0.1:0 --root closed 2>said &
trap 'kill $!' EXIT
for _ in {1..200}; do grep -q listening said && break; sleep 0.1; done
url=$(sed 's/.*listening on //; s,/ .*,,' said)
cpxfer --anonymous src/ "$url/" && exit 1 || exit $?
SH
expect_status 73 unshare -rm bash both.sh
expect_match 'read-only file system$' "$STDERR"
