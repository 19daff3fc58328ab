#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --update and --checksum in a dry run: the files that it names are those that rsync names.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/golden.sh"

plant src
plant by-cpxfer
drift by-cpxfer
mkdir "$TESTDIR/outside"
list by-cpxfer >before
serve server .

# Of names in the table of a dry run and in rsync's list, those of files and links.
shown() { sed -n "s,^.* -> ,,p" "$STDOUT" | sed "s,^$URL/,,; s,^by-cpxfer/*,," | files; }
files() { while IFS= read -r name; do [ -d "src/$name" ] && [ ! -L "src/$name" ] || printf '%s\n' "$name"; done | sort; }
it "names the files that rsync names, here, to a server and from one"
for flags in --update --checksum '--update --checksum' '--update --delete' '--checksum --exclude *.c'; do
  set -f
  # shellcheck disable=SC2086
  set -- $flags
  set +f
  rsync -8rlptn --out-format='%i %n' "$@" src/ by-cpxfer/ | sed -En '/^(>f|cL)/{ s/^[^ ]* //; s/ -> .*//; s/\\#012/\\n/g; p; }' |
    files >wanted
  expect_status 0 cpxfer --table -n "$@" src/ by-cpxfer/
  expect_equal "$(cat wanted)" "$(shown)" "here $flags: "
  expect_status 0 cpxfer --anonymous --table -n "$@" src/ "$URL/by-cpxfer/"
  expect_equal "$(cat wanted)" "$(shown)" "to a server $flags: "
  expect_status 0 cpxfer --anonymous --table -n "$@" "$URL/src/" by-cpxfer/
  expect_equal "$(cat wanted)" "$(shown)" "from a server $flags: "
done
expect_equal "$(cat before)" "$(list by-cpxfer)"

it "counts what stays, and names no directory that is there"
rm -rf whole
rsync -a src/ whole
for flag in --update --checksum; do
  for words in 'src/ whole' "--anonymous src/ $URL/whole" "--anonymous $URL/src/ whole"; do
    # shellcheck disable=SC2086
    expect_status 0 cpxfer -n --json $flag $words
    validate "$STDOUT"
    expect_json '.state == "planned" and .files.total > 5 and .files.skipped == .files.total and
      .bytes.skipped == .bytes.total and (.plan | length) == 1'
    # shellcheck disable=SC2086
    expect_status 0 cpxfer -n --table $flag $words
    expect_no_match ' -> '
  done
done
expect_status 0 cpxfer -n --json --update src/ not/there
expect_json '.files.skipped == 0 and .files.total > 5'

it "names the one file that another took the place of, by whatever name it would land"
printf one >file
cp -p file landed
expect_status 0 cpxfer -n --table --update file landed
expect_no_match ' -> '
printf two >landed
touch -r file landed
expect_status 0 cpxfer -n --table --update file landed
expect_no_match ' -> '
expect_status 0 cpxfer -n --table --checksum file landed
expect_match '^file -> landed$'
expect_equal two "$(cat landed)"

it "ends with the status of what fails, and shows the rest"
mkfifo src/pipe
expect_status 69 cpxfer -n --update src/ whole
expect_match '^cpxfer: cannot move src/pipe: it is a named pipe$' "$STDERR"
expect_json '$all[-1] | .files.failed == 1 and .files.skipped == .files.total'
expect_status 1 cpxfer --update src/ whole
