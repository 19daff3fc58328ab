#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --update, --checksum and --delete: what they leave, replace and remove is what rsync's do.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/golden.sh"

mkdir outside-source
plant src
mkdir "$TESTDIR/outside"
printf outside >"$TESTDIR/outside/file"

both() { # FLAGS…
  rm -rf by-rsync by-cpxfer
  plant by-rsync
  drift by-rsync
  cp -a by-rsync by-cpxfer
  rsync -rlpt "$@" src/ by-rsync/ 2>"$TESTDIR/rsync"
  cpxfer "$@" src/ by-cpxfer/ >"$STDOUT"
  validate "$STDOUT"
  expect_equal "$(describe by-rsync | coarse)" "$(describe by-cpxfer | coarse)" "${*}: "
  expect_equal "" "$(left_behind by-cpxfer)"
  expect_equal outside "$(cat "$TESTDIR/outside/file")"
}

it "leaves, replaces and removes what rsync does"
both --update
both --checksum
both --update --checksum
both --update --delete
both --checksum --delete
both --update --delete --exclude '*.o'
both --update --delete --exclude /extra --exclude objects/
both --update --delete --exclude 'gone/*'
both --update --delete --exclude inner
both --update --delete --include '*/' --include '*.c' --exclude '*'
both --checksum --delete --exclude .git --exclude b

it "tells what it did"
both --update --delete
expect_json '.files.deleted == 11 and .files.skipped == 5 and .state == "done" and .digest == null'
both --checksum
expect_json '.files.skipped == 4 and .files.deleted == null'
rm -rf whole
rsync -a src/ whole
expect_equal "$(cpxfer hash --plain src/)" "$(cpxfer --checksum src/ whole | jq -r .digest.value)"
expect_status 0 cpxfer --checksum src/ whole
expect_json '.bytes.moved == 0 and .digest.value != null'

it "does the same in a directory under its own name, and with several sources"
rm -rf one two more
mkdir one two more
printf m >more/m
plant one/src; drift one/src
cp -a one/. two
printf stays >one/beside
cp -a one/beside two/
# Without a comparison nothing is taken for the same: rsync's -I.
rsync -rlptI --delete src more one/
cpxfer --delete src more two/ >/dev/null
expect_equal "$(describe one | coarse)" "$(describe two | coarse)"
expect_equal stays "$(cat two/beside)"
rsync -rlptI --delete src/ more/ one/
cpxfer --delete src/ more/ two/ >/dev/null
expect_equal "$(describe one | coarse)" "$(describe two | coarse)"

it "does it at a server, and from one"
serve server .
for flags in --update --checksum '--update --delete' '--checksum --delete --exclude *.o'; do
  set -f
  # shellcheck disable=SC2086
  set -- $flags
  set +f
  rm -rf far near
  plant far; drift far
  cp -a far near
  cp -a far wanted
  rsync -rlpt "$@" src/ wanted/
  expect_status 0 cpxfer --anonymous "$@" src/ "$URL/far/"
  expect_equal "$(describe wanted | coarse)" "$(describe far | coarse)" "pushed $flags: "
  expect_status 0 cpxfer --anonymous "$@" "$URL/src/" near/
  expect_equal "$(describe wanted | coarse)" "$(describe near | coarse)" "pulled $flags: "
  rm -rf wanted
done

it "gives what stays the owner, the attributes and the links of its source"
rm -rf golden one two
mkdir golden
plant_golden golden
[ "$(id -u)" -ne 0 ] || plant_roots golden
rsync -aHAX golden/ one
rsync -aHAX golden/ two
for tree in one two; do
  setfattr -n user.extra -v e $tree/small
  setfattr -x user.binary $tree/dir/large
  setfacl -b $tree/listed
  cp -p --remove-destination $tree/dir/b $tree/dir/b2
  mv $tree/dir/b2 $tree/dir/b
  [ "$(id -u)" -ne 0 ] || chown 5:6 $tree/owned
done
rsync -aHAX golden/ one
cpxfer --update --preserve all golden/ two >"$STDOUT"
expect_equal "$(describe one | coarse)" "$(describe two | coarse)"
expect_json '.bytes.moved < 100000'

it "removes nothing when something failed, unless that is asked for"
rm -rf there
plant there; drift there
mkfifo src/pipe
expect_status 1 cpxfer --delete src/ there
expect_json '$all[-1].files | .deleted == 0 and .failed == 1'
[ -e there/extra-file ] && [ -e there/extra/inner/file ]
printf p >there/pipe
expect_status 1 cpxfer --delete --ignore-errors src/ there
expect_json '$all[-1].files.deleted > 5'
[ ! -e there/extra ] && [ "$(cat there/pipe)" = p ]
rm src/pipe

it "removes nothing of what is only too old, or on another file system, to be sent"
rm -rf there
plant there
printf e >there/extra
expect_status 0 cpxfer --max-age 1d --delete src/ there
expect_json '.files.deleted == 1 and .files.done == 0'
expect_equal "$(list src | grep -av ' d ')" "$(list there | grep -av ' d ')"

it "removes nothing before everything has arrived"
rm -rf slow there
mkdir slow there
head -c 40000000 /dev/urandom >slow/large
printf e >there/extra
start_server slow cpxfer --delete --bwlimit 4MB/s slow/ there
wait_until arriving there
stop_server slow KILL
expect_equal e "$(cat there/extra)"
expect_status 0 cpxfer --delete slow/ there
[ ! -e there/extra ]
expect_status 0 cmp slow/large there/large
expect_equal "" "$(left_behind there)"

it "follows no link that comes in its way meanwhile"
mkdir -p victim/sub
swap() {
  while :; do
    mv -T there/sub there/sub-away 2>/dev/null && ln -s "$PWD/victim/sub" there/sub 2>/dev/null
    if rm -f there/sub 2>/dev/null; then mv -T there/sub-away there/sub 2>/dev/null || :; fi
  done
}
mkdir -p few/sub
seq 200 | split -l 1 -a 3 - victim/sub/
seq 5 | split -l 1 -a 3 - few/sub/
rm -rf there
cp -a few there
swap 2>/dev/null &
swapper=$!
for _ in {1..40}; do
  seq 30 | split -l 1 -a 2 - there/sub/extra 2>/dev/null || true
  cpxfer -q --no-resume --delete few/ there >/dev/null 2>&1 || true
done
kill "$swapper"
wait "$swapper" 2>/dev/null || true
expect_equal 200 "$(find victim/sub -type f ! -name 'extra*' | wc -l)"

it "refuses what contradicts itself"
expect_status 64 cpxfer --ignore-errors src dst
printf 'a\n' >names
expect_status 64 cpxfer --delete --files-from names src dst
