#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/golden.sh"

plant src
plant by-cpxfer
drift by-cpxfer
mkdir "$TESTDIR/outside"
list by-cpxfer >before
serve server .

it "shows in a dry run what would go, as rsync does, and touches nothing"
shown() { sed -n 's/^delete //p' "$STDOUT" | sed "s,^$URL/,,; s,^by-cpxfer/,," | sort; }
for flags in --delete '--update --delete' '--delete --exclude *.o' '--delete --exclude /extra' '--delete --exclude inner --exclude gone/*'; do
  set -f
  # shellcheck disable=SC2086
  set -- $flags
  set +f
  # rsync writes a slash behind a directory, and bytes that control a terminal in octal.
  rsync -8rlptn --info=del2 "$@" src/ by-cpxfer/ | sed -n '/^deleting /{ s///; s|/$||; s/\\#012/\\n/g; p }' |
    sort >wanted
  expect_status 0 cpxfer --table -n "$@" src/ by-cpxfer/
  expect_equal "$(cat wanted)" "$(shown)" "here $flags: "
  expect_status 0 cpxfer --anonymous --table -n "$@" src/ "$URL/by-cpxfer/"
  expect_equal "$(cat wanted)" "$(shown)" "to a server $flags: "
  expect_status 0 cpxfer --anonymous --table -n "$@" "$URL/src/" by-cpxfer/
  expect_equal "$(cat wanted)" "$(shown)" "from a server $flags: "
done
expect_equal "$(cat before)" "$(list by-cpxfer)"
expect_status 0 cpxfer --json -n --update --delete src/ by-cpxfer/
validate "$STDOUT"
expect_json '.files.deleted == 11 and (.would_delete | length) == 11 and .state == "planned"'
expect_status 0 cpxfer --json -n --delete src/ not/there
expect_json '.files.deleted == 0 and .would_delete == []'
mkfifo src/pipe
expect_status 69 cpxfer --json -n --delete src/ by-cpxfer/
expect_json '$all[-1].files.deleted == 0'
expect_status 69 cpxfer --json -n --delete --ignore-errors src/ by-cpxfer/
expect_json '$all[-1].files.deleted == 11'
rm src/pipe
