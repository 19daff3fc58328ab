#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"

plant_tree src
arrived() { (cd "$1" && find . -mindepth 1 -printf '%P\n' | sort); }

it "takes what is named, and the directories above it"
printf '%s\n' small ./d/inner/big /many/ d/link '' "100%41" >names
expect_status 0 cpxfer --files-from names src/ one
expect_json '.files.total == 4 and .files.done == 4'
expect_equal "$(printf '%s\n' '100%41' d d/inner d/inner/big d/link many small)" "$(arrived one)"
cmp src/d/inner/big one/d/inner/big
expect_equal "$(stat -c '%a %Y' src/d/inner)" "$(stat -c '%a %Y' one/d/inner)"
expect_status 0 cpxfer --files-from names src under
expect_equal "$(arrived one)" "$(arrived under/src)"

it "takes names of any bytes from standard input"
(cd src && find . -print0) | cpxfer -0 --files-from - src/ all >"$STDOUT"
expect_equal "$(list src)" "$(list all)"
(cd src && find . -type f -print0) | cpxfer -0 --files-from - --exclude many src/ files >"$STDOUT"
expect_equal "$(cd src && find . -type f ! -path './many/*' | sort)" "$(cd files && find . -type f | sort)"

it "names what is not there, what leads out and what is behind a link"
ln -s d src/way
printf '%s\n' small none ../names /etc/passwd d/../small way/sparse small >bad
expect_status 1 cpxfer --files-from bad src/ some
validate "$STDOUT"
expect_match 'src/none: no such file' "$STDERR"
expect_match 'src/\.\./names: ' "$STDERR"
expect_match 'src/etc: no such file' "$STDERR"
expect_match 'src/d/\.\./small: ' "$STDERR"
expect_match 'src/way/sparse: .*symbolic link' "$STDERR"
expect_equal "$(printf '%s\n' small way)" "$(arrived some | grep -v '^d$')"

it "chooses at a server as well"
serve server .
expect_status 0 cpxfer --anonymous --files-from names src/ "$URL/pushed"
expect_status 0 cpxfer --anonymous --files-from names "$URL/src/" pulled
expect_equal "$(arrived one)" "$(arrived pushed)"
expect_equal "$(arrived one)" "$(arrived pulled)"

it "says what is wrong with a list"
expect_status 64 cpxfer --files-from names src many dst
expect_status 66 cpxfer --files-from nowhere src/ dst
seq 300000 >many
expect_status 64 cpxfer --anonymous --files-from many "$URL/src/" pulled
expect_match 'names' "$STDERR"
