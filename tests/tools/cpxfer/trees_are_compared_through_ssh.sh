#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cpxfer verify and hash of what hosts have that ssh reaches.
. "$CP_SOURCE/tests/tools/harness.sh"
. "$CP_SOURCE/tests/tools/cpxfer/moving.sh"
. "$CP_SOURCE/tests/tools/cpxfer/ssh.sh"
. "$CP_SOURCE/tests/tools/cpxfer/third.sh"
. "$CP_SOURCE/tests/tools/cpxfer/bare.sh"

plant_tree src
cp -a src "$A/src"
cp -a src "$B/src"
mkdir srv
cp -a src srv/src
serve server srv
start_both

it "finds no difference where there is none, wherever the ends are"
DIGEST=$(cpxfer hash --plain src/)
for words in "src/ a:src" "a:src/ src" "a:src/ b:src" "a:src/ --anonymous $URL/src" "--anonymous $URL/src/ b:src"; do
  # shellcheck disable=SC2086
  expect_status 0 cpxfer verify $words
  validate "$STDOUT"
  expect_json ".different == 0 and .value == \"$DIGEST\""
done
expect_equal "$DIGEST" "$(cpxfer hash --plain a:src/)"

it "names what is another, with the name that it has for the user"
printf Q | dd of="$B/src/d/sparse" bs=1 seek=4999999 conv=notrunc status=none
rm "$B/src/small"
for source in src a:src $URL/src; do
  expect_status 1 cpxfer verify --anonymous "$source/" b:src
  validate "$STDOUT"
  expect_json '$all[-1].different == 2'
  expect_match "differs: $source/d/sparse: its content is another$" "$STDERR"
  expect_match "differs: $source/small: it is missing" "$STDERR"
  expect_json '$all | map(select(.schema == "cp.error/1")) | length == 2'
done

it "leaves nothing there and no process behind"
expect_equal "" "$(left_behind "$TESTDIR")"
nobody() { [ -z "$(running '^cpxfer serve --stdio')" ]; }
wait_until nobody

it "says that a host has no cpxfer, and what to do"
bare_gnu
for host in a b; do write_login_of $host; done
for words in "hash a:src" "verify src/ a:src" "verify a:src/ src"; do
  # shellcheck disable=SC2086
  expect_status 69 cpxfer $words
  expect_match '^cpxfer: a: there is no cpxfer in the PATH there, and a shell alone sums nothing' "$STDERR"
  expect_match 'install-remote brings this one' "$STDERR"
done
expect_status 69 cpxfer hash --remote-cpxfer /no/cpxfer a:src
expect_match '^cpxfer: a: there is no /no/cpxfer there, and a shell alone sums nothing' "$STDERR"

it "brings it where that is asked for"
expect_status 0 cpxfer verify --install-remote src/ a:src
expect_status 0 cpxfer hash --remote-cpxfer "$CP_BUILD/bin/cpxfer" --plain a:src/
expect_stdout "$DIGEST"
