#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/bare.sh"

plant_tree src
start_sshd far
bare_gnu

it "refuses what needs a cpxfer at both ends, and names a way"
for flag in --update --checksum --delete --preserve=xattr --rail=tcp --compress=3; do
  expect_status 69 cpxfer $flag src/ far:x
  expect_match '^cpxfer: far: there is no cpxfer there, and its shell cannot do ' "$STDERR"
  expect_match 'install-remote' "$STDERR"
  expect_status 69 cpxfer $flag far:x y
done
mkdir "$FAR/list"
expect_status 69 cpxfer --files-from <(echo small) far:list/ y
expect_equal "list" "$(ls -A "$FAR")"

it "takes what a list and patterns choose, and shows what would land"
expect_status 0 cpxfer --files-from <(printf 'small\nd/inner/packed\n') src/ far:chosen
expect_equal "./d/inner/packed ./small " "$(cd "$FAR/chosen" && find . -type f | sort | tr '\n' ' ')"
expect_status 0 cpxfer --exclude big --exclude many/ --exclude sparse src/ far:part
expect_equal "" "$(find "$FAR/part" -name big -o -name many)"
expect_status 0 cpxfer --exclude packed --exclude /hollow/ far:part/ part
expect_equal "" "$(find part -name packed -o -name hollow)"
expect_status 0 test -f part/d/inner/alone
expect_status 0 cpxfer --max-age 1h far:part/ young
expect_status 1 test -e young/small
expect_status 0 test -e young/dangling -o -L young/dangling
expect_status 0 cpxfer -n src/d far:four
validate "$STDOUT"
expect_json '.state == "planned" and .plan == [{from: "src/d", to: "far:four/d"}]'
expect_status 0 cpxfer -n far:part five/
validate "$STDOUT"
expect_json '.state == "planned" and .plan == [{from: "far:part", to: "five/part"}] and .files.total > 5'
expect_equal "" "$(ls -d five "$FAR/four" 2>/dev/null)"

it "takes a stream, and gives one"
expect_status 0 cpxfer - far:poured < <(head -c 3000000 /dev/zero; echo end)
expect_status 0 cmp <(head -c 3000000 /dev/zero; echo end) "$FAR/poured"
expect_status 0 cpxfer - far:nothing </dev/null
expect_status 0 test -f "$FAR/nothing" -a ! -s "$FAR/nothing"
expect_status 0 cpxfer far:poured -
cp "$STDOUT" given
expect_status 0 cmp "$FAR/poured" given

it "names what is not there, what stands in the way, and what is no file"
expect_status 66 cpxfer far:none here
expect_stderr "cpxfer: far: there is no cpxfer in the PATH there; going through the shell there, more slowly, over one stream, without --preserve, --update and --delete (--install-remote brings a cpxfer)
cpxfer: far: cannot open none: no such file or directory"
expect_status 73 cpxfer src/ far:poured
expect_match '^cpxfer: far: cannot create poured: a file stands there' "$STDERR"
mkdir -p "$FAR/odd/small" "$FAR/odd/d" "$FAR/real"
ln -s ../real "$FAR/odd/hollow"
mkdir tree
cp -a src/small src/d tree/
mkdir tree/hollow
echo x >tree/hollow/in
expect_status 1 cpxfer tree/ far:odd
expect_match '^cpxfer: cannot move far:odd/small: .*director' "$STDERR"
expect_match '^cpxfer: cannot move far:odd/hollow/in: a symbolic link stands in the way' "$STDERR"
expect_status 0 diff -r --no-dereference src/d "$FAR/odd/d"
expect_equal "" "$(ls -A "$FAR/real")"
mkfifo "$FAR/part/pipe"
expect_status 1 cpxfer far:part piped
expect_match '^cpxfer: cannot move far:part/pipe: it is no file' "$STDERR"
ln -s /etc/passwd "$FAR/part/out"
expect_status 1 cpxfer far:part piped
expect_match 'part/out: the link leads out of the destination' "$STDERR"
mkdir "$FAR/.cpxfer-x"
expect_status 77 cpxfer far:.cpxfer-x here
rmdir "$FAR/.cpxfer-x"
expect_status 77 cpxfer src/small far:.cpxfer
expect_equal "" "$(left_behind .)$(left_behind "$FAR")"

it "keeps what is called alike apart: other names of one file"
mkdir "$FAR/links"
echo one >"$FAR/links/a"
ln "$FAR/links/a" "$FAR/links/b"
expect_status 0 cpxfer far:links/ links
expect_equal "one one" "$(cat links/a links/b | tr '\n' ' ' | sed 's/ $//')"

it "says that the host lacks a tar, and gives up on tools that do not tell the truth"
bare_tools "$PWD/few" sh env dd find mv mkdir rm rmdir chmod touch id uname tr sleep cat cksum sha256sum
far_path "$PWD/few"
expect_status 69 cpxfer src/small far:x
expect_match 'there is neither a cpxfer nor a tar there' "$STDERR"
mkdir liars
printf '#!/bin/sh\n[ "$1" != xpof ] || { /usr/bin/sed s/hello/jello/ | /usr/bin/tar xpof -; exit; }\nexec /usr/bin/tar "$@"\n' >liars/tar
chmod +x liars/tar
far_path "$PWD/liars" /usr/bin /bin
expect_status 74 cpxfer src/small far:x
expect_match 'cannot move far:x: it did not arrive there as it was sent' "$STDERR"
expect_equal "" "$(ls -d "$FAR/x" 2>/dev/null)"
printf '#!/bin/sh\ncase "$*" in *-cf*) /usr/bin/tar "$@" | /usr/bin/sed s/hello/jello/ ;; *) exec /usr/bin/tar "$@" ;; esac\n' >liars/tar
echo hello >"$FAR/said"
expect_status 1 cpxfer far:said heard
expect_match 'cannot move far:said: it changed while it was read' "$STDERR"
expect_equal "" "$(ls -d heard 2>/dev/null)"
printf '#!/bin/sh\ncase "$*" in *-cf*null) echo ;; *-cf*) yes no archive ;; esac\n' >liars/tar
expect_status 76 cpxfer --retry 0s far:said heard
expect_match 'the far tar wrote what is no archive' "$STDERR"
