#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Owners, extended attributes, ACLs, hard links and holes: the same tree by rsync and by cpxfer.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/golden.sh"

mkdir src
plant_golden src
[ "$(id -u)" -ne 0 ] || plant_roots src

it "gives what is asked for what rsync gives it"
rsync -aHAXS src/ by-rsync
cpxfer --preserve all src/ by-cpxfer >"$STDOUT"
validate "$STDOUT"
expect_equal "$(describe src)" "$(describe by-cpxfer)" 'the source and cpxfer: '
expect_equal "$(describe by-rsync | coarse)" "$(describe by-cpxfer | coarse)" 'rsync and cpxfer: '
expect_equal "" "$(left_behind by-cpxfer)"

it "counts a file with several names as rsync and hash do"
expect_equal "$(cpxfer hash --plain src/)" "$(jq -r .digest.value "$STDOUT")"
expect_json '.files.done == .files.total and .files.failed == 0'

it "does each alone"
for flags in 'owner -og' 'xattr -X' 'acl -A' 'links -H' 'xattr,links -XH' 'mode,times -t'; do
  rm -rf one two
  read -r ours theirs <<<"$flags"
  rsync -rlptS "$theirs" src/ one
  cpxfer --preserve "$ours" src/ two >/dev/null
  # Set-ID bits and the sticky one go with the owner.
  plain() { case $ours in *owner*) coarse ;; *) coarse | sed -E 's/^([^|]*\|[a-z]\|)[0-7]*([0-7]{3}\|)/\1\2/' ;; esac; }
  expect_equal "$(describe one | plain)" "$(describe two | plain)" "--preserve $ours: "
done

it "takes away what the source has no more, and only there"
setfattr -x user.one src/small
setfattr -n user.more -v there by-cpxfer/dir by-rsync/dir
setfacl -b src/listed
setfacl -m u:1234:r by-cpxfer/dir by-rsync/dir
ln src/small src/again
rsync -aHAXS src/ by-rsync
cpxfer --preserve all src/ by-cpxfer >/dev/null
expect_equal "$(describe by-rsync | coarse)" "$(describe by-cpxfer | coarse)" 'rsync and cpxfer: '

it "goes through a server as far as a server lets it"
mkdir srv
serve server srv
expect_status 0 cpxfer --anonymous --preserve xattr,acl,links src/ "$URL/in/"
rsync -rlptHAXS src/ as-server
expect_equal "$(describe as-server | coarse | not_roots)" "$(describe srv/in | coarse | not_roots)" 'pushed: '
expect_status 0 cpxfer --anonymous --preserve xattr,acl,links "$URL/in/" back
expect_equal "$(describe srv/in)" "$(describe back)" 'pulled: '
if [ "$(id -u)" -eq 0 ]; then
  expect_status 77 cpxfer --anonymous --preserve all src/ "$URL/owned/"
  expect_match 'gives no file to another owner' "$STDERR"
  expect_status 0 cpxfer --no-resume --anonymous --preserve xattr src/small "$URL/taken"
  expect_equal '' "$(getfattr -d -m '^(trusted|security)' srv/taken)" 'attributes that are only root'"'"'s: '
fi

it "goes on where it was killed, links and holes included"
rm -rf whole
cp -a src slow
head -c 30000000 /dev/urandom >slow/zz
ln slow/zz slow/zzz
touch -d '1 hour ago' slow/zz
start_server slow cpxfer --preserve all --bwlimit 4MB/s slow/ whole/
wait_until arriving whole
stop_server slow KILL
expect_status 0 cpxfer --preserve all slow/ whole/
expect_equal "$(describe slow)" "$(describe whole)"
expect_equal "$(cpxfer hash --plain slow/)" "$(jq -r .digest.value "$STDOUT")"

it "refuses what it does not know"
expect_status 64 cpxfer --preserve all,colour src dst
expect_stderr "cpxfer: --preserve: 'colour' is none of mode, times, owner, xattr, acl, links and all"
