#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"

plant_tree src
far_path /usr/bin /bin
start_sshd far
there=$FAR/.local/bin/cpxfer

it "says what to do where there is none"
expect_status 0 cpxfer src/small far:
expect_match '^cpxfer: far: there is no cpxfer in the PATH there' "$STDERR"
expect_match 'install-remote' "$STDERR"
expect_status 64 cpxfer --install-remote --remote-cpxfer /x src/ far:tree

it "brings itself there, and uses it"
expect_status 0 cpxfer --install-remote src/ far:tree
expect_status 0 diff -r --no-dereference src "$FAR/tree"
expect_status 0 cmp "$there" "$CP_BUILD/bin/cpxfer"
expect_equal 755 "$(stat -c %a "$there")"
expect_equal cpxfer "$(ls -A "$FAR/.local/bin")"

it "finds it the next time, and brings it only when it is another"
inode=$(stat -c %i "$there")
expect_status 0 cpxfer far:tree/ back
expect_status 0 cpxfer --install-remote far:tree/ again
expect_equal "$inode" "$(stat -c %i "$there")"
echo old >"$there"
expect_status 0 cpxfer --install-remote --streams 5 far:tree/ new
expect_status 0 cmp "$there" "$CP_BUILD/bin/cpxfer"

it "leaves what is there when ours does not run there, or cannot be written"
echo mine >"$there"
mkdir bin
printf '#!/bin/sh\necho Linux armv5tel\n' >bin/uname
chmod +x bin/uname
far_path "$PWD/bin" /usr/bin /bin
expect_status 69 cpxfer --install-remote src/ far:x
expect_match 'the cpxfer of this machine \(Linux .*\) does not run there \(Linux armv5tel\)' "$STDERR"
printf '#!/bin/sh\necho 1234 -\n' >bin/sha256sum
chmod +x bin/sha256sum
rm bin/uname
expect_status 74 cpxfer --install-remote src/ far:x
expect_match 'came damaged' "$STDERR"
printf '#!/bin/sh\necho "chmod: no" >&2\nexit 1\n' >bin/chmod
chmod +x bin/chmod
rm bin/sha256sum
expect_status 69 cpxfer --install-remote src/ far:x
expect_match '^cpxfer: far: chmod: no' "$STDERR"
expect_equal mine "$(cat "$there")"
expect_equal cpxfer "$(ls -A "$FAR/.local/bin")"
