#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"

mkdir -p src/d/inner src/hollow
printf 'hello\n' >src/small
: >src/empty
printf x >"src/-rf"
printf n >$'src/new\nline'
printf u >$'src/\xff\xfe'
printf e >$'src/\e[31mred'
head -c 5000001 /dev/urandom >src/d/inner/big
ln -s ../small src/d/link
ln -s /nowhere src/dangling
chmod 640 src/small
chmod 555 src/hollow
touch -d '2001-09-09 01:46:40.123456789Z' src/small src/d/inner src/hollow
list() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %T@ %s %l\0' | sort -z | tr '\0\n' '\n?' | sed -E 's/^(.* d [0-9]+ [0-9.]+) [0-9]+ /\1 /'); }

it "moves a tree with its names, modes, times, links and empty directories"
expect_status 0 cpxfer src/ dst
expect_equal "$(list src)" "$(list dst)"
expect_status 0 diff -r --no-dereference src dst
expect_status 0 cpxfer src/ dst
expect_json '.state == "done" and .files.done + .files.skipped == 9 and .bytes.moved + .bytes.skipped == .bytes.total'
expect_json '.failed == []'
validate "$STDOUT"

it "leaves nothing of its own behind"
expect_equal "" "$(find . -name '.cpxfer*')"

it "takes operands that look like flags or commands"
printf list >copy
expect_status 0 cpxfer ./copy dst2
expect_equal list "$(cat dst2)"
expect_status 0 cpxfer -- src/-rf dst3
expect_equal x "$(cat dst3)"
expect_status 0 cpxfer copy copy dst4
expect_equal list "$(cat dst4)"

it "shows what would land where and does nothing"
expect_status 0 cpxfer --table -n src/d dst5
expect_match '^src/d/inner/big -> dst5/d/inner/big$'
expect_status 0 cpxfer -n $'src/\xff\xfe' small
expect_json '.state == "planned" and .plan == [{from: {base64: "c3JjL//+"}, to: "small"}]'
validate "$STDOUT"
expect_equal "" "$(ls -d dst5 small 2>/dev/null)"
